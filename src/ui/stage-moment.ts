/**
 * Which moment of the item on the stage is shown: the present, one that the user went to, or the frame that an explanation is about. Knows
 * neither the worker nor components.
 */
import type { Mark } from '../export/session.ts';
import type { Evidence } from '../shared/readings.ts';
import type { Explanation, Item } from './analysis-state.ts';
import type { CameraSession } from './camera-session.ts';
import type { CameraTakes } from './camera-takes.ts';
import type { ExplainedFrames } from './explained-frames.ts';
import type { ItemStage } from './item-stage.ts';
import type { LiveReadings } from './live-readings.ts';
import type { LiveSource } from './live-source.ts';
import type { ReadingLog } from './reading-log.ts';
import type { StagePainter } from './stage-painter.ts';
import type { StateStore } from './state-store.ts';

interface StageMomentOptions {
  store: StateStore;
  painter: StagePainter;
  live: LiveReadings;
  source: LiveSource;
  stage: ItemStage;
  camera: CameraSession;
  takes: CameraTakes;
  log: ReadingLog;
  frames: ExplainedFrames;
  hasFile: (itemId: string) => boolean;
  newId: (prefix: string) => string;
}

export class StageMoment {
  readonly #options: StageMomentOptions;
  readonly #listeners = new Set<() => void>();
  #time: number | null = null;
  /** The explanation whose moment that is, where it was gone to for it. */
  #shown: Explanation | null = null;

  constructor(options: StageMomentOptions) {
    this.#options = options;
  }

  /** Media time that the user went to in a camera session, or in a video that is not there any more, in seconds; null: the present. */
  get time(): number | null {
    return this.#time;
  }

  set time(time: number | null) {
    this.#shown = null;
    if (time === this.#time) return;
    this.#time = time;
    for (const listener of this.#listeners) listener();
  }

  /** Tells when `time` is another one. */
  readonly onTime = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Media time of the moment that is shown or was gone to, in seconds; null for a picture, and before the first reading. */
  present(): number | null {
    const { live, source, stage } = this.#options;
    const { item } = stage;
    if (!item || item.kind === 'picture') return null;
    const { element } = source;
    if (item.kind === 'video' && !stage.isResting(item.id) && element.readyState > 0) return element.currentTime;
    return this.time ?? live.snapshot?.time ?? null;
  }

  /** Seconds of media time that a recording has: what was read of it, and of the video on the stage, the whole file. */
  extent(item: Item): { from: number; to: number } {
    const { store, source, log } = this.#options;
    const found = log.track(item.id).extent ?? { from: 0, to: 0 };
    const { duration } = source.element;
    const isKnown = item.kind === 'video' && item.id === store.get().selectedId && Number.isFinite(duration);
    return isKnown ? { from: Math.min(0, found.from), to: Math.max(duration, found.to) } : found;
  }

  /** Goes to another moment of the video or camera session on the stage. Null: back to the present. */
  goTo(time: number | null): void {
    const { store, source, stage, hasFile } = this.#options;
    const { item } = stage;
    if (!item || item.kind === 'picture') return;
    this.#endPeek();
    if (item.kind === 'camera' || !hasFile(item.id)) {
      this.time = time;
      this.#showRecorded(item, time);
    } else if (time === null) return;
    else if (stage.isResting(item.id)) {
      store.dispatch({ type: 'paused', paused: false });
      stage.wake(item, time);
    } else source.element.currentTime = time;
  }

  /** Goes to the moment of an explanation: where there is no file to go to it in, its frame is shown if it is still there. */
  showRun(run: Explanation): void {
    const { store, stage, frames, hasFile } = this.#options;
    const { item } = stage;
    if ((item?.kind === 'video' && hasFile(item.id)) || !frames.has(run.runId)) {
      this.goTo(run.time);
      return;
    }
    this.goTo(null);
    this.time = run.time;
    this.#shown = run;
    store.dispatch({ type: 'highlight', target: { runId: run.runId, evidence: null } });
    this.#peek(run);
  }

  /** Back from an explained or recorded frame to what the stage showed. Whether there was one to go back from. */
  endShow(): boolean {
    const { highlight, replay } = this.#options.store.get();
    if (replay === null && (!highlight || highlight.evidence)) return false;
    this.goTo(null);
    return true;
  }

  /**
   * Shows the places of a chip's or a step's evidence, on the very frame that was explained; null: no longer, and what was looked at before
   * is shown again.
   */
  point(run: Explanation, evidence: readonly Evidence[] | null): void {
    const { store, painter, stage, camera, takes } = this.#options;
    if (!stage.item?.explanations.some(({ runId }) => runId === this.#shown?.runId)) this.#shown = null; // it may have been withdrawn
    const back = this.#shown && { runId: this.#shown.runId, evidence: null };
    store.dispatch({ type: 'highlight', target: evidence ? { runId: run.runId, evidence } : back });
    const looked = evidence ? run : this.#shown;
    if (looked) this.#peek(looked);
    else {
      painter.endPeek();
      const { replay } = store.get();
      if (replay !== null && camera.open && stage.item) void takes.show(stage.item, replay);
    }
  }

  /** Marks the present moment. Gives the mark; null where there is no moment to mark. */
  addMark(): Mark | null {
    const { store, stage, newId } = this.#options;
    const time = this.present();
    if (!stage.item || time === null) return null;
    const mark: Mark = { id: newId('mark'), kind: 'event', time, end: null, text: '' };
    store.dispatch({ type: 'mark-set', itemId: stage.item.id, mark });
    return mark;
  }

  /** Of a camera session, the recorded frame of a moment where there is one. */
  #showRecorded(item: Item, time: number | null): void {
    const { store, camera, takes } = this.#options;
    if (time === null) takes.end();
    else void takes.show(item, time);
    // What played stands still; the camera goes on.
    if (item.kind === 'camera' && !camera.open) store.dispatch({ type: 'paused', paused: true });
  }

  /** Shows an explained frame, at once where it need not be unpacked first. */
  #peek(run: Explanation): void {
    const { store, painter, stage, frames } = this.#options;
    const show = (image: ImageBitmap) => painter.peek(image, stage.places(run.snapshot));
    const image = frames.get(run.runId);
    if (image) show(image);
    else {
      void frames.open(run.runId).then((opened) => {
        if (opened && store.get().highlight?.runId === run.runId) show(opened);
      });
    }
  }

  #endPeek(): void {
    const { store, painter } = this.#options;
    if (!store.get().highlight) return;
    painter.endPeek();
    store.dispatch({ type: 'highlight', target: null });
  }
}
