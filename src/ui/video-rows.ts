/** Readings of a video where a job replaces what was read before. Pure; knows rows, no pictures. */
import type { SessionReading } from '../export/session.ts';
import type { FaceBox, Reading } from '../shared/readings.ts';
import type { Stretch } from './video-job.ts';

/** Those outside of `from` to `to` (seconds; neither counts in where it says so). The same array where none is inside. */
export function outside(rows: SessionReading[], inside: (time: number) => boolean): SessionReading[] {
  return rows.some(({ time }) => inside(time)) ? rows.filter(({ time }) => !inside(time)) : rows;
}

/** The rows of a stretch between those before it and those behind it, each part in its own order. The same array where they are so already. */
export function settled(rows: SessionReading[], { from, to }: Stretch): SessionReading[] {
  const part = ({ time }: SessionReading): number => (time < from ? 0 : time <= to ? 1 : 2);
  const isSettled = rows.every((row, index) => index === 0 || part(rows[index - 1] as SessionReading) <= part(row));
  return isSettled ? rows : [0, 1, 2].flatMap((each) => rows.filter((row) => part(row) === each));
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

/**
 * Face ids of a run, which counts from 1, as those of the whole recording: a face that stands where a known one stood at the same time is
 * that one; any other comes after all that there were.
 */
export class FaceIds {
  readonly #known: readonly SessionReading[];
  readonly #ids = new Map<number, number>();
  #last: number;

  /** @param known readings that tell who is who @param last the highest id that is taken */
  constructor(known: readonly SessionReading[], last: number) {
    this.#known = known;
    this.#last = last;
  }

  /** The readings of one frame, each with its id in the recording. */
  of(readings: readonly Reading[]): Reading[] {
    const taken = new Set(readings.flatMap(({ faceId }) => this.#ids.get(faceId) ?? []));
    return readings.map((reading) => {
      let id = this.#ids.get(reading.faceId);
      if (id === undefined) {
        id = this.#recognised(reading, taken) ?? this.#next();
        this.#ids.set(reading.faceId, id);
        taken.add(id);
      }
      return { ...reading, faceId: id };
    });
  }

  #recognised({ time, box }: Reading, taken: ReadonlySet<number>): number | null {
    let best: { id: number; cost: number } | null = null;
    for (const row of this.#known) {
      const apart = Math.abs(row.time - time);
      if (apart > NEAR || taken.has(row.faceId)) continue;
      const overlap = overlapOf(row.box, box);
      if (overlap < SAME_PLACE) continue;
      // The same frame says more than its neighbours, whatever moved meanwhile.
      const cost = apart / NEAR + (1 - overlap);
      if (!best || cost < best.cost) best = { id: row.faceId, cost };
    }
    return best?.id ?? null;
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
