/**
 * Face ids of live readings as those of the whole recording. The tracker counts from one again in another worker, after a reload, and beside
 * a job that reads the same video: what it finds then comes after all faces that there were, unless it is known to be one of them.
 */
import type { Reading } from '../shared/readings.ts';
import { highestFace, type ReadingRows } from './kept-readings.ts';
import { FaceIds } from './video-rows.ts';

/** Seconds between the last frames and the next: loading anew seldom takes longer, and nobody takes somebody else's place meanwhile. */
const NEAR = 30;

export class LiveFaceIds {
  readonly #ids = new Map<string, FaceIds>();

  /** Another tracker sees the item's faces from now on. @param rows all that was read of it */
  behind(itemId: string, rows: ReadingRows): void {
    this.#ids.set(itemId, new FaceIds([], highestFace(rows)));
  }

  /** As `behind`, while it is being watched: who is where a face was on the last frames is that one, and so is who is alone where one was alone. */
  goOn(itemId: string, rows: ReadingRows): void {
    this.#ids.set(itemId, new FaceIds(rows.slice(-LAST_ROWS), highestFace(rows), NEAR, true));
  }

  of(itemId: string, readings: readonly Reading[]): Reading[] {
    return this.#ids.get(itemId)?.of(readings) ?? [...readings];
  }

  forget(itemId: string): void {
    this.#ids.delete(itemId);
  }
}

/** Of one face, some two seconds: it may have been missed on the very last frame. */
const LAST_ROWS = 64;
