/**
 * Sampled readings as a course in time: where each face is between two of them, and what must be covered so that no face shows. Pure;
 * knows no pixels.
 */
import type { OverlayReading } from '../shared/overlay.ts';
import type { FaceBox } from '../shared/readings.ts';
import { LINGER_SECONDS, unionOf } from './face-covers.ts';

/** Seconds. Between readings farther apart than this, nobody knows what there was. */
export const MAX_GAP = 0.7;
const TRAIL_SECONDS = 4;
/** A longer step is a seek, or a stretch without a face. */
const JUMP_SECONDS = 2;

/** Seconds of media time, both included. */
export interface Stretch {
  from: number;
  to: number;
}

/**
 * The stretches in which frames were read often enough that no face can have come and gone unseen. In their order. A frame that was read
 * alone makes none.
 */
export function readStretches(times: readonly number[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const time of times.toSorted((a, b) => a - b)) {
    const last = stretches.at(-1);
    if (last && time - last.to <= MAX_GAP) last.to = time;
    else stretches.push({ from: time, to: time });
  }
  return stretches.filter(({ from, to }) => to > from);
}

/** How many seconds of a range lie in the stretches, each half a gap longer at its ends: the frames beside the first and the last reading. */
export function secondsRead(stretches: readonly Stretch[], range: Stretch): number {
  let seconds = 0;
  let until = range.from;
  for (const { from, to } of stretches) {
    const begin = Math.max(until, from - MAX_GAP / 2);
    const end = Math.min(range.to, to + MAX_GAP / 2);
    if (end <= begin) continue;
    seconds += end - begin;
    until = end;
  }
  return seconds;
}

export class FaceTracks {
  /** Newest pass over each stretch, by face, in time. */
  readonly #shown: Map<number, OverlayReading[]>;
  /** All passes: whoever was ever seen at a place is covered there. */
  readonly #seen: Map<number, OverlayReading[]>;
  readonly #times: number[];
  readonly #stretches: Stretch[];
  /** Seconds between two readings of a face that are still one movement. */
  readonly #gap: number;

  /**
   * @param readings in the order in which they came; a stretch that was read again counts as it was read last
   * @param readTimes media times of all frames that were read, those without a face too
   */
  constructor(readings: readonly OverlayReading[], readTimes: readonly number[]) {
    this.#shown = byFace(newestPasses(readings));
    this.#seen = byFace(readings);
    this.#times = [...new Set([...readTimes, ...readings.map(({ time }) => time)])].sort((a, b) => a - b);
    this.#stretches = readStretches(this.#times);
    this.#gap = Math.max(MAX_GAP, 2 * medianStep(this.#times));
  }

  /** The faces at a moment: boxes on the line between two readings of a face, everything else as it was read last. */
  at(time: number): OverlayReading[] {
    const faces: OverlayReading[] = [];
    for (const track of this.#shown.values()) {
      const { before, after } = around(track, time, timeOf);
      if (!before) continue;
      if (before.time === time) faces.push(before);
      else if (after && after.time - before.time <= this.#gap) {
        const share = (time - before.time) / (after.time - before.time);
        faces.push({ ...before, time, box: between(before.box, after.box, share) });
      } else if (time - before.time <= this.#gap / 2 && time < this.#nextRead(before.time)) faces.push({ ...before, time });
    }
    return faces.sort((a, b) => a.faceId - b.faceId);
  }

  /**
   * The boxes that hide every face at a moment; null where nobody looked at the frames around it, so that a face may be anywhere.
   * Between two readings a face may be anywhere between their places, and for a second before it is found and after it is lost it is there.
   */
  toCover(time: number): FaceBox[] | null {
    if (!this.#stretches.some(({ from, to }) => time >= from - MAX_GAP / 2 && time <= to + MAX_GAP / 2)) return null;
    const boxes: FaceBox[] = [];
    for (const track of this.#seen.values()) {
      const { before, after } = around(track, time, timeOf);
      const isLost = !before || time - before.time > LINGER_SECONDS;
      const isFar = !after || after.time - time > LINGER_SECONDS;
      if (before && after && after.time - before.time <= 2 * LINGER_SECONDS) boxes.push(unionOf(before.box, after.box));
      else {
        if (!isLost) boxes.push(before.box);
        if (!isFar) boxes.push(after.box);
      }
    }
    // Where readings lie far apart, a face is shown on its way between two of them.
    for (const { box } of this.at(time)) if (!boxes.some((each) => holds(each, box))) boxes.push(box);
    return boxes;
  }

  /** Valence and arousal of a face over the last seconds, oldest first. */
  trail(faceId: number, time: number): OverlayReading[] {
    return (this.#shown.get(faceId) ?? []).filter((reading) => reading.time <= time && reading.time >= time - TRAIL_SECONDS);
  }

  #nextRead(time: number): number {
    return this.#times[firstAfter(this.#times, time, (each) => each)] ?? Number.POSITIVE_INFINITY;
  }
}

/** To a thousandth of a px: places in between are reckoned. */
function holds(outer: FaceBox, inner: FaceBox): boolean {
  const slack = 1e-3;
  return (
    outer.x <= inner.x + slack &&
    outer.y <= inner.y + slack &&
    outer.x + outer.width >= inner.x + inner.width - slack &&
    outer.y + outer.height >= inner.y + inner.height - slack
  );
}

const timeOf = ({ time }: OverlayReading): number => time;

function byFace(readings: readonly OverlayReading[]): Map<number, OverlayReading[]> {
  const tracks = new Map<number, OverlayReading[]>();
  for (const reading of readings) {
    const track = tracks.get(reading.faceId);
    if (track) track.push(reading);
    else tracks.set(reading.faceId, [reading]);
  }
  for (const track of tracks.values()) track.sort((a, b) => a.time - b.time);
  return tracks;
}

/** Where time went back or jumped a new pass began; what it went over again is no longer shown as an earlier one had it. */
function newestPasses(readings: readonly OverlayReading[]): OverlayReading[] {
  const passes: OverlayReading[][] = [];
  for (const reading of readings) {
    const pass = passes.at(-1);
    const step = reading.time - (pass?.at(-1)?.time ?? Number.POSITIVE_INFINITY);
    if (step >= 0 && step <= JUMP_SECONDS) pass?.push(reading);
    else passes.push([reading]);
  }
  const newest: OverlayReading[] = [];
  let over: Stretch[] = [];
  for (const pass of passes.toReversed()) {
    for (const reading of pass) if (!over.some(({ from, to }) => reading.time >= from && reading.time <= to)) newest.push(reading);
    over = merged([...over, { from: pass[0]?.time ?? 0, to: pass.at(-1)?.time ?? 0 }]);
  }
  return newest;
}

function merged(stretches: Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  for (const { from, to } of stretches.sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

/** The last one at or before a time, and the first one at or after it. */
function around<T>(sorted: readonly T[], time: number, timeOfEach: (each: T) => number): { before: T | undefined; after: T | undefined } {
  const next = firstAfter(sorted, time, timeOfEach);
  const before = sorted[next - 1];
  return { before, after: before !== undefined && timeOfEach(before) === time ? before : sorted[next] };
}

/** Index of the first one after a time. */
function firstAfter<T>(sorted: readonly T[], time: number, timeOfEach: (each: T) => number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const each = sorted[middle];
    if (each !== undefined && timeOfEach(each) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function between(a: FaceBox, b: FaceBox, share: number): FaceBox {
  const mix = (from: number, to: number) => from + share * (to - from);
  return { x: mix(a.x, b.x), y: mix(a.y, b.y), width: mix(a.width, b.width), height: mix(a.height, b.height) };
}

function medianStep(times: readonly number[]): number {
  const steps = times
    .slice(1)
    .map((time, i) => time - (times[i] ?? time))
    .sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 0;
}
