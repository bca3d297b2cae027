/**
 * A camera's or video's readings as a timeline draws them: means over stretches of time at several widths, so that drawing any span of any
 * recording costs the same, and the peaks of each face. Pure; knows neither canvas nor React.
 */
import { EMOTION_LABELS, type EmotionLabel } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { PEAK_RULE, type Peak, PeakFinder } from './peaks.ts';

/** Means over one stretch of time. */
export interface Stretch {
  probabilities: Record<EmotionLabel, number>;
  valence: number;
  arousal: number;
}

/** Those in which a face was read, in order, with one null for each absence. `times` are their middles, in seconds. */
interface Stretches {
  times: number[];
  values: (Stretch | null)[];
}

/** Seconds; what is shorter is no absence, but frames that lie far apart. */
const ABSENCE = 1;

/** Seconds of the narrowest stretch; a level's are four times as wide as those of the one below. */
const NARROWEST = 0.1;
const FACTOR = 4;
const LEVELS = 7;
/** Sums of eight probabilities, valence, arousal, and how many there are. */
const WIDTH = EMOTION_LABELS.length + 3;
/** Stretches that are kept together: few, for a face that is seen for a moment takes one of each level. */
const CHUNK = 16;

/** Sums by stretch, in chunks where there are some: media time may begin anywhere and jump. */
class Level {
  readonly seconds: number;
  readonly #chunks = new Map<number, Float32Array>();

  constructor(seconds: number) {
    this.seconds = seconds;
  }

  add({ time, probabilities, valence, arousal }: Reading): void {
    const index = Math.floor(time / this.seconds);
    const key = Math.floor(index / CHUNK);
    let chunk = this.#chunks.get(key);
    if (!chunk) {
      chunk = new Float32Array(CHUNK * WIDTH);
      this.#chunks.set(key, chunk);
    }
    const at = (index - key * CHUNK) * WIDTH;
    const add = (offset: number, value: number) => {
      chunk[at + offset] = (chunk[at + offset] ?? 0) + value;
    };
    for (const [i, label] of EMOTION_LABELS.entries()) add(i, probabilities[label]);
    add(WIDTH - 3, valence);
    add(WIDTH - 2, arousal);
    add(WIDTH - 1, 1);
  }

  /** Adds a stretch's sums to others. */
  collect(index: number, into: Float64Array): void {
    const key = Math.floor(index / CHUNK);
    const chunk = this.#chunks.get(key);
    if (!chunk) return;
    const at = (index - key * CHUNK) * WIDTH;
    for (let i = 0; i < WIDTH; i += 1) into[i] = (into[i] ?? 0) + (chunk[at + i] ?? 0);
  }
}

/** Takes rows as they come, each once; a moment that is read again counts into the mean. */
export class TimelineTrack {
  readonly #levels = new Map<number, Level[]>();
  readonly #finders = new Map<number, PeakFinder>();
  readonly #peaks: Peak[] = [];
  #rows = 0;
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;

  /** In the order in which they were found. */
  get peaks(): readonly Peak[] {
    return this.#peaks;
  }

  /** Faces as the engine told them apart, first seen first. */
  get faceIds(): number[] {
    return [...this.#levels.keys()];
  }

  /** Seconds of media time; null before the first reading. */
  get extent(): { from: number; to: number } | null {
    return this.#rows === 0 ? null : { from: this.#from, to: this.#to };
  }

  /** Goes on where it stopped in `rows`, which only ever grow. Gives the peaks that were found meanwhile. */
  catchUp(rows: Pick<readonly Reading[], 'length' | 'at'>): Peak[] {
    const found: Peak[] = [];
    for (; this.#rows < rows.length; this.#rows += 1) {
      const row = rows.at(this.#rows);
      const peak = row && this.#add(row);
      if (peak) found.push(peak);
    }
    return found;
  }

  /** The stretches from `from` to `to`, as narrow as gives `most` of them at most; several faces (of one person) as one. */
  stretches(faceIds: readonly number[], from: number, to: number, most: number): Stretches {
    const level = Math.max(0, Math.min(LEVELS - 1, Math.ceil(Math.log((to - from) / most / NARROWEST) / Math.log(FACTOR))));
    const levels = faceIds.flatMap((faceId) => this.#levels.get(faceId)?.[level] ?? []);
    const seconds = NARROWEST * FACTOR ** level;
    const times: number[] = [];
    const values: (Stretch | null)[] = [];
    const sums = new Float64Array(WIDTH);
    for (let index = Math.floor(from / seconds); index <= Math.floor(to / seconds); index += 1) {
      sums.fill(0);
      for (const each of levels) each.collect(index, sums);
      const value = mean(sums);
      if (!value) continue;
      const time = (index + 0.5) * seconds;
      const before = times.at(-1);
      if (before !== undefined && time - before > Math.max(ABSENCE, 1.5 * seconds)) {
        times.push((before + time) / 2);
        values.push(null);
      }
      times.push(time);
      values.push(value);
    }
    return { times, values };
  }

  /** The face's numbers at a time, to a tenth of a second; of the nearest reading within half a second, else null. */
  at(faceIds: readonly number[], time: number): Stretch | null {
    const { times, values } = this.stretches(faceIds, time - 0.5, time + 0.5, 100);
    let best: Stretch | null = null;
    let nearest = Number.POSITIVE_INFINITY;
    values.forEach((value, i) => {
      const away = Math.abs((times[i] ?? 0) - time);
      if (value && away < nearest) [best, nearest] = [value, away];
    });
    return best;
  }

  #add(row: Reading): Peak | null {
    const { faceId, time } = row;
    this.#from = Math.min(this.#from, time);
    this.#to = Math.max(this.#to, time);
    const levels = this.#levels.get(faceId) ?? Array.from({ length: LEVELS }, (_, level) => new Level(NARROWEST * FACTOR ** level));
    this.#levels.set(faceId, levels);
    for (const level of levels) level.add(row);
    const finder = this.#finders.get(faceId) ?? new PeakFinder();
    this.#finders.set(faceId, finder);
    const peak = finder.add(row);
    // A video that is seen again has the same peaks again.
    const known = peak && this.#peaks.some((each) => each.faceId === faceId && Math.abs(each.time - peak.time) < PEAK_RULE.refractory);
    if (!peak || known) return null;
    this.#peaks.push(peak);
    return peak;
  }
}

function mean(sums: Float64Array): Stretch | null {
  const count = sums[WIDTH - 1] ?? 0;
  if (count === 0) return null;
  const of = (offset: number) => (sums[offset] ?? 0) / count;
  const probabilities = Object.fromEntries(EMOTION_LABELS.map((label, i) => [label, of(i)])) as Stretch['probabilities'];
  return { probabilities, valence: of(WIDTH - 3), arousal: of(WIDTH - 2) };
}

export function topOf({ probabilities }: Stretch): EmotionLabel {
  return EMOTION_LABELS.reduce((best, label) => (probabilities[label] > probabilities[best] ? label : best));
}

/** Which part of a recording is shown; null: all of it, or up to the present. */
export interface View {
  /** Seconds. */
  span: number | null;
  end: number | null;
}

interface Extent {
  from: number;
  to: number;
}

export const WHOLE: View = { span: null, end: null };
const SHORTEST = 1;

/** The seconds that a view shows, within the recording. */
export function rangeOf({ span, end }: View, { from, to }: Extent): Extent {
  const all = Math.max(to - from, SHORTEST);
  if (span === null || span >= all) return { from, to: from + all };
  const last = Math.min(Math.max(end ?? to, from + span), from + all);
  return { from: last - span, to: last };
}

/** Zooms by a factor (below 1: closer) around a time, which stays where it is. At its end, a view goes on with the present. */
export function zoomed(view: View, extent: Extent, factor: number, at: number): View {
  const range = rangeOf(view, extent);
  const span = Math.max(SHORTEST, (range.to - range.from) * factor);
  if (span >= extent.to - extent.from) return WHOLE;
  const share = (at - range.from) / (range.to - range.from);
  const end = at + (1 - Math.min(1, Math.max(0, share))) * span;
  return { span, end: end >= extent.to - span / 100 ? null : end };
}

/** Moved no further than needed for a time to be seen. */
export function showing(view: View, extent: Extent, time: number): View {
  const { from, to } = rangeOf(view, extent);
  if (view.span === null || (time >= from && time <= to)) return view;
  return { span: view.span, end: time < from ? time + view.span : time };
}
