import { points68 } from '../export/landmarks-68.ts';
import type { Mark, SessionReading } from '../export/session.ts';
import type { MediaFrame } from '../media/frame.ts';
import { fileKind } from '../media/kinds.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import type { BackendChoice } from '../shared/labels.ts';
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
import { type Peak, PeakTurns } from './peaks.ts';
import { type Candidate, mergeCandidates, NOBODY_KNOWN } from './people.ts';
import { compressed, makeThumbnail, PictureShelf } from './picture-shelf.ts';
import type { SessionSource, Standing } from './session-keeper.ts';
import { itemFrom, type KeptItem, type KeptSession } from './session-record.ts';
import { type AddressOptions, loadChoices, saveChoices } from './settings.ts';
import { StagePainter } from './stage-painter.ts';
import type { StateStore } from './state-store.ts';
import { TimelineTrack } from './timeline-track.ts';

interface ControllerOptions {
  store: StateStore;
  startAnalyzer: StartAnalyzer;
  address: AddressOptions;
  /** What the settings say; the address wins. */
  backend: BackendChoice;
  smoothing: number;
  explainPeaks: boolean;
  /** Everything is found relative to this: the pack, the wasm files, the sample. */
  baseUrl: string;
}

/** A frame with a change of expression that may be explained by itself. */
interface PeakFrame {
  itemId: string;
  snapshot: Snapshot;
  image: Promise<ImageBitmap | null>;
}

/** What happens when: files in turn, frames at the analysis' pace, explanations in a queue. Components only call it. */
export class SessionController implements SessionSource {
  readonly painter = new StagePainter();
  readonly live = new LiveReadings();
  readonly source: LiveSource;
  readonly frames = new KeptFrames();
  /** Readings of cameras and videos, by item, for the export. */
  readonly recorded = new Map<string, SessionReading[]>();
  smoothing: number;
  /** Media time that the user went to in a camera session, or in a video that is not there any more, in seconds; null: the present. */
  moment: number | null = null;
  #explainPeaks: boolean;
  readonly #tracks = new Map<string, TimelineTrack>();
  readonly #turns = new PeakTurns<PeakFrame>(({ image }) => void image.then((each) => each?.close()));
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
  /** Kept videos that came back: not opened, and so not read, before somebody plays them. */
  readonly #resting = new Set<string>();
  /** The tracker counts from one again after a reload: new faces of a kept video come after those that it had. */
  readonly #facesBefore = new Map<string, number>();
  /** Ids are kept across visits: no two pages may give the same. */
  readonly #page = crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? '';
  #ids = 0;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#backend = options.address.backend ?? options.backend;
    this.smoothing = options.smoothing;
    this.#explainPeaks = options.explainPeaks;
    this.#deep = new DeepQueue(options.store);
    this.source = new LiveSource((frame) => this.#readLive(frame));
    this.#analyzer = this.#start();
    options.store.subscribe(() => this.live.setPeople(selectedItem(options.store.get())?.people ?? NOBODY_KNOWN));
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
    this.live.show(this.live.measured);
    if (!this.live.measured) this.painter.clear();
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
    const item = selectedItem(this.#store.get());
    if (!paused && item && this.#resting.delete(item.id)) void this.#openVideo(item, item.snapshot?.time ?? 0);
    else if (paused) this.source.pause();
    else this.source.resume();
    this.#store.dispatch({ type: 'paused', paused });
  }

  /** Who of the camera session or video on the stage may be the same person as a face; nobody in a picture. */
  mergeCandidates(faceId: number): Candidate[] {
    const item = selectedItem(this.#store.get());
    return item && item.kind !== 'picture' ? mergeCandidates(this.recorded.get(item.id) ?? [], item.people, faceId) : [];
  }

  /** Explains what is on the stage now: the frame that is shown, with the readings that are shown. */
  explain(): void {
    const state = this.#store.get();
    const item = selectedItem(state);
    if (!item || item.phase === 'failed') return;
    if (
      item.explanations.some(
        (run) => isOpen(run) && !run.auto && run.task === state.task && (item.kind === 'picture' || run.phase === 'queued'),
      )
    )
      return;
    const snapshot = item.kind === 'picture' ? item.snapshot : this.live.snapshot;
    if (item.kind !== 'picture' && !snapshot) return;
    // What began by itself makes way for what was asked for.
    this.#turns.clear();
    for (const run of state.items.flatMap((each) => each.explanations)) if (run.auto && isOpen(run)) this.#deep.stopRun(run.runId);
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

  setExplainPeaks(on: boolean): void {
    this.#explainPeaks = on;
    if (!on) this.#turns.clear();
  }

  /** What the timeline of a camera or video shows, up to the last reading. */
  track(itemId: string): TimelineTrack {
    const track = this.#tracks.get(itemId) ?? new TimelineTrack();
    this.#tracks.set(itemId, track);
    track.catchUp(this.recorded.get(itemId) ?? []);
    return track;
  }

  /** Media time of the moment that is shown or was gone to, in seconds; null for a picture, and before the first reading. */
  present(): number | null {
    const item = selectedItem(this.#store.get());
    if (!item || item.kind === 'picture') return null;
    const { element } = this.source;
    if (item.kind === 'video' && !this.#resting.has(item.id) && element.readyState > 0) return element.currentTime;
    return this.moment ?? this.live.snapshot?.time ?? null;
  }

  /** Goes to another moment of the video or camera session on the stage. Null: back to the present. */
  goTo(time: number | null): void {
    const item = selectedItem(this.#store.get());
    if (!item || item.kind === 'picture') return;
    this.#endPeek();
    if (item.kind === 'camera' || !this.#shelf.file(item.id)) this.moment = time;
    else if (time === null) return;
    else if (this.#resting.delete(item.id)) {
      this.#store.dispatch({ type: 'paused', paused: false });
      void this.#openVideo(item, time);
    } else this.source.element.currentTime = time;
  }

  /** Goes to the moment of an explanation: of a camera session, its frame is shown where it is still there. */
  showRun(run: Explanation): void {
    this.goTo(run.time);
    const image = this.frames.get(run.runId);
    if (!image || selectedItem(this.#store.get())?.kind !== 'camera') return;
    void this.painter.peek(image);
    this.#store.dispatch({ type: 'highlight', target: { runId: run.runId, evidence: null } });
  }

  /** Back from an explained frame to what the stage showed. Whether there was one to go back from. */
  endShow(): boolean {
    const { highlight } = this.#store.get();
    if (!highlight || highlight.evidence) return false;
    this.goTo(null);
    return true;
  }

  /** Marks the present moment. Gives the mark; null where there is no moment to mark. */
  addMark(): Mark | null {
    const item = selectedItem(this.#store.get());
    const time = this.present();
    if (!item || time === null) return null;
    const mark: Mark = { id: this.#newId('mark'), kind: 'event', time, end: null, text: '' };
    this.#store.dispatch({ type: 'mark-set', itemId: item.id, mark });
    return mark;
  }

  /** Shows the place of a chip's evidence, on the very frame that was explained. */
  point(run: Explanation, evidence: Explanation['evidence']['cues'][number] | null): void {
    const image = this.frames.get(run.runId);
    if (evidence && image) void this.painter.peek(image);
    if (!evidence) this.painter.endPeek();
    this.#store.dispatch({ type: 'highlight', target: evidence ? { runId: run.runId, evidence } : null });
  }

  file(itemId: string): Blob | null {
    return this.#shelf.file(itemId);
  }

  thumbnail(itemId: string): Blob | null {
    return this.#shelf.thumbnail(itemId);
  }

  isMirrored(itemId: string): boolean {
    return this.#mirrored.has(itemId);
  }

  async explainedFrame(runId: string): Promise<Blob | null> {
    const image = this.frames.get(runId);
    return image && compressed(image);
  }

  async standing(itemId: string): Promise<Standing | null> {
    const item = this.#store.get().items.find((each) => each.id === itemId);
    if (!item) return null;
    const resting = this.#resting.has(itemId);
    const onStage = item.kind === 'camera' ? this.#camera?.itemId === itemId : this.#store.get().selectedId === itemId && !resting;
    // Of a video that was left there is no picture any more: what was kept of it while it played stays.
    if (!onStage && item.kind === 'video' && !resting) return null;
    const snapshot = onStage ? this.live.measured : item.snapshot;
    const last = onStage ? await this.painter.copy() : this.#lastFrames.get(itemId);
    if (!snapshot || !last) return null;
    const image = await compressed(last);
    if (onStage) last.close();
    return { snapshot, image };
  }

  rest(): void {
    const item = selectedItem(this.#store.get());
    this.#deep.stop();
    this.#leave();
    if (item?.kind !== 'video' || this.#resting.has(item.id)) return;
    // It stays on the stage where no other session takes its place: Play opens it again.
    this.#resting.add(item.id);
    this.#store.dispatch({ type: 'paused', paused: true });
    void this.painter.copy().then((image) => image && this.#lastFrames.keep(item.id, image));
  }

  openSession(session: KeptSession | null): void {
    this.rest();
    this.#giveUpDeleted();
    for (const item of this.#store.get().items) this.#forget(item);
    const items = (session?.items ?? []).map((kept) => this.#takeBack(kept));
    const wanted = session?.record.selectedId ?? null;
    const selectedId = items.some((item) => item.id === wanted) ? wanted : (items[0]?.id ?? null);
    this.#store.dispatch({ type: 'session-opened', items, selectedId, task: session?.record.task ?? this.#store.get().task });
    this.#showSelected(null);
    for (const { record, last, frames } of session?.items ?? []) {
      for (const [runId, blob] of frames) void this.#decode(record.id, blob, (image) => this.frames.keep(runId, image));
      if (last) void this.#decode(record.id, last, (image) => this.#showLast(record.id, image));
    }
    for (const item of items)
      if (item.kind === 'picture' && item.phase === 'waiting') void this.#stills.run(() => this.#readStill(item.id));
  }

  #takeBack(kept: KeptItem): Item {
    const item = itemFrom(kept);
    const { record, readings, file, thumbnail } = kept;
    if (file) this.#shelf.add(item.id, file);
    if (thumbnail) this.#shelf.addThumbnail(item.id, thumbnail);
    if (record.mirrored) this.#mirrored.add(item.id);
    if (item.kind !== 'picture') {
      this.recorded.set(item.id, readings);
      this.#facesBefore.set(
        item.id,
        readings.reduce((most, reading) => Math.max(most, reading.faceId), 0),
      );
    }
    if (item.kind === 'video') this.#resting.add(item.id);
    return { ...item, thumbnail: thumbnail && URL.createObjectURL(thumbnail) };
  }

  /** A picture that cannot be decoded is as good as none. */
  async #decode(itemId: string, blob: Blob, keep: (image: ImageBitmap) => void): Promise<void> {
    const image = await createImageBitmap(blob).catch(() => null);
    if (image && this.#has(itemId)) keep(image);
    else image?.close();
  }

  #showLast(itemId: string, image: ImageBitmap): void {
    this.#lastFrames.keep(itemId, image);
    const { selectedId } = this.#store.get();
    if (selectedId === itemId && this.painter.canvas.width === 0) this.painter.show(image);
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
    const before = this.#facesBefore.get(itemId) ?? 0;
    const readings = before === 0 ? snapshot.readings : snapshot.readings.map((each) => ({ ...each, faceId: each.faceId + before }));
    this.live.publish({ time: snapshot.time, width: snapshot.width, height: snapshot.height, readings }, performance.now());
    // 468 landmarks a face and frame would fill the memory in minutes: the 68 that the exports write are kept.
    const rows = this.recorded.get(itemId) ?? [];
    for (const reading of readings) {
      rows.push({ ...reading, landmarks: new Float32Array(0), points: points68(reading.landmarks) });
    }
    this.recorded.set(itemId, rows);
    const track = this.#tracks.get(itemId) ?? new TimelineTrack();
    this.#tracks.set(itemId, track);
    this.#heedPeaks(itemId, track.catchUp(rows));
    const item = this.#store.get().items.find((each) => each.id === itemId);
    const { canvas } = this.painter;
    if (item && !item.thumbnail && canvas.width > 0) void this.#thumbnail(itemId, canvas, canvas.width, canvas.height);
  }

  /** Called with every live frame: a peak may have waited for its turn. */
  #heedPeaks(itemId: string, peaks: Peak[]): void {
    const state = this.#store.get();
    const { snapshot } = this.live;
    if (!this.#explainPeaks || !snapshot || state.model.parts['language-model'].phase !== 'ready') return;
    // While an explained frame is looked at, the new ones are not on the stage.
    if (peaks.length > 0 && !state.highlight) this.#turns.offer({ itemId, snapshot, image: this.painter.copy() });
    const busy = state.items.some((item) => item.explanations.some(isOpen));
    const turn = this.#turns.take(performance.now() / 1000, busy);
    if (turn) this.#explainPeak(turn);
  }

  #explainPeak({ itemId, snapshot, image }: PeakFrame): void {
    const { task } = this.#store.get();
    const runId = this.#newId('explain');
    const { time } = snapshot;
    this.#store.dispatch({ type: 'explain-asked', itemId, runId, task, time, snapshot, auto: true });
    const kept = image.then((each) => each && this.#keepFrame(runId, each));
    const frame = async (): Promise<MediaFrame | null> => {
      const shown = await kept;
      return shown && { image: await createImageBitmap(shown), time };
    };
    this.#deep.add(this.#analyzer, { runId, itemId, task, snapshot, frame });
  }

  #keepFrame(runId: string, image: ImageBitmap): ImageBitmap {
    this.frames.keep(runId, image);
    return image;
  }

  #endPeek(): void {
    if (!this.#store.get().highlight) return;
    this.painter.endPeek();
    this.#store.dispatch({ type: 'highlight', target: null });
  }

  #showStill(): void {
    const item = selectedItem(this.#store.get());
    if (item?.kind === 'picture' && item.snapshot !== this.live.measured) this.live.show(item.snapshot);
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
    const stands = item.kind === 'camera' || this.#resting.has(item.id);
    if (stands && last) this.painter.show(last);
    if (stands && item.kind === 'video') this.#store.dispatch({ type: 'paused', paused: true });
    if (stands || !file) return;
    if (item.kind === 'video') return this.#openVideo(item, 0);
    const picture = await this.#shelf.open(item.id);
    if (picture?.ok && this.#store.get().selectedId === item.id) this.painter.show(picture.value.image);
  }

  async #openVideo(item: Item, from: number): Promise<void> {
    const file = this.#shelf.file(item.id);
    if (!file) return;
    const video = await this.source.openVideo(file, from, (error) => this.#store.dispatch({ type: 'item-failed', itemId: item.id, error }));
    if (this.#store.get().selectedId !== item.id) return;
    if (video.ok) {
      this.painter.reserve(video.value);
      this.#store.dispatch({ type: 'item-ready', itemId: item.id });
    } else if (video.error.code !== 'cancelled') {
      this.#store.dispatch({ type: 'item-failed', itemId: item.id, error: video.error });
    }
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
    this.#turns.clear();
    this.moment = null;
    this.source.close();
    this.painter.endPeek();
    this.#store.dispatch({ type: 'highlight', target: null });
    const item = selectedItem(this.#store.get());
    if (item && item.kind !== 'picture' && this.live.measured) {
      this.#store.dispatch({ type: 'live-left', itemId: item.id, snapshot: this.live.measured });
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
    const blob = await makeThumbnail(image, width, height);
    if (!blob) return;
    this.#shelf.addThumbnail(itemId, blob);
    this.#store.dispatch({ type: 'item-thumbnail', itemId, url: URL.createObjectURL(blob) });
  }

  #giveUpDeleted(): void {
    const { deleted } = this.#store.get();
    if (deleted) this.#forget(deleted.item);
  }

  /** Frees all that is held for an item. */
  #forget(item: Item): void {
    this.#shelf.forget(item.id);
    this.recorded.delete(item.id);
    this.#tracks.delete(item.id);
    this.frames.forget(item.explanations.map((run) => run.runId));
    this.#lastFrames.forget([item.id]);
    this.#mirrored.delete(item.id);
    this.#resting.delete(item.id);
    this.#facesBefore.delete(item.id);
    if (item.thumbnail) URL.revokeObjectURL(item.thumbnail);
  }

  #has(itemId: string): boolean {
    return this.#store.get().items.some((item) => item.id === itemId);
  }

  #notice(error: WireError): void {
    this.#store.dispatch({ type: 'notice', error });
  }

  #newId(prefix: string): string {
    this.#ids += 1;
    return `${prefix}-${this.#page}-${this.#ids}`;
  }
}
