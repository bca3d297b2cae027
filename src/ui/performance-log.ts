/** How live analysis goes: what the last seconds' frames took, and how fast the last explanation was. Knows no clock, no camera, no component. */
import type { AnalysisEvent, StageTimes } from '../shared/events.ts';

/** Milliseconds that figures look back. */
export const WINDOW_MS = 5000;
/** Where nothing was shown for so long, nothing is analysed. */
const HALT_MS = 4 * WINDOW_MS;
/** No frame is so old, ms, but one that the machine slept over. */
const SLEPT_MS = 120_000;
/** Of 60 frames a second, 17 seconds. */
const KEPT = 1024;

/** A frame whose readings were shown. Milliseconds. */
export interface ShownFrame {
  /** On one clock: when the camera took it, and when its readings were there to be drawn. */
  takenAt: number;
  shownAt: number;
  times: StageTimes;
  faces: number;
}

export interface StageFigure {
  /** Median milliseconds where the stage ran; null where it did not. */
  ms: number | null;
  /** Share of the frames on which it ran, [0, 1]. */
  share: number;
}

export interface ExplanationSpeed {
  promptTokens: number;
  /** Tokens a second; null where that is not known. */
  prefill: number | null;
  decode: number | null;
}

export interface PerformanceFigures {
  /** Frames a second, over the last `WINDOW_MS`: what the source gave, what was analysed. */
  given: number;
  analyzed: number;
  /** Milliseconds from when a frame was taken to when its readings were shown; null while there is none. */
  age: { median: number; p95: number } | null;
  stages: Record<LiveStage, StageFigure>;
  faces: number;
  explanation: ExplanationSpeed | null;
}

export const LIVE_STAGES = ['detect', 'landmarks', 'encode'] as const satisfies (keyof StageTimes)[];
export type LiveStage = (typeof LIVE_STAGES)[number];

/** The newest so many of whatever is added. */
export class Ring<T> {
  readonly #size: number;
  readonly #items: T[] = [];
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(item: T): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#size;
  }

  clear(): void {
    this.#items.length = 0;
    this.#next = 0;
  }

  /** Oldest first. */
  all(): T[] {
    return this.#items.length < this.#size ? [...this.#items] : [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)];
  }
}

export class PerformanceLog {
  readonly #shown = new Ring<ShownFrame>(KEPT);
  readonly #given = new Ring<number>(KEPT);
  #runs = new Map<string, { promptTokens: number; decode: number | null }>();
  #explanation: ExplanationSpeed | null = null;

  /** The source gave a frame, whatever became of it. */
  frameGiven(at: number): void {
    this.#given.add(at);
  }

  frameShown(frame: ShownFrame): void {
    if (frame.shownAt - frame.takenAt < SLEPT_MS) this.#shown.add(frame);
  }

  /** Another source: the last explanation stays. */
  restart(): void {
    this.#shown.clear();
    this.#given.clear();
  }

  /** Takes from an explanation's events how fast it was. */
  hear(event: AnalysisEvent): void {
    if (event.type === 'prompt') this.#runs.set(event.runId, { promptTokens: event.promptTokens, decode: null });
    if (event.type === 'decode-speed') {
      const run = this.#runs.get(event.runId);
      if (run) run.decode = event.tokensPerSecond;
    }
    if (event.type === 'answer') {
      const run = this.#runs.get(event.runId);
      const { prefill } = event.times;
      if (run) this.#explanation = { ...run, prefill: prefill === undefined || prefill === 0 ? null : (1000 * run.promptTokens) / prefill };
    }
    if (event.type === 'done' || event.type === 'failed') this.#runs.delete(event.runId);
  }

  /** Over the last `WINDOW_MS` before `now`. */
  figures(now: number): PerformanceFigures {
    const all = this.#shown.all();
    // On a slow machine the last frame may be older, and is what is seen.
    const recent = all.filter(({ shownAt }, index) => now - shownAt <= WINDOW_MS || (index === all.length - 1 && now - shownAt <= HALT_MS));
    const ages = recent.map(({ takenAt, shownAt }) => shownAt - takenAt);
    return {
      given: perSecond(this.#given.all(), now),
      analyzed: perSecond(
        all.map(({ shownAt }) => shownAt),
        now,
      ),
      age: ages.length === 0 ? null : { median: quantile(ages, 0.5), p95: quantile(ages, 0.95) },
      stages: {
        detect: stageFigure(recent, 'detect'),
        landmarks: stageFigure(recent, 'landmarks'),
        encode: stageFigure(recent, 'encode'),
      },
      faces: recent.at(-1)?.faces ?? 0,
      explanation: this.#explanation,
    };
  }

  /** Ages of the frames of the last `seconds` before `now`, oldest first, for a line: when, and milliseconds. */
  ages(now: number, seconds: number): { at: number; age: number }[] {
    return this.#shown
      .all()
      .filter(({ shownAt }) => now - shownAt <= seconds * 1000)
      .map(({ takenAt, shownAt }) => ({ at: shownAt, age: shownAt - takenAt }));
  }
}

/** Of what came at these times, oldest first; of the last two where the window holds fewer. 0 where it came to a halt. */
function perSecond(times: readonly number[], now: number): number {
  const recent = times.filter((at, index) => now - at <= WINDOW_MS || index >= times.length - 2);
  const first = recent[0];
  const last = recent.at(-1);
  if (first === undefined || last === undefined || last <= first || now - last > Math.max(WINDOW_MS, 2 * (last - first))) return 0;
  // n of them bound n − 1 intervals.
  return ((recent.length - 1) * 1000) / (last - first);
}

function stageFigure(frames: readonly ShownFrame[], stage: LiveStage): StageFigure {
  const ms = frames.flatMap(({ times }) => times[stage] ?? []);
  return { ms: ms.length === 0 ? null : quantile(ms, 0.5), share: frames.length === 0 ? 0 : ms.length / frames.length };
}

/** The value below which that share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
