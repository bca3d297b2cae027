/** Readings of a video where a job replaces what was read before. Pure; knows rows, no pictures. */
import type { SessionReading } from '../export/session.ts';
import type { FaceBox, Reading } from '../shared/readings.ts';
import { KeptReadings, type ReadingRows } from './kept-readings.ts';
import { rowsBetween } from './rows-between.ts';
import type { Stretch } from './video-job.ts';

/** Those outside of what is `inside`, by their time in seconds. The same rows where none is inside. */
export function outside(rows: ReadingRows, inside: (time: number) => boolean): ReadingRows {
  for (const { time } of rows) if (inside(time)) return new KeptReadings(those(rows, (row) => !inside(row.time)));
  return rows;
}

/** The rows of a stretch between those before it and those behind it, each part in its own order. The same rows where they are so already. */
export function settled(rows: ReadingRows, { from, to }: Stretch): ReadingRows {
  const part = ({ time }: SessionReading): number => (time < from ? 0 : time <= to ? 1 : 2);
  let last = 0;
  let isSettled = true;
  for (const row of rows) {
    if (part(row) < last) isSettled = false;
    last = part(row);
  }
  if (isSettled) return rows;
  const ordered = new KeptReadings();
  for (const each of [0, 1, 2]) for (const row of those(rows, (candidate) => part(candidate) === each)) ordered.push(row);
  return ordered;
}

/** One by one: hours of rows are not to lie there as objects. */
function* those(rows: ReadingRows, wanted: (row: SessionReading) => boolean): Generator<SessionReading> {
  for (const row of rows) if (wanted(row)) yield row;
}

/** The readings of the last frame up to a time, of those at most `reach` seconds before it; empty where there is none. */
export function frameAt(rows: readonly SessionReading[], time: number, reach: number): SessionReading[] {
  let at = Number.NEGATIVE_INFINITY;
  for (const row of rows) if (row.time <= time && row.time > at) at = row.time;
  return at < time - reach ? [] : rows.filter((row) => row.time === at);
}

/** Of an earlier reading, in seconds, that may still tell who a face is. */
const NEAR = 0.15;
/** Share of their common area that two boxes of one face have at least. */
const SAME_PLACE = 0.4;
/** A face that moved about is at most so many times as wide as it was. */
const MAX_GROWTH = 2;
/** Seconds: while a new thread loads, frames come so seldom that its tracker takes a face that moves for another. */
const SETTLING = 1;

/**
 * Face ids of a run, which counts from 1, as those of the whole recording: a face that stands where a known one stood at the same time is
 * that one; any other comes after all that there were.
 */
export class FaceIds {
  readonly #known: ReadingRows;
  readonly #ids = new Map<number, number>();
  readonly #near: number;
  readonly #isWatched: boolean;
  #last: number;
  /** Media time of the first reading. */
  #begun: number | null = null;

  /**
   * @param known readings that tell who is who
   * @param last the highest id that is taken
   * @param near how far apart, in seconds, a known reading and a new one may be
   * @param isWatched the known readings end where the run begins: where there was one face alone and is one alone, it is that one,
   * wherever it has moved
   */
  constructor(known: ReadingRows, last: number, near = NEAR, isWatched = false) {
    this.#known = known;
    this.#last = last;
    this.#near = near;
    this.#isWatched = isWatched;
  }

  /** The readings of one frame, each with its id in the recording. */
  of(readings: readonly Reading[]): Reading[] {
    this.#begun ??= readings[0]?.time ?? null;
    const taken = new Set(readings.flatMap(({ faceId }) => this.#ids.get(faceId) ?? []));
    return readings.map((reading) => {
      let id = this.#ids.get(reading.faceId);
      if (id === undefined) {
        const isAlone = this.#isWatched && readings.length === 1;
        id = this.#recognised(reading, taken) ?? (isAlone ? this.#loneOf(reading) : null) ?? this.#next();
        this.#ids.set(reading.faceId, id);
        taken.add(id);
      }
      return { ...reading, faceId: id };
    });
  }

  #recognised({ time, box }: Reading, taken: ReadonlySet<number>): number | null {
    let best: { id: number; cost: number } | null = null;
    for (const row of rowsBetween(this.#known, time - this.#near, time + this.#near)) {
      const apart = Math.abs(row.time - time);
      if (taken.has(row.faceId)) continue;
      const overlap = overlapOf(row.box, box);
      if (overlap < SAME_PLACE) continue;
      // The same frame says more than its neighbours, whatever moved meanwhile.
      const cost = apart / this.#near + (1 - overlap);
      if (!best || cost < best.cost) best = { id: row.faceId, cost };
    }
    return best?.id ?? null;
  }

  #loneOf({ time, box }: Reading): number | null {
    const rows = rowsBetween(this.#known, time - this.#near, time + this.#near);
    const last = rows.at(-1);
    const isSettling = this.#begun !== null && time - this.#begun < SETTLING;
    if (!last || (!isSettling && [...this.#ids.values()].includes(last.faceId)) || rows.some(({ faceId }) => faceId !== last.faceId))
      return null;
    const growth = box.width / last.box.width;
    return growth <= MAX_GROWTH && growth >= 1 / MAX_GROWTH ? last.faceId : null;
  }

  #next(): number {
    this.#last += 1;
    return this.#last;
  }
}

/** Intersection over union. */
function overlapOf(a: FaceBox, b: FaceBox): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (a.width * a.height + b.width * b.height - width * height);
}
