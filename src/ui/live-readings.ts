import type { Reading } from '../shared/readings.ts';
import type { Snapshot } from './analysis-state.ts';
import { asPeople, NOBODY_KNOWN, type People } from './people.ts';

/** How many seconds of valence and arousal a trail keeps. */
export const TRAIL_SECONDS = 4;
const TRAIL_POINTS = 128;

/** Ring of the last points of one face: time, valence, arousal. */
export class Trail {
  readonly #points = new Float32Array(TRAIL_POINTS * 3);
  #next = 0;
  #count = 0;

  add(time: number, valence: number, arousal: number): void {
    this.#points.set([time, valence, arousal], this.#next * 3);
    this.#next = (this.#next + 1) % TRAIL_POINTS;
    this.#count = Math.min(this.#count + 1, TRAIL_POINTS);
  }

  /** Oldest first, at most `TRAIL_SECONDS` before `now`. */
  forEach(now: number, visit: (age: number, valence: number, arousal: number) => void): void {
    for (let i = 0; i < this.#count; i++) {
      const at = ((this.#next - this.#count + i + TRAIL_POINTS) % TRAIL_POINTS) * 3;
      const age = now - (this.#points[at] ?? 0);
      if (age >= 0 && age <= TRAIL_SECONDS) visit(age, this.#points[at + 1] ?? 0, this.#points[at + 2] ?? 0);
    }
  }
}

/**
 * The readings on show, outside React: one frame's at a time, with a trail for each face and the rate at
 * which frames come. React hears only when faces come or go (`faceIds`); numbers are drawn by
 * whoever listens to `onFrame`.
 */
export class LiveReadings {
  #snapshot: Snapshot | null = null;
  #measured: Snapshot | null = null;
  #people: People = NOBODY_KNOWN;
  #faceIds: readonly number[] = [];
  #trails = new Map<number, Trail>();
  #arrivals: number[] = [];
  readonly #frameListeners = new Set<() => void>();
  readonly #faceListeners = new Set<() => void>();

  /** With faces that the user merged as one. */
  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  /** With the faces as the engine told them apart. */
  get measured(): Snapshot | null {
    return this.#measured;
  }

  /** Which faces are one person, of the item on show. */
  setPeople(people: People): void {
    if (people.sameAs === this.#people.sameAs) return;
    this.#people = people;
    this.#set(this.#measured);
  }

  reading(faceId: number): Reading | null {
    return this.#snapshot?.readings.find((reading) => reading.faceId === faceId) ?? null;
  }

  trail(faceId: number): Trail | null {
    return this.#trails.get(faceId) ?? null;
  }

  /** Frames a second over the last two seconds before `now` (milliseconds). */
  rate(now: number): number {
    const recent = this.#arrivals.filter((at) => now - at <= 2000);
    const first = recent[0];
    const last = recent.at(-1);
    if (first === undefined || last === undefined || recent.length < 2) return 0;
    return ((recent.length - 1) * 1000) / (last - first);
  }

  /** A live frame: adds to trails and rate. `now` in milliseconds, any steady clock. */
  publish(snapshot: Snapshot, now: number): void {
    this.#arrivals.push(now);
    if (this.#arrivals.length > 240) this.#arrivals.splice(0, 120);
    const trails = new Map<number, Trail>();
    for (const reading of asPeople(snapshot.readings, this.#people)) {
      const trail = this.#trails.get(reading.faceId) ?? new Trail();
      trail.add(reading.time, reading.valence, reading.arousal);
      trails.set(reading.faceId, trail);
    }
    this.#trails = trails;
    this.#set(snapshot);
  }

  /** A still, or nothing: no trail, no rate. */
  show(snapshot: Snapshot | null): void {
    this.#arrivals = [];
    this.#trails = new Map();
    this.#set(snapshot);
  }

  faceIds = (): readonly number[] => this.#faceIds;

  onFrame = (listener: () => void): (() => void) => {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  };

  onFaces = (listener: () => void): (() => void) => {
    this.#faceListeners.add(listener);
    return () => this.#faceListeners.delete(listener);
  };

  #set(measured: Snapshot | null): void {
    const readings = measured && asPeople(measured.readings, this.#people);
    const snapshot = measured && readings && (readings === measured.readings ? measured : { ...measured, readings });
    this.#measured = measured;
    this.#snapshot = snapshot;
    const ids = (snapshot?.readings ?? []).map((reading) => reading.faceId).sort((a, b) => a - b);
    if (ids.length !== this.#faceIds.length || ids.some((id, i) => id !== this.#faceIds[i])) {
      this.#faceIds = ids;
      for (const listener of this.#faceListeners) listener();
    }
    for (const listener of this.#frameListeners) listener();
  }
}
