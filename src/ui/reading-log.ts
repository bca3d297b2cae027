/**
 * All that was read of camera sessions and videos, by item: the readings, the frames that they are from, and what a timeline draws of them.
 * Knows neither the stage nor the worker.
 */
import type { SessionReading } from '../export/session.ts';
import type { Reading } from '../shared/readings.ts';
import { KeptReadings, keptReading, type ReadingRows } from './kept-readings.ts';
import { LiveFaceIds } from './live-face-ids.ts';
import type { Peak } from './peaks.ts';
import { keptReadTimes } from './read-times.ts';
import { TimelineTrack } from './timeline-track.ts';
import type { VideoJob } from './video-job.ts';

export class ReadingLog {
  /** By item. A job adds to them, and puts others in their place where it takes some out. */
  readonly rows = new Map<string, ReadingRows>();
  /** Media times of the frames that were read, in seconds: those on which there was no face, too. */
  readonly #times = new Map<string, number[]>();
  readonly #tracks = new Map<string, TimelineTrack>();
  readonly #faceIds = new LiveFaceIds();

  /** Empty where nothing was read, or no face was there. */
  of(itemId: string): ReadingRows {
    return this.rows.get(itemId) ?? [];
  }

  /** The readings of a live frame, with the face ids of the whole recording. */
  recognised(itemId: string, readings: readonly Reading[]): Reading[] {
    return this.#faceIds.of(itemId, readings);
  }

  /** Adds a live frame, its faces recognised. Gives the peaks that are known with it. */
  add(itemId: string, time: number, readings: readonly Reading[]): Peak[] {
    const rows = this.rows.get(itemId) ?? new KeptReadings();
    for (const reading of readings) rows.push(keptReading(reading));
    this.rows.set(itemId, rows);
    this.#note(itemId, [time]);
    return this.#track(itemId).catchUp(rows);
  }

  /** A job has read frames, whose readings lie in `rows`; `anew`: in place of others. */
  readByJob(itemId: string, times: readonly number[], anew: boolean): void {
    this.#note(itemId, times);
    if (anew) this.#tracks.delete(itemId);
  }

  /** Of frames whose readings are gone nobody knows any more where their faces are. */
  drop(itemId: string, inside: (time: number) => boolean): void {
    const times = this.#times.get(itemId);
    const left = times?.filter((time) => !inside(time));
    if (left) this.#times.set(itemId, left);
  }

  /** As it comes out of the storage. */
  takeBack(itemId: string, readings: readonly SessionReading[], jobs: readonly VideoJob[]): void {
    this.rows.set(itemId, new KeptReadings(readings));
    this.#times.set(itemId, keptReadTimes(readings, jobs));
    this.newTracker(itemId);
  }

  /** Another tracker sees the item's faces from now on: a worker's or a job's next one. */
  newTracker(itemId: string): void {
    this.#faceIds.behind(itemId, this.of(itemId));
  }

  /** As `newTracker`, of all items, while they may be watched. */
  newWorker(): void {
    for (const [itemId, rows] of this.rows) this.#faceIds.goOn(itemId, rows);
  }

  /** Media times in seconds, each once; what was watched in an earlier visit without a face on it is not known any more. */
  times(itemId: string): number[] {
    const times = new Set(this.#times.get(itemId) ?? []);
    for (const { time } of this.of(itemId)) times.add(time);
    return [...times];
  }

  /** Of the frame that was read last, in seconds; null before the first. */
  lastTime(itemId: string): number | null {
    return this.#times.get(itemId)?.at(-1) ?? null;
  }

  /** Whether a frame was read at most so many seconds from that time. */
  isReadNear(itemId: string, time: number, within: number): boolean {
    return this.#times.get(itemId)?.some((each) => Math.abs(each - time) <= within) ?? false;
  }

  /** What the timeline of a camera or video shows, up to the last reading. */
  track(itemId: string): TimelineTrack {
    const track = this.#track(itemId);
    track.catchUp(this.of(itemId));
    return track;
  }

  forget(itemId: string): void {
    this.rows.delete(itemId);
    this.#times.delete(itemId);
    this.#tracks.delete(itemId);
    this.#faceIds.forget(itemId);
  }

  #track(itemId: string): TimelineTrack {
    const track = this.#tracks.get(itemId) ?? new TimelineTrack();
    this.#tracks.set(itemId, track);
    return track;
  }

  #note(itemId: string, times: readonly number[]): void {
    const known = this.#times.get(itemId);
    if (!known) this.#times.set(itemId, [...times]);
    else for (const time of times) known.push(time);
  }
}
