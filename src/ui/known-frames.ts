/** What is known of one frame of an item: where its faces are, and whether readings are its own. Knows neither the stage nor pixels. */
import type { SessionReading } from '../export/session.ts';
import { boxesToCover, LINGER_SECONDS, SAME_FRAME } from '../overlay/face-covers.ts';
import { MAX_GAP } from '../overlay/face-tracks.ts';
import type { FaceBox, Reading } from '../shared/readings.ts';
import type { Item, Snapshot } from './analysis-state.ts';
import { asPeople } from './people.ts';
import { isSeldom } from './read-times.ts';
import type { ReadingLog } from './reading-log.ts';
import { rowsBetween } from './rows-between.ts';
import type { Places } from './stage-painter.ts';
import { jobAt } from './video-job.ts';

/** What a job read from a frame, as `VideoJobs.recordedAt` gives it. */
export type RecordedAt = (item: Item, time: number) => SessionReading[] | 'ahead' | null;

export class KnownFrames {
  readonly #log: ReadingLog;
  readonly #recordedAt: RecordedAt;

  constructor(log: ReadingLog, recordedAt: RecordedAt) {
    this.#log = log;
    this.#recordedAt = recordedAt;
  }

  /**
   * Where the faces are, with those that were there a moment before or after; null where nobody looked.
   * @param time of the frame, where the readings may be those of one beside it
   */
  places(item: Item | null, snapshot: Snapshot | null, time: number | undefined = snapshot?.time): Places {
    if (time === undefined || !item) return null;
    const readings = snapshot?.readings ?? [];
    // A frame without a face leaves no readings.
    const near = this.#log.isReadNear(item.id, time, MAX_GAP / 2);
    const looked =
      item.kind === 'video'
        ? readings.some((reading) => Math.abs(reading.time - time) < SAME_FRAME) || (near && !this.#isPassedOver(item, time))
        : snapshot !== null || near;
    return looked ? this.boxes(item.id, readings, time) : null;
  }

  /** As `places`, of a frame that was read just now. */
  boxes(itemId: string, readings: readonly Reading[], time: number): FaceBox[] {
    return boxesToCover(readings, rowsBetween(this.#log.of(itemId), time - LINGER_SECONDS, time + LINGER_SECONDS), time);
  }

  /** Whether a face may be on a video's frame of that time, though none was there when frames around it were read. */
  isSeldomRead(item: Item, time: number): boolean {
    const job = jobAt(item.jobs ?? [], time);
    return job !== null && isSeldom(job);
  }

  /** Whether readings are of the very frame that is shown with them: where a video was analysed, they may be of one shortly before it. */
  isOwn(item: Item, { time, readings }: Snapshot): boolean {
    // Of a live frame without a face the log knows that it was read; a recorded one may never have been.
    if (item.kind === 'camera' && readings.length === 0) return this.#log.isReadNear(item.id, time, SAME_FRAME);
    if (item.kind !== 'video' || this.#recordedAt(item, time) === null) return true;
    return readings.length > 0 && readings.every((reading) => Math.abs(reading.time - time) < SAME_FRAME);
  }

  /** What was read from a video's frame, its faces as the user merged them; null where nobody read that very frame. @param size px */
  recorded(item: Item, { width, height }: { width: number; height: number }, time: number): Snapshot | null {
    const readings = this.#recordedAt(item, time);
    if (readings === null || readings === 'ahead') return null;
    const snapshot = { time, width, height, readings: asPeople(readings, item.people) };
    return this.isOwn(item, snapshot) ? snapshot : null;
  }

  /** Whether a job is yet to read a video's frame, or read so seldom that a face may be on it all the same. */
  #isPassedOver(item: Item, time: number): boolean {
    return this.#recordedAt(item, time) === 'ahead' || this.isSeldomRead(item, time);
  }
}
