import type { MediaFrame } from '../media/frame.ts';
import { fileKind } from '../media/kinds.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import type { BackendChoice } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { SerialQueue } from '../shared/serial-queue.ts';
import { type Explanation, type Item, isOpen, type Snapshot, selectedItem } from './analysis-state.ts';
import type { Analyzer, StartAnalyzer } from './analyzer.ts';
import { type BenchmarkResult, runBenchmark } from './benchmark.ts';
import { DeepQueue, MAX_NEW_TOKENS } from './deep-queue.ts';
import { KeptFrames } from './kept-frames.ts';
import { LiveReadings } from './live-readings.ts';
import { LiveSource } from './live-source.ts';
import { messages } from './messages.ts';
import { makeThumbnail, PictureShelf } from './picture-shelf.ts';
import { type AddressOptions, loadChoices, saveChoices } from './settings.ts';
import { StagePainter } from './stage-painter.ts';
import type { StateStore } from './state-store.ts';

interface ControllerOptions {
  store: StateStore;
  startAnalyzer: StartAnalyzer;
  address: AddressOptions;
  /** What the settings say; the address wins. */
  backend: BackendChoice;
  smoothing: number;
  /** Everything is found relative to this: the pack, the wasm files, the sample. */
  baseUrl: string;
}

/** What happens when: files in turn, frames at the analysis' pace, explanations in a queue. Components only call it. */
export class SessionController {
  readonly painter = new StagePainter();
  readonly live = new LiveReadings();
  readonly source: LiveSource;
  readonly frames = new KeptFrames();
  /** Readings of cameras and videos, by item, for the export. */
  readonly recorded = new Map<string, Reading[]>();
  smoothing: number;
  readonly #options: ControllerOptions;
  readonly #store: StateStore;
  readonly #shelf = new PictureShelf();
  readonly #deep: DeepQueue;
  /** Where a camera stood when it was left. */
  readonly #lastFrames = new KeptFrames();
  readonly #stills = new SerialQueue();
  /** Camera sessions that are shown as in a mirror. */
  readonly #mirrored = new Set<string>();
  #analyzer: Analyzer;
  #backend: BackendChoice;
  #readerWaiters: (() => void)[] = [];
  /** Events of runs that are not the page's, by run. */
  readonly #apart = new Map<string, AnalysisEvent[]>();
  /** The one camera or video frame in analysis. */
  #liveRun: { runId: string; itemId: string } | null = null;
  #camera: { itemId: string; deviceId: string | null } | null = null;
  #ids = 0;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#backend = options.address.backend ?? options.backend;
    this.smoothing = options.smoothing;
    this.#deep = new DeepQueue(options.store);
    this.source = new LiveSource((frame) => this.#readLive(frame));
    this.#analyzer = this.#start();
  }

  get backend(): BackendChoice {
    return this.#backend;
  }

  /** Absolute, ending in `/`. */
  get packUrl(): string {
    const { address, baseUrl } = this.#options;
    return new URL(`models/${address.pack}/`, baseUrl).href;
  }

  /** Whether the frame on the stage is to be shown as in a mirror. */
  get mirrored(): boolean {
    return this.#mirrored.has(this.#store.get().selectedId ?? '');
  }

  get cameraDevice(): string | null {
    return this.#camera?.deviceId ?? null;
  }

  /** Ends the worker and loads the pack anew; what was read stays. */
  reload(backend: BackendChoice = this.#backend): void {
    this.#deep.stop();
    this.#analyzer.dispose();
    this.#backend = backend;
    this.#liveRun = null;
    this.#store.dispatch({ type: 'load-begun' });
    this.#analyzer = this.#start();
    for (const item of this.#store.get().items) {
      if (item.kind === 'picture' && !item.snapshot && item.error && !/^(file|picture)-/.test(item.error.code)) this.retry(item.id);
    }
  }

  /** Each file becomes an item and is read in its turn; the first is shown, unless something is being watched. */
  addFiles(files: File[]): void {
    const watching = this.#camera !== null;
    files.forEach((file, index) => void this.#addFile(file, index === 0 && !watching));
  }

  async addSample(): Promise<void> {
    const sample = await this.#fetchSample();
    if (sample.ok) this.addFiles([sample.value]);
    else this.#notice(sample.error);
  }

  /** Null: the browser's choice. One camera session at a time; another device goes on in the same one. */
  async startCamera(deviceId: string | null = null): Promise<void> {
    const itemId = this.#camera?.itemId ?? this.#newId('camera');
    const fresh = this.#camera === null;
    this.#leave();
    this.#store.dispatch({ type: 'notice', error: null });
    if (fresh) {
      const sessions = this.#store.get().items.filter((item) => item.kind === 'camera').length;
      this.#store.dispatch({
        type: 'item-added',
        item: { id: itemId, kind: 'camera', name: messages.cameraName(sessions + 1) },
        select: true,
      });
      this.live.show(null);
    }
    this.painter.clear();
    this.#camera = { itemId, deviceId };
    this.#store.dispatch({ type: 'camera', phase: 'starting' });
    this.#store.dispatch({ type: 'paused', paused: false });
    const opened = await this.source.openCamera(deviceId, (error) => this.#cameraEnded(itemId, error));
    if (this.#camera?.itemId !== itemId) return;
    if (!opened.ok) {
      if (opened.error.code !== 'cancelled') this.#cameraEnded(itemId, opened.error);
      return;
    }
    this.#camera = { itemId, deviceId: opened.value.deviceId };
    if (this.source.mirrored) this.#mirrored.add(itemId);
    else this.#mirrored.delete(itemId);
    this.painter.reserve(opened.value);
    this.#store.dispatch({ type: 'item-ready', itemId });
    this.#store.dispatch({ type: 'camera', phase: 'on' });
  }

  stopCamera(): void {
    this.#leave();
    // The last frame and its readings stay on the stage.
    this.live.show(this.live.snapshot);
    if (!this.live.snapshot) this.painter.clear();
  }

  /** What is nearest goes first: the text of what is shown, then the camera, then a text elsewhere. */
  stop(): void {
    const state = this.#store.get();
    if (selectedItem(state)?.explanations.some(isOpen)) this.#deep.stop();
    else if (state.camera !== 'off') this.stopCamera();
    else this.#deep.stop();
  }

  select(itemId: string): void {
    const state = this.#store.get();
    if (state.selectedId === itemId) return;
    this.#leave();
    this.#store.dispatch({ type: 'item-selected', itemId });
    const item = selectedItem(this.#store.get());
    if (item) void this.#show(item);
  }

  remove(itemId: string): void {
    const before = this.#store.get().selectedId;
    this.#giveUpDeleted();
    if (before === itemId) this.#leave();
    this.#deep.stopItem(itemId);
    this.#store.dispatch({ type: 'item-deleted', itemId });
    this.#showSelected(before);
  }

  /** A picture is read again, a video or camera goes on. */
  retry(itemId: string): void {
    const item = this.#store.get().items.find((each) => each.id === itemId);
    if (!item) return;
    this.#store.dispatch({ type: 'error-dismissed', itemId });
    if (item.kind === 'picture') void this.#stills.run(() => this.#readStill(itemId));
    else if (item.kind === 'video' || this.#camera) this.setPaused(false);
    else void this.startCamera();
  }

  /** A file that cannot be shown makes room for another one. */
  replace(itemId: string, choose: () => void): void {
    this.remove(itemId);
    choose();
  }

  restore(): void {
    const before = this.#store.get().selectedId;
    this.#leave();
    this.#store.dispatch({ type: 'item-restored' });
    this.#showSelected(before);
  }

  /** The deleted item's memory is freed when it can no longer be restored. */
  forgetDeleted(): void {
    this.#giveUpDeleted();
    this.#store.dispatch({ type: 'item-forgotten' });
  }

  setPaused(paused: boolean): void {
    if (paused) this.source.pause();
    else this.source.resume();
    this.#store.dispatch({ type: 'paused', paused });
  }

  /** Explains what is on the stage now: the frame that is shown, with the readings that are shown. */
  explain(): void {
    const state = this.#store.get();
    const item = selectedItem(state);
    if (!item || item.phase === 'failed') return;
    if (item.explanations.some((run) => isOpen(run) && run.task === state.task && (item.kind === 'picture' || run.phase === 'queued')))
      return;
    const snapshot = item.kind === 'picture' ? item.snapshot : this.live.snapshot;
    if (item.kind !== 'picture' && !snapshot) return;
    const runId = this.#newId('explain');
    this.#store.dispatch({ type: 'explain-asked', itemId: item.id, runId, task: state.task, time: snapshot?.time ?? 0, snapshot });
    const shown = item.kind === 'picture' ? null : this.#keepShown(runId);
    const frame = async (): Promise<MediaFrame | null> => {
      if (item.kind === 'picture') return this.#pictureFrame(item.id, runId);
      const image = await shown;
      return image ? { image: await createImageBitmap(image), time: snapshot?.time ?? 0 } : null;
    };
    this.#deep.add(this.#analyzer, { runId, itemId: item.id, task: state.task, snapshot, frame });
  }

  /** Shows the place of a chip's evidence, on the very frame that was explained. */
  point(run: Explanation, evidence: Explanation['evidence']['cues'][number] | null): void {
    const image = this.frames.get(run.runId);
    if (evidence && image) void this.painter.peek(image);
    if (!evidence) this.painter.endPeek();
    this.#store.dispatch({ type: 'highlight', target: evidence ? { runId: run.runId, evidence } : null });
  }

  #start(): Analyzer {
    const analyzer = this.#options.startAnalyzer((event) => this.#hear(event));
    const { address, baseUrl } = this.#options;
    void analyzer.load({
      packUrl: this.packUrl,
      wasmUrl: new URL('ort/', baseUrl).href,
      backend: this.#backend,
      graphBackends: address.graphBackends,
      threads: 0,
      choices: loadChoices(),
    });
    return analyzer;
  }

  /** Times this machine on the sample; what is running is paused. */
  async benchmark(signal: AbortSignal, onProgress: (share: number) => void): Promise<Result<BenchmarkResult>> {
    const { info } = this.#store.get().model;
    if (!info) return fail(wireError('model-not-ready', 'The model is still loading.', 'Wait a moment, then try again.'));
    this.setPaused(true);
    this.#deep.stop();
    const file = await this.#fetchSample();
    if (!file.ok) return file;
    const sample = await createImageBitmap(file.value);
    const sourceId = this.#newId('benchmark');
    try {
      return await runBenchmark(
        signal,
        {
          read: (ended, frame) =>
            this.#collect((runId) => this.#analyzer.read(ended, frame, { runId, sourceId, mode: 'live', smoothing: this.smoothing })),
          explain: (ended, frame) =>
            this.#collect((runId) =>
              this.#analyzer.explain(ended, frame, {
                runId,
                sourceId,
                task: 'emotion',
                readings: null,
                words: null,
                maxNewTokens: MAX_NEW_TOKENS,
              }),
            ),
        },
        { model: info, sample, onProgress },
      );
    } finally {
      sample.close();
    }
  }

  /** A run whose events come back instead of going to the page. */
  async #collect(start: (runId: string) => Promise<void>): Promise<AnalysisEvent[]> {
    const runId = this.#newId('apart');
    const events: AnalysisEvent[] = [];
    this.#apart.set(runId, events);
    try {
      await start(runId);
    } finally {
      this.#apart.delete(runId);
    }
    return events;
  }

  #hear(event: AnalysisEvent): void {
    const apart = 'runId' in event ? this.#apart.get(event.runId) : undefined;
    if (apart) {
      apart.push(event);
      return;
    }
    const live = this.#liveRun;
    if ('runId' in event && live?.runId === event.runId) {
      if (event.type === 'readings') this.#showLive(live.itemId, event);
      if (event.type === 'failed' && event.error.code !== 'cancelled') this.#liveFailed(live.itemId, event.error);
      return;
    }
    if ('runId' in event && event.runId.startsWith('live-')) return; // of a camera or video that was left meanwhile
    this.#store.dispatch({ type: 'event', event });
    if (event.type === 'ready' && event.info.choices) saveChoices(event.info.choices);
    if (event.type === 'readings') this.#showStill();
    if (event.type === 'ready' || event.type === 'load-failed') {
      if (event.part === 'reader' || event.type === 'load-failed') for (const resolve of this.#readerWaiters.splice(0)) resolve();
      void this.#deep.pump(this.#analyzer);
    }
  }

  async #fetchSample(): Promise<Result<File>> {
    try {
      const response = await fetch(new URL('samples/astronaut.jpg', this.#options.baseUrl));
      if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
      return ok(new File([await response.blob()], messages.sampleName, { type: 'image/jpeg' }));
    } catch (error) {
      return fail(wireError('file-unreadable', 'The sample is not there.', 'Open a picture of your own.', String(error)));
    }
  }

  #showLive(itemId: string, snapshot: Snapshot): void {
    this.painter.reveal();
    this.live.publish(
      { time: snapshot.time, width: snapshot.width, height: snapshot.height, readings: snapshot.readings },
      performance.now(),
    );
    // 468 landmarks a face and frame would fill the memory in minutes; the export leaves them out, too.
    const rows = this.recorded.get(itemId) ?? [];
    for (const reading of snapshot.readings) rows.push({ ...reading, landmarks: new Float32Array(0) });
    this.recorded.set(itemId, rows);
    const item = this.#store.get().items.find((each) => each.id === itemId);
    const { canvas } = this.painter;
    if (item && !item.thumbnail && canvas.width > 0) void this.#thumbnail(itemId, canvas, canvas.width, canvas.height);
  }

  #showStill(): void {
    const item = selectedItem(this.#store.get());
    if (item?.kind === 'picture' && item.snapshot !== this.live.snapshot) this.live.show(item.snapshot);
  }

  #liveFailed(itemId: string, error: WireError): void {
    this.setPaused(true);
    this.#store.dispatch({ type: 'item-failed', itemId, error });
  }

  async #readLive(frame: MediaFrame): Promise<void> {
    const { model, selectedId } = this.#store.get();
    if (selectedId === null || model.parts.reader.phase !== 'ready') {
      frame.image.close();
      return;
    }
    const run = { runId: this.#newId('live'), itemId: selectedId };
    this.#liveRun = run;
    this.painter.hold(frame.image);
    await this.#analyzer.read(new AbortController().signal, frame, {
      runId: run.runId,
      sourceId: run.itemId,
      mode: 'live',
      smoothing: this.smoothing,
    });
  }

  async #addFile(file: File, select: boolean): Promise<void> {
    const kind = await fileKind(file);
    const id = this.#newId('item');
    const shown = select || this.#store.get().selectedId === null;
    if (shown) this.#leave();
    this.#shelf.add(id, file);
    this.#store.dispatch({ type: 'item-added', item: { id, kind: kind.ok ? kind.value.kind : 'picture', name: file.name }, select: shown });
    if (!kind.ok) {
      this.#store.dispatch({ type: 'item-failed', itemId: id, error: kind.error });
      if (shown) this.#clearStage();
      return;
    }
    const item = this.#store.get().items.find((each) => each.id === id);
    if (shown && item) void this.#show(item);
    if (kind.value.kind === 'picture') await this.#stills.run(() => this.#readStill(id));
  }

  async #readStill(itemId: string): Promise<void> {
    const picture = await this.#shelf.open(itemId);
    if (!picture || !this.#has(itemId)) return;
    if (!picture.ok) {
      this.#store.dispatch({ type: 'item-failed', itemId, error: picture.error });
      return;
    }
    const { image, width, height } = picture.value;
    await this.#thumbnail(itemId, image, width, height);
    const refused = await this.#readerReady();
    if (!this.#has(itemId)) return;
    if (refused) {
      this.#store.dispatch({ type: 'item-failed', itemId, error: refused });
      return;
    }
    const again = await this.#shelf.open(itemId);
    if (!again?.ok) return;
    const runId = this.#newId('read');
    this.#store.dispatch({ type: 'read-asked', itemId, runId });
    const frame = await again.value.frame();
    await this.#analyzer.read(new AbortController().signal, frame, { runId, sourceId: itemId, mode: 'still', smoothing: 0 });
    void this.#deep.pump(this.#analyzer);
  }

  /** Resolves when pictures can be read, with the reason where they never will. */
  async #readerReady(): Promise<WireError | null> {
    for (;;) {
      const { faces, reader } = this.#store.get().model.parts;
      if (reader.phase === 'ready') return null;
      const error = reader.error ?? faces.error;
      if (error) return error;
      await new Promise<void>((resolve) => this.#readerWaiters.push(resolve));
    }
  }

  /** Puts a picture or a video on the stage; a camera session that was left stands at its last frame. */
  async #show(item: Item): Promise<void> {
    this.live.show(item.snapshot);
    this.painter.clear();
    const file = this.#shelf.file(item.id);
    const last = this.#lastFrames.get(item.id);
    if (item.kind === 'camera' && last) this.painter.show(last);
    if (item.kind === 'camera' || !file) return;
    if (item.kind === 'video') {
      const video = await this.source.openVideo(file, (error) => this.#store.dispatch({ type: 'item-failed', itemId: item.id, error }));
      if (this.#store.get().selectedId !== item.id) return;
      if (video.ok) {
        this.painter.reserve(video.value);
        this.#store.dispatch({ type: 'item-ready', itemId: item.id });
      } else if (video.error.code !== 'cancelled') {
        this.#store.dispatch({ type: 'item-failed', itemId: item.id, error: video.error });
      }
      return;
    }
    const picture = await this.#shelf.open(item.id);
    if (picture?.ok && this.#store.get().selectedId === item.id) this.painter.show(picture.value.image);
  }

  #showSelected(before: string | null): void {
    const item = selectedItem(this.#store.get());
    if (item && item.id !== before) void this.#show(item);
    if (!item) this.#clearStage();
  }

  /** Neither a picture nor readings: they would be another item's. */
  #clearStage(): void {
    this.live.show(null);
    this.painter.clear();
  }

  /** Closes the camera or video on the stage. */
  #leave(): void {
    this.#liveRun = null;
    this.source.close();
    this.painter.endPeek();
    this.#store.dispatch({ type: 'highlight', target: null });
    const item = selectedItem(this.#store.get());
    if (item && item.kind !== 'picture' && this.live.snapshot) {
      this.#store.dispatch({ type: 'live-left', itemId: item.id, snapshot: this.live.snapshot });
    }
    if (this.#camera) {
      const { itemId } = this.#camera;
      void this.painter.copy().then((image) => image && this.#lastFrames.keep(itemId, image));
      this.#camera = null;
      this.#store.dispatch({ type: 'camera', phase: 'off' });
    }
  }

  #cameraEnded(itemId: string, error: WireError): void {
    if (this.#camera?.itemId !== itemId) return;
    this.#leave();
    const read = this.recorded.has(itemId);
    if (read) this.#store.dispatch({ type: 'item-failed', itemId, error });
    else {
      this.#store.dispatch({ type: 'item-deleted', itemId });
      this.#store.dispatch({ type: 'item-forgotten' });
      this.#notice(error);
    }
    this.#showSelected(read ? null : itemId);
  }

  /** The frame on show, kept for the chips of this run. */
  async #keepShown(runId: string): Promise<ImageBitmap | null> {
    const image = await this.painter.copy();
    if (image) this.frames.keep(runId, image);
    return image;
  }

  async #pictureFrame(itemId: string, runId: string): Promise<MediaFrame | null> {
    const picture = await this.#shelf.open(itemId);
    if (picture?.ok) return picture.value.frame();
    if (picture) this.#store.dispatch({ type: 'event', event: { type: 'failed', runId, error: picture.error } });
    return null;
  }

  async #thumbnail(itemId: string, image: CanvasImageSource, width: number, height: number): Promise<void> {
    const url = await makeThumbnail(image, width, height);
    if (url) this.#store.dispatch({ type: 'item-thumbnail', itemId, url });
  }

  #giveUpDeleted(): void {
    const { deleted } = this.#store.get();
    if (!deleted) return;
    this.#shelf.forget(deleted.item.id);
    this.recorded.delete(deleted.item.id);
    this.frames.forget(deleted.item.explanations.map((run) => run.runId));
    this.#lastFrames.forget([deleted.item.id]);
    if (deleted.item.thumbnail) URL.revokeObjectURL(deleted.item.thumbnail);
  }

  #has(itemId: string): boolean {
    return this.#store.get().items.some((item) => item.id === itemId);
  }

  #notice(error: WireError): void {
    this.#store.dispatch({ type: 'notice', error });
  }

  #newId(prefix: string): string {
    this.#ids += 1;
    return `${prefix}-${this.#ids}`;
  }
}
