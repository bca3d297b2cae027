/** Videos that were recorded of a camera session. What of them stands in the state; their bytes lie elsewhere. Pure. */
import { closedSpans, type TakeSpan, takeTimeOf } from '../media/take-time.ts';

export interface Take {
  id: string;
  /** MIME type of its file, without codecs. */
  type: string;
  /** Which media time lies where in it; in order. */
  spans: readonly TakeSpan[];
  bytes: number;
  /** Seconds; null while it is recorded, or where it was cut off and is not put together yet. */
  length: number | null;
}

/** The finished one that shows a moment, and where in it that lies; the newest where there are several. Times in seconds. */
export function takeAt(takes: readonly Take[], mediaTime: number): { take: Take; at: number } | null {
  for (const take of takes.toReversed()) {
    if (take.length === null) continue;
    const at = takeTimeOf(take.spans, mediaTime);
    // The last frame has no length of its own in some files.
    if (at !== null) return { take, at: Math.min(at, Math.max(0, take.length - 0.01)) };
  }
  return null;
}

/** Put together: `length` seconds. */
export function finishedTake(take: Take, length: number, bytes: number): Take {
  return { ...take, spans: closedSpans(take.spans, length), length, bytes };
}

/** In place of the take of that id, or as the last one. */
export function withTake(takes: readonly Take[], take: Take): Take[] {
  return takes.some(({ id }) => id === take.id) ? takes.map((each) => (each.id === take.id ? take : each)) : [...takes, take];
}

/** Media time that a take covers, from its first frame to its last; null before it has one. */
export function extentOf({ spans, length }: Take): { from: number; to: number } | null {
  const first = spans[0];
  const last = spans.at(-1);
  if (!first || !last) return null;
  return { from: first.from, to: last.to ?? last.from + Math.max(0, (length ?? last.at) - last.at) };
}
