/**
 * Reads the frames of the camera or video on the stage, one at a time, and shows each together with its readings; what a job has read from a
 * video, or is going to read, is not read again. Knows neither cameras nor files.
 */
import type { SessionReading } from '../export/session.ts';
import type { MediaFrame } from '../media/frame.ts';
import { grabFrame } from '../media/live-frames.ts';
import type { WireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import { type Item, type Snapshot, selectedItem } from './analysis-state.ts';
import type { Analyzer } from './analyzer.ts';
import type { KnownFrames, RecordedAt } from './known-frames.ts';
import type { LiveReadings } from './live-readings.ts';
import type { Peak } from './peaks.ts';
import type { PerformanceLog } from './performance-log.ts';
import type { PictureMode } from './picture-mode.ts';
import type { ReadingLog } from './reading-log.ts';
import type { StagePainter } from './stage-painter.ts';
import type { StateStore } from './state-store.ts';

interface LiveReaderOptions {
  store: StateStore;
  painter: StagePainter;
  live: LiveReadings;
  log: ReadingLog;
  known: KnownFrames;
  performance: PerformanceLog;
  pictureMode: PictureMode;
  /** The one there is now. */
  analyzer: () => Analyzer;
  newId: (prefix: string) => string;
  /** As it is set now, seconds. */
  smoothing: () => number;
  recordedAt: RecordedAt;
  /** A frame is on show with its readings, and in the log. @param peaks those that are known with it */
  onRead: (itemId: string, peaks: readonly Peak[]) => void;
  onFailed: (itemId: string, error: WireError) => void;
}

/** By which the runs of this reader are known. */
const PREFIX = 'live';

export class LiveReader {
  readonly #options: LiveReaderOptions;
  /** The one frame in analysis; milliseconds and, its media time, seconds. */
  #run: { runId: string; itemId: string; takenAt: number; time: number } | null = null;
  /** Its readings are still awaited. */
  #isAwaited = false;

  constructor(options: LiveReaderOptions) {
    this.#options = options;
  }

  /** Media time of the frame whose readings are awaited, in seconds; null where there is none. */
  get awaited(): number | null {
    return this.#isAwaited && this.#run ? this.#run.time : null;
  }

  /** Takes the frame. Resolves when the next one may come. */
  async read(frame: MediaFrame): Promise<void> {
    const { store, painter, analyzer, newId, smoothing, recordedAt } = this.#options;
    const { model, selectedId } = store.get();
    if (selectedId === null || model.parts.reader.phase !== 'ready') {
      frame.image.close();
      return;
    }
    const item = selectedItem(store.get());
    const recorded = item?.kind === 'video' ? recordedAt(item, frame.time) : null;
    if (item && recorded) return this.#showRecorded(item, frame, recorded);
    const run = { runId: newId(PREFIX), itemId: selectedId, takenAt: frame.takenAt ?? performance.now(), time: frame.time };
    this.#run = run;
    this.#isAwaited = true;
    painter.hold(frame.image);
    await analyzer().read(new AbortController().signal, frame, {
      runId: run.runId,
      sourceId: run.itemId,
      mode: 'live',
      smoothing: smoothing(),
      cuts: item?.kind === 'video',
    });
  }

  /** Whether the event belongs to a frame that was read here; of a camera or video that was left meanwhile, nothing is shown. */
  hear(event: AnalysisEvent): boolean {
    if (!('runId' in event) || !event.runId.startsWith(`${PREFIX}-`)) return false;
    const run = this.#run;
    if (run?.runId !== event.runId) return true;
    if (event.type !== 'started') this.#isAwaited = false;
    if (event.type === 'readings') {
      const { store, performance: log, pictureMode } = this.#options;
      this.#show(run.itemId, event);
      if (event.cut) store.dispatch({ type: 'cut-found', itemId: run.itemId, cut: event.cut });
      const shownAt = performance.now();
      log.frameShown({ takenAt: run.takenAt, shownAt, times: event.times, faces: event.readings.length });
      pictureMode.add(shownAt - run.takenAt, shownAt);
    }
    if (event.type === 'failed') this.#options.onFailed(run.itemId, event.error);
    return true;
  }

  /** The source has given a frame, whether it is read or not. */
  frameGiven(): void {
    const now = performance.now();
    this.#options.performance.frameGiven(now);
    if (this.#isAwaited && this.#run) this.#options.pictureMode.wait(now - this.#run.takenAt);
  }

  /** What is being read is shown no more. */
  leave(): void {
    this.#run = null;
    this.#isAwaited = false;
  }

  /** A video's frame that came to rest before anything could be read is read now: no other comes by itself. */
  readStanding(element: HTMLVideoElement): void {
    const { store, live } = this.#options;
    if (selectedItem(store.get())?.kind === 'video' && element.paused && !live.measured) this.#grab(element);
  }

  /** A job has read frames of a video: the one that stands on the stage may be one of those. */
  readByJob(itemId: string, element: HTMLVideoElement): void {
    const { store, painter, live, known, recordedAt } = this.#options;
    const item = selectedItem(store.get());
    const { measured } = live;
    if (item?.id !== itemId || !store.get().paused) return;
    if (!measured) {
      if (Array.isArray(recordedAt(item, element.currentTime))) this.#grab(element);
      return;
    }
    const readings = recordedAt(item, measured.time);
    if (readings === null || readings === 'ahead') return;
    const snapshot = { ...measured, readings };
    live.show(snapshot);
    painter.setPlaces(known.places(item, snapshot));
  }

  #grab(element: HTMLVideoElement): void {
    void grabFrame(element).then((frame) => frame && this.read(frame));
  }

  #show(itemId: string, snapshot: Snapshot): void {
    const { store, painter, live, log, known, onRead } = this.#options;
    const { time, width, height } = snapshot;
    const readings = log.recognised(itemId, snapshot.readings);
    const unread = store.get().interruption?.unread;
    if (unread?.itemId === itemId && unread.to === null) store.dispatch({ type: 'unread', ...unread, to: time });
    painter.reveal(known.boxes(itemId, readings, time));
    live.publish({ time, width, height, readings }, performance.now());
    onRead(itemId, log.add(itemId, time, readings));
  }

  /** A frame that a job has read, or is going to read. */
  #showRecorded(item: Item, { image, time }: MediaFrame, recorded: SessionReading[] | 'ahead'): void {
    const { painter, live, known } = this.#options;
    const { width, height } = 'displayWidth' in image ? { width: image.displayWidth, height: image.displayHeight } : image;
    painter.hold(image);
    image.close();
    const snapshot = { time, width, height, readings: recorded === 'ahead' ? [] : recorded };
    painter.reveal(recorded === 'ahead' || known.isSeldomRead(item, time) ? null : known.places(item, snapshot));
    live.publish(snapshot, performance.now());
  }
}
