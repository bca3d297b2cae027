/** Gives faces ids that stay: from frame to frame by where they are, and over a minute by what they look like. Knows media time, no pictures. */
import type { FaceBox } from '../shared/readings.ts';
import { type Appearance, blended, difference } from './appearance.ts';
import { assign } from './assignment.ts';

/** A face of a frame. */
interface SeenFace {
  box: FaceBox;
  /** Null where it is not known: then the place alone counts. */
  appearance: Appearance | null;
}

interface Track {
  /** Null until it is known whether it is one that was here before. */
  id: number | null;
  box: FaceBox;
  /** px a second. */
  velocity: { x: number; y: number };
  /** When it was first and last seen, seconds of media time, and on which update. */
  born: number;
  time: number;
  firstUpdate: number;
  lastUpdate: number;
  /** How often it was seen. */
  sightings: number;
  /** Average of what it looked like over `looks` frames: with nobody near, once there was such a frame (`alone`). */
  look: Appearance | null;
  looks: number;
  alone: boolean;
}

/** For so long, in seconds, a face is expected where it was, or where it was going. */
const MAX_GAP = 1;
/**
 * Where frames come more slowly than that (a crowd on a slow machine), for a little longer than from one to the next. A seek is told from
 * that by the frames before it; beyond the second number faces are known by their looks alone.
 */
const SLOW_GAP = { factor: 1.5, most: 5 };
/** Where it was going is foreseen for no longer than this. */
const MAX_FORESIGHT = 0.4;
/** Expected place and box are of one face only if they are this near: centre distance over mean size … */
const MAX_DISTANCE = 0.75;
/** … and their sizes differ by no more than this factor. */
const MAX_GROWTH = 2;
/** A face that was away for longer than this, in seconds, comes back as another. */
const MEMORY = 60;
/** So many of those that are away are remembered, the last first: what a crowd costs must have an end. */
const MAX_AWAY = 48;
/** Faces seen on fewer frames were none, or nobody whom one would miss. */
const MIN_SIGHTINGS = 3;
/** For so long after it came, in seconds, a face may turn out to be one that was here before: at the picture's edge little is seen of it. */
const SETTLING = 1;

/** See appearance.ts. Two faces that differ by less may be one person's … */
const SAME = 0.06;
/** … if nobody else fits nearly as well. */
const CLEAR = 0.02;
/** Two that differ by more are not, though one stands where the other stood: the shot has changed. */
const DIFFERENT = 0.15;
/** In sides of the box for each unit of difference: 0.15 weighs as much as one side. */
const LOOK_WEIGHT = 6.5;
/**
 * What it costs to take a face for a new one. Low enough that a row of people does not move up by one when somebody leaves at one end and
 * another comes at the other.
 */
const ALONE = 1.5;

/** Seconds in which what a face looks like, and how fast it goes, is renewed to 63 %. */
const LOOK_TIME = 2;
const VELOCITY_TIME = 0.15;
/** Nearer than this, in sides, two people's colours mix. */
const NEAR = 1.25;

/** One tracker follows the faces of one source. */
export class Tracker {
  /** Those that are on the last frame, and those that are remembered. */
  #tracks: Track[] = [];
  #lastId = 0;
  #updates = 0;
  /** Media time of the last frame, and seconds between it and the one before. */
  #lastTime = Number.NaN;
  #pace = 0;

  /**
   * Ids for the faces of a frame, in their order; counted from 1, no two alike, never another's until `reset`.
   * @param cut the frame is of another shot than the last: who stands where somebody stood is nobody in particular, and only looks tell
   */
  update(faces: readonly SeenFace[], time: number, cut = false): number[] {
    this.#updates += 1;
    const reach = Math.max(MAX_GAP, Math.min(SLOW_GAP.factor * this.#pace, SLOW_GAP.most));
    this.#pace = Math.max(0, time - this.#lastTime) || 0;
    this.#lastTime = time;
    // A seek is a gap like any other, in either direction.
    const expected = cut ? [] : this.#tracks.filter((track) => Math.abs(time - track.time) <= reach);
    const near = faces.map(({ box }, index) => faces.some((other, at) => at !== index && isNear(box, other.box)));
    const columnOf = assign(
      expected.map((track) => faces.map((face, index) => matchCost(track, face, time, near[index] ?? false))),
      faces.length,
      ALONE,
    );
    const trackOf = new Map(columnOf.map((column, row) => [column, expected[row]]));
    const seen = faces.map((face, index) => this.#advanced(trackOf.get(index) ?? null, face, time, near[index] ?? false));
    const kept = new Set(seen);
    const away = this.#tracks.filter((track) => {
      const gap = Math.abs(time - track.time);
      return !kept.has(track) && (gap <= reach || (gap <= MEMORY && track.sightings >= MIN_SIGHTINGS));
    });
    const returned = recognised(seen, away, time);
    for (const [newcomer, known] of returned) {
      newcomer.id = known.id;
      newcomer.born = known.born;
      newcomer.sightings += known.sightings;
    }
    const back = new Set(returned.values());
    const stillAway = away.filter((track) => !back.has(track)).sort((a, b) => b.lastUpdate - a.lastUpdate);
    this.#tracks = [...seen, ...stillAway.slice(0, MAX_AWAY)];
    return seen.map((track) => {
      track.id ??= this.#nextId();
      return track.id;
    });
  }

  /** Forgets all faces; ids start at 1 again. */
  reset(): void {
    this.#tracks = [];
    this.#lastId = 0;
    this.#updates = 0;
    this.#lastTime = Number.NaN;
    this.#pace = 0;
  }

  /** The track with a further sighting, or a new one. */
  #advanced(track: Track | null, { box, appearance }: SeenFace, time: number, near: boolean): Track {
    if (!track) {
      return {
        id: null,
        box,
        velocity: { x: 0, y: 0 },
        born: time,
        time,
        firstUpdate: this.#updates,
        lastUpdate: this.#updates,
        sightings: 1,
        look: appearance,
        looks: appearance ? 1 : 0,
        alone: appearance !== null && !near,
      };
    }
    const gap = time - track.time;
    if (gap > 0) {
      const share = 1 - Math.exp(-gap / VELOCITY_TIME);
      const from = centreOf(track.box);
      const to = centreOf(box);
      track.velocity.x += share * ((to.x - from.x) / gap - track.velocity.x);
      track.velocity.y += share * ((to.y - from.y) / gap - track.velocity.y);
    } else track.velocity = { x: 0, y: 0 };
    if (appearance && !(near && track.alone)) {
      const afresh = !near && !track.alone;
      track.looks = afresh ? 1 : track.looks + 1;
      track.alone = !near;
      const share = Math.max(1 / track.looks, 1 - Math.exp(-Math.abs(gap) / LOOK_TIME));
      track.look = track.look && track.looks > 1 ? blended(track.look, appearance, share) : appearance;
    }
    track.box = box;
    track.time = time;
    track.lastUpdate = this.#updates;
    track.sightings += 1;
    return track;
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

/**
 * Which of the faces that have just come are which of those that are away: each the likest of the other, and clearly more so than
 * anybody else here or away. Two that were on one frame together are two.
 */
function recognised(seen: readonly Track[], away: readonly Track[], time: number): Map<Track, Track> {
  const newcomers = seen.filter((track) => track.id === null || Math.abs(time - track.born) <= SETTLING);
  const returned = new Map<Track, Track>();
  for (const newcomer of newcomers) {
    const others = [...away, ...seen.filter((track) => track !== newcomer && !newcomers.includes(track))];
    const [best, next] = others.map((track) => ({ track, unlike: unlikeness(newcomer, track) })).sort((a, b) => a.unlike - b.unlike);
    if (!best || best.unlike > SAME || best.track.id === null) continue;
    if (best.track.lastUpdate >= newcomer.firstUpdate) continue; // seen together, or still here
    if (next && next.unlike < best.unlike + CLEAR) continue;
    const rival = newcomers.some((other) => other !== newcomer && unlikeness(other, best.track) < best.unlike + CLEAR);
    if (!rival) returned.set(newcomer, best.track);
  }
  return returned;
}

function unlikeness(a: Track, b: Track): number {
  return (a.look && b.look && difference(a.look, b.look)) ?? Number.POSITIVE_INFINITY;
}

/** Small for a track and the box of its face in the next frame, infinite for those that cannot be. */
function matchCost(track: Track, { box, appearance }: SeenFace, time: number, near: boolean): number {
  const sizeA = sizeOf(track.box);
  const sizeB = sizeOf(box);
  const growth = Math.max(sizeA, sizeB) / Math.min(sizeA, sizeB);
  if (growth > MAX_GROWTH) return Number.POSITIVE_INFINITY;
  const ahead = Math.max(0, Math.min(time - track.time, MAX_FORESIGHT));
  const size = (sizeA + sizeB) / 2;
  const from = centreOf(track.box);
  const to = centreOf(box);
  const stayed = Math.hypot(to.x - from.x, to.y - from.y) / size;
  const wentOn = Math.hypot(to.x - from.x - ahead * track.velocity.x, to.y - from.y - ahead * track.velocity.y) / size;
  const nearest = Math.min(stayed, wentOn);
  if (nearest > MAX_DISTANCE) return Number.POSITIVE_INFINITY;
  const unlike = (track.look && appearance && difference(track.look, appearance)) || 0;
  if (unlike > DIFFERENT && !near) return Number.POSITIVE_INFINITY;
  // Who went on is likelier than who stopped at once, but both happen.
  return (wentOn + nearest) / 2 + Math.log(growth) + LOOK_WEIGHT * Math.min(unlike, DIFFERENT);
}

function isNear(a: FaceBox, b: FaceBox): boolean {
  const from = centreOf(a);
  const to = centreOf(b);
  return Math.hypot(to.x - from.x, to.y - from.y) < (NEAR * (sizeOf(a) + sizeOf(b))) / 2;
}

function centreOf(box: FaceBox): { x: number; y: number } {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

function sizeOf(box: FaceBox): number {
  return (box.width + box.height) / 2;
}
