/**
 * The camera and the session that it belongs to: one at a time, which another device goes on in, and which a camera that was off for a while
 * goes on in later. Knows neither files nor the worker.
 */
import type { WireError } from '../shared/errors.ts';
import type { CameraTakes } from './camera-takes.ts';
import type { ItemStage } from './item-stage.ts';
import type { LiveReadings } from './live-readings.ts';
import type { LiveSource } from './live-source.ts';
import { messages } from './messages.ts';
import type { ReadingLog } from './reading-log.ts';
import type { StagePainter } from './stage-painter.ts';
import type { StateStore } from './state-store.ts';

interface CameraSessionOptions {
  store: StateStore;
  painter: StagePainter;
  live: LiveReadings;
  source: LiveSource;
  stage: ItemStage;
  takes: CameraTakes;
  log: ReadingLog;
  newId: (prefix: string) => string;
  /** Whether the user has read what comes before the first camera. */
  isNoticed: boolean;
  /** Whatever is on the stage ends, the camera with it. */
  leave: () => void;
  /** A camera is about to start. */
  onStart: () => void;
}

/** A null device is the browser's choice, until it is known. */
interface OpenCamera {
  itemId: string;
  deviceId: string | null;
}

export class CameraSession {
  /** Until it is true, no camera is started: the notice is shown instead. */
  isNoticed: boolean;
  readonly #options: CameraSessionOptions;
  #open: OpenCamera | null = null;
  /** Where the last session stood when its camera was left: media time in seconds, and when that was. */
  #stood: { itemId: string; time: number; at: number } | null = null;
  /** Sessions that are shown as in a mirror. */
  readonly #mirrored = new Set<string>();

  constructor(options: CameraSessionOptions) {
    this.#options = options;
    this.isNoticed = options.isNoticed;
  }

  /** The camera that is on or starting, and its session; null where none is. */
  get open(): OpenCamera | null {
    return this.#open;
  }

  /**
   * Null device: the browser's choice. Another one goes on in the same session.
   * @param session the one to go on with, where no camera is on; a new one unless told
   */
  async start(deviceId: string | null = null, session: string | null = null): Promise<void> {
    const { store, painter, live, source, newId, leave, onStart } = this.#options;
    if (!this.isNoticed) {
      store.dispatch({ type: 'camera-notice', open: true });
      return;
    }
    const { items } = store.get();
    const known = this.#open?.itemId ?? (items.some(({ id }) => id === session) ? session : null);
    const itemId = known ?? newId('camera');
    leave();
    onStart();
    store.dispatch({ type: 'notice', error: null });
    if (known === null) {
      const name = messages.cameraName(items.filter(({ kind }) => kind === 'camera').length + 1);
      store.dispatch({ type: 'item-added', item: { id: itemId, kind: 'camera', name }, select: true });
      live.show(null);
    }
    painter.clear();
    this.#open = { itemId, deviceId };
    store.dispatch({ type: 'camera', phase: 'starting' });
    store.dispatch({ type: 'paused', paused: false });
    const opened = await source.openCamera(deviceId, this.#goesOnAt(itemId), (error) => this.#ended(itemId, error));
    if (this.#open?.itemId !== itemId) return;
    if (!opened.ok) {
      if (opened.error.code !== 'cancelled') this.#ended(itemId, opened.error);
      return;
    }
    this.#open = { itemId, deviceId: opened.value.deviceId };
    this.setMirrored(itemId, source.mirrored);
    painter.reserve(opened.value);
    store.dispatch({ type: 'item-ready', itemId });
    store.dispatch({ type: 'camera', phase: 'on' });
  }

  /** Its last frame and the readings stay on the stage. */
  stop(): void {
    this.#options.leave();
    this.#options.stage.standStill();
  }

  /** Another item comes to the stage, whose source is closed already. */
  leave(): void {
    const { store, stage, log } = this.#options;
    if (!this.#open) return;
    const { itemId } = this.#open;
    this.#stood = { itemId, time: log.lastTime(itemId) ?? 0, at: performance.now() };
    stage.keepLast(itemId);
    this.#open = null;
    store.dispatch({ type: 'camera', phase: 'off' });
  }

  /** Records the camera, or ends that. */
  toggleRecording(): void {
    const { store, source, takes } = this.#options;
    const { stream } = source;
    if (takes.recording.isOn) void takes.recording.stop();
    else if (this.#open && stream) {
      store.dispatch({ type: 'notice', error: null });
      this.restRecording();
      takes.recording.start(this.#open.itemId, stream);
    }
  }

  /** A recording rests with the analysis: while the camera is paused, or nobody sees the page. Call whenever that may have changed. */
  restRecording(): void {
    this.#options.takes.recording.setResting(this.#options.store.get().paused || document.hidden);
  }

  isMirrored(itemId: string): boolean {
    return this.#mirrored.has(itemId);
  }

  setMirrored(itemId: string, isMirrored: boolean): void {
    if (isMirrored) this.#mirrored.add(itemId);
    else this.#mirrored.delete(itemId);
  }

  forget(itemId: string): void {
    this.#mirrored.delete(itemId);
  }

  /** Media time of a session's next frame, in seconds: as if its camera had been on since it was left. */
  #goesOnAt(itemId: string): number {
    return this.#stood?.itemId === itemId ? this.#stood.time + (performance.now() - this.#stood.at) / 1000 : 0;
  }

  /** By itself, or it never began: a session of which there is nothing goes with it. */
  #ended(itemId: string, error: WireError): void {
    const { store, stage, takes, log, leave } = this.#options;
    if (this.#open?.itemId !== itemId) return;
    const wasRecording = takes.recording.isOn;
    leave();
    if (log.rows.has(itemId) || wasRecording) {
      const told = wasRecording ? { ...error, remedy: `${messages.recording.keptSoFar} ${error.remedy}` } : error;
      store.dispatch({ type: 'item-failed', itemId, error: told });
      stage.standStill();
    } else {
      store.dispatch({ type: 'item-dropped', itemId });
      store.dispatch({ type: 'notice', error });
      stage.showSelected(itemId);
    }
  }
}
