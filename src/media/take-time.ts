/** Which moment of a live source lies where in a recording of it. Pure. */

/** A stretch that was recorded without a pause. Seconds. */
export interface TakeSpan {
  /** Media time of its first frame. */
  from: number;
  /** Media time of its last frame; null while it goes on. */
  to: number | null;
  /** Where in the recording its first frame lies. */
  at: number;
}

/** Half the time of a frame of a slow camera: a moment this far outside a span is still its first or last frame. */
const SLACK = 0.1;

/** Seconds into the recording; null where that moment was not recorded. */
export function takeTimeOf(spans: readonly TakeSpan[], mediaTime: number): number | null {
  const span = spans.find(({ from, to }) => mediaTime >= from - SLACK && mediaTime <= (to ?? Number.POSITIVE_INFINITY) + SLACK);
  if (!span) return null;
  return span.at + Math.max(0, Math.min(mediaTime, span.to ?? mediaTime) - span.from);
}

/** Media time of a moment of the recording; that of the nearest recorded one where it lies between spans. */
export function mediaTimeOf(spans: readonly TakeSpan[], takeTime: number): number {
  const span = spans.findLast(({ at }) => at <= takeTime) ?? spans[0];
  if (!span) return takeTime;
  return Math.min(span.from + Math.max(0, takeTime - span.at), span.to ?? Number.POSITIVE_INFINITY);
}

/** With the end of a span that was open when the recording was cut off. `length`: seconds of the recording. */
export function closedSpans(spans: readonly TakeSpan[], length: number): TakeSpan[] {
  return spans.map((span, index) => {
    const next = spans[index + 1];
    return span.to === null ? { ...span, to: span.from + Math.max(0, (next?.at ?? length) - span.at) } : span;
  });
}
