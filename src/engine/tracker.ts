/** Gives faces ids that stay from frame to frame. Knows boxes and media time, no pictures. */
import type { FaceBox } from '../shared/readings.ts';

interface Track {
  id: number;
  box: FaceBox;
  /** When it was last seen, seconds. */
  time: number;
}

/** A face that was away for longer than this, in seconds of media time, comes back as another. */
const MAX_GAP = 1;
/** Boxes that do not overlap are the same face only if they are this near: centre distance over mean size … */
const MAX_DISTANCE = 0.75;
/** … and their sizes differ by no more than this factor. */
const MAX_GROWTH = 2;

/** One tracker follows the faces of one source. */
export class Tracker {
  #tracks: Track[] = [];
  #lastId = 0;

  /** Ids for the faces of a frame, in their order; counted from 1, never used twice until `reset`. */
  update(boxes: readonly FaceBox[], time: number): number[] {
    // A seek is a gap like any other, in either direction.
    const tracks = this.#tracks.filter((track) => Math.abs(time - track.time) <= MAX_GAP);
    const pairs = tracks
      .flatMap((track) => boxes.map((box, index) => ({ track, index, cost: matchCost(track.box, box) })))
      .filter(({ cost }) => Number.isFinite(cost))
      .sort((a, b) => a.cost - b.cost);
    const matched = new Map<number, Track>();
    const taken = new Set<Track>();
    for (const { track, index } of pairs) {
      if (taken.has(track) || matched.has(index)) continue;
      taken.add(track);
      matched.set(index, track);
    }
    const seen = boxes.map((box, index): Track => ({ id: matched.get(index)?.id ?? this.#nextId(), box, time }));
    this.#tracks = [...seen, ...tracks.filter((track) => !taken.has(track))];
    return seen.map((track) => track.id);
  }

  /** Forgets all faces; ids start at 1 again. */
  reset(): void {
    this.#tracks = [];
    this.#lastId = 0;
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

/** Small for boxes of one face in neighbouring frames, infinite for boxes that cannot be. */
function matchCost(a: FaceBox, b: FaceBox): number {
  const sizeA = (a.width + a.height) / 2;
  const sizeB = (b.width + b.height) / 2;
  const dx = a.x + a.width / 2 - b.x - b.width / 2;
  const dy = a.y + a.height / 2 - b.y - b.height / 2;
  const distance = Math.hypot(dx, dy) / ((sizeA + sizeB) / 2);
  const growth = Math.max(sizeA, sizeB) / Math.min(sizeA, sizeB);
  if (distance > MAX_DISTANCE || growth > MAX_GROWTH) return Number.POSITIVE_INFINITY;
  return distance + Math.log(growth);
}
