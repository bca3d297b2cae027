/**
 * Explanations of frames: asked for, queued, tied to the frame, which is kept for those who look at its evidence. Knows neither files nor
 * components.
 */
import type { MediaFrame } from '../media/frame.ts';
import { type Explanation, type Item, isOpen, selectedItem } from './analysis-state.ts';
import type { Analyzer } from './analyzer.ts';
import type { ReplayedFrame } from './camera-takes.ts';
import { DeepQueue, type DeepRun } from './deep-queue.ts';
import { ExplainedFrames } from './explained-frames.ts';
import type { KnownFrames } from './known-frames.ts';
import type { LiveReadings } from './live-readings.ts';
import { compressed, miniature } from './picture-shelf.ts';
import type { StagePainter } from './stage-painter.ts';
import type { StateStore } from './state-store.ts';

interface ExplainerOptions {
  store: StateStore;
  painter: StagePainter;
  live: LiveReadings;
  known: KnownFrames;
  /** The one there is now. */
  analyzer: () => Analyzer;
  newId: (prefix: string) => string;
  /** A picture for the run that explains it; null where it could not be had. */
  picture: (itemId: string, runId: string) => Promise<MediaFrame | null>;
  /** Something is asked for: what would begin by itself waits, or is given up. */
  makeWay: () => void;
  /** The recorded frame that is shown in place of the live one; null where there is none. */
  replayed: () => ReplayedFrame | null;
}

export class Explainer {
  readonly frames = new ExplainedFrames({ compress: compressed, unpack: (blob) => createImageBitmap(blob) });
  readonly #options: ExplainerOptions;
  readonly #queue: DeepQueue;

  constructor(options: ExplainerOptions) {
    this.#options = options;
    this.#queue = new DeepQueue(options.store);
  }

  /** Explains what is on the stage now: the frame that is shown, with the readings that are shown. */
  explain(): void {
    const { store, live, known, makeWay } = this.#options;
    const state = store.get();
    const item = selectedItem(state);
    if (!item || item.phase === 'failed') return;
    // They are what was typed for this item: what explains itself at a peak, where other words may be said, goes without.
    const words = item.words ?? null;
    const isSame = (run: Explanation) => run.task === state.task && (run.wordsGiven ?? null) === words;
    if (item.explanations.some((run) => isOpen(run) && !run.auto && isSame(run) && (item.kind === 'picture' || run.phase === 'queued')))
      return;
    const replayed = item.kind === 'camera' ? this.#options.replayed() : null;
    const present = item.kind === 'picture' ? item.snapshot : live.snapshot;
    if (item.kind !== 'picture' && !present && !replayed) return;
    const shown = replayed ? replayed.snapshot : present;
    // What began by itself makes way for what is asked for.
    makeWay();
    for (const run of state.items.flatMap((each) => each.explanations)) if (run.auto && isOpen(run)) this.stopRun(run.runId);
    const time = replayed?.time ?? shown?.time ?? 0;
    const snapshot = shown && known.isOwn(item, shown) ? shown : null;
    const runId = this.newRun();
    store.dispatch({ type: 'explain-asked', itemId: item.id, runId, task: state.task, time, snapshot, wordsGiven: words });
    const frame = this.#shown(item, runId, time, replayed);
    this.#queue.add(this.#options.analyzer(), { runId, itemId: item.id, task: state.task, snapshot, words, frame });
  }

  newRun(): string {
    return this.#options.newId('explain');
  }

  /**
   * Puts a run in the queue that the state knows of; its frame is one of a recording.
   * @param kept the frame, as `keep` gives it; null where there is none
   * @param time the frame's, in seconds
   */
  add(run: Omit<DeepRun, 'words' | 'frame'>, kept: ImageBitmap | Promise<ImageBitmap | null>, time: number): void {
    const frame = async (): Promise<MediaFrame | null> => (await kept) && this.#kept(run.runId, time);
    this.#queue.add(this.#options.analyzer(), { ...run, words: null, frame });
  }

  /** Keeps a run's frame, and closes it in time. */
  keep(runId: string, image: ImageBitmap): ImageBitmap {
    this.frames.keep(runId, image);
    void miniature(image, image).then((url) => url && this.#options.store.dispatch({ type: 'explain-pictured', runId, miniature: url }));
    return image;
  }

  /** Call whenever something that a run waits for may be there. */
  pump(): void {
    void this.#queue.pump(this.#options.analyzer());
  }

  /** Whether a run whose worker is gone is begun anew by itself: once. */
  beginAnew(runId: string): boolean {
    return this.#queue.beginAnew(runId);
  }

  /** Ends all that wait or run. */
  stop(): void {
    this.#queue.stop();
  }

  stopRun(runId: string): void {
    this.#queue.stopRun(runId);
  }

  /** The item goes: nobody is told. */
  stopItem(itemId: string): void {
    this.#queue.stopItem(itemId);
  }

  /** Ends a run that will be begun again under another id. */
  withdraw(runId: string): void {
    const { store, painter } = this.#options;
    this.stopRun(runId);
    if (store.get().highlight?.runId === runId) painter.endPeek();
    store.dispatch({ type: 'explain-withdrawn', runId });
    this.frames.forget([runId]);
  }

  /** The frame on show now, to be fetched when the run's turn comes. */
  #shown(item: Item, runId: string, time: number, replayed: ReplayedFrame | null): () => Promise<MediaFrame | null> {
    const { painter, picture } = this.#options;
    if (item.kind === 'picture') return () => picture(item.id, runId);
    const copied = replayed ? createImageBitmap(replayed.image) : painter.copy();
    const kept = copied.then((image) => image && this.keep(runId, image));
    return async () => (await kept) && this.#kept(runId, time);
  }

  /** A run's frame for the analysis. While it waited, it may have made way for frames that were looked at, and was compressed. */
  async #kept(runId: string, time: number): Promise<MediaFrame | null> {
    const image = await this.frames.open(runId);
    return image && { image: await createImageBitmap(image), time };
  }
}
