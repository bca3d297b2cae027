import { stillAt } from '../media/video-seek.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import type { BackendChoice } from '../shared/labels.ts';
import type { ThreadRequests } from '../shared/requests.ts';
import { fail } from '../shared/result.ts';
import type { LoadOptions } from '../workers/api.ts';
import { type Item, isMendable, isOpen, selectedItem } from './analysis-state.ts';
import type { StartAnalyzer } from './analyzer.ts';
import { CameraRest } from './camera-rest.ts';
import { CameraSession } from './camera-session.ts';
import { CameraTakes } from './camera-takes.ts';
import { Explainer } from './explainer.ts';
import { HeldVideo } from './held-video.ts';
import { ItemStage } from './item-stage.ts';
import { setThumbnail } from './item-thumbnail.ts';
import { KnownFrames, type RecordedAt } from './known-frames.ts';
import { LivePeaks } from './live-peaks.ts';
import { LiveReader } from './live-reader.ts';
import { LiveReadings } from './live-readings.ts';
import { LiveSource } from './live-source.ts';
import { messages } from './messages.ts';
import { OpenedFiles } from './opened-files.ts';
import type { PackChoice } from './pack-choice.ts';
import { PageAnalyzer } from './page-analyzer.ts';
import { PageBenchmark } from './page-benchmark.ts';
import { PeakRounds } from './peak-rounds.ts';
import type { Peak } from './peaks.ts';
import { type Candidate, mergeCandidates, NOBODY_KNOWN } from './people.ts';
import { PerformanceLog } from './performance-log.ts';
import { PictureMode } from './picture-mode.ts';
import { PictureReader } from './picture-reader.ts';
import { PictureShelf } from './picture-shelf.ts';
import { ReadingLog } from './reading-log.ts';
import type { PieceStore } from './recording.ts';
import type { Interruption } from './recovery.ts';
import { fetchSample } from './sample-picture.ts';
import type { SessionSource, Standing } from './session-keeper.ts';
import { itemFrom, type KeptItem, type KeptSession } from './session-record.ts';
import { type AddressOptions, saveChoices } from './settings.ts';
import { StageMoment } from './stage-moment.ts';
import { StagePainter } from './stage-painter.ts';
import type { StateStore } from './state-store.ts';
import type { TimelineLook } from './timeline-look.ts';
import type { JobWish } from './video-job.ts';
import { VideoJobs } from './video-jobs.ts';
import { VideoReader } from './video-reader.ts';

interface ControllerOptions {
  store: StateStore;
  startAnalyzer: StartAnalyzer;
  address: AddressOptions;
  /** What the settings say; the address wins. */
  backend: BackendChoice;
  /** Those in use from the start. */
  packs: PackChoice;
  smoothing: number;
  explainPeaks: boolean;
  /** Whether the user has read what comes before the first camera. */
  cameraNoticed: boolean;
  /** Whether a video file's index can be gone through; absent: it is taken for granted. */
  hasEnd?: (file: Blob) => Promise<boolean>;
  /** Where a recorded video goes piece by piece; absent: it lies in memory until it is whole. */
  pieces?: PieceStore;
  /** Everything is found relative to this: the pack, the wasm files, the sample. */
  baseUrl: string;
}

/**
 * Puts the page's parts together: what ends when something else begins, who hears what the analysis says, what goes with an item. Components
 * call it, or the part that it is about.
 */
export class SessionController implements SessionSource {
  readonly painter = new StagePainter();
  readonly live = new LiveReadings();
  readonly source: LiveSource;
  readonly files: OpenedFiles;
  readonly camera: CameraSession;
  readonly cameraRest: CameraRest;
  readonly takes: CameraTakes;
  readonly videoJobs: VideoJobs;
  /** What was read of cameras and videos. */
  readonly readings = new ReadingLog();
  /** Of that, the rows alone. */
  readonly recorded = this.readings.rows;
  readonly moment: StageMoment;
  /** How timelines were looked at last, by item. */
  readonly looks = new Map<string, TimelineLook>();
  readonly explainer: Explainer;
  readonly livePeaks: LivePeaks;
  readonly peakRounds: PeakRounds;
  readonly performance = new PerformanceLog();
  readonly pictureMode = new PictureMode();
  readonly benchmark: PageBenchmark;
  smoothing: number;
  readonly #store: StateStore;
  readonly #analyzer: PageAnalyzer;
  readonly #shelf = new PictureShelf();
  readonly #stage: ItemStage;
  readonly #pictures: PictureReader;
  readonly #liveReader: LiveReader;
  readonly #heldVideo: HeldVideo;
  readonly #videoReader: VideoReader;
  /** Ids are kept across visits: no two pages may give the same. */
  readonly #page = crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? '';
  #ids = 0;

  constructor(options: ControllerOptions) {
    const { store, baseUrl } = options;
    const { painter, live, readings } = this;
    const shelf = this.#shelf;
    const analyzer = () => this.#analyzer.current;
    const newId = (prefix: string) => this.#newId(prefix);
    const smoothing = () => this.smoothing;
    const recordedAt: RecordedAt = (item, time) => this.videoJobs.recordedAt(item, time);
    const known = new KnownFrames(readings, recordedAt);
    const leave = () => this.#leave();
    this.#store = store;
    this.smoothing = options.smoothing;
    const source = new LiveSource(
      (frame) => this.#liveReader.read(frame),
      (time) => {
        this.#liveReader.frameGiven();
        this.takes.recording.frame(time);
      },
    );
    this.source = source;
    const stage = new ItemStage({ store, painter, live, source, shelf, known });
    this.#stage = stage;
    this.#heldVideo = new HeldVideo(source);
    this.#pictures = new PictureReader({ store, shelf, analyzer, newId, onRead: () => this.explainer.pump() });
    this.#videoReader = new VideoReader({ analyzer, newId, ...(options.hasEnd && { hasEnd: options.hasEnd }) });
    this.videoJobs = new VideoJobs({
      store,
      read: this.#videoReader.read,
      file: (itemId) => shelf.file(itemId),
      recorded: this.recorded,
      smoothing,
      onFrames: (itemId, times, anew) => {
        readings.readByJob(itemId, times, anew);
        this.#liveReader.readByJob(itemId, source.element);
      },
      onDropped: (itemId, inside) => readings.drop(itemId, inside),
      onEnd: (itemId) => readings.newTracker(itemId),
    });
    this.explainer = new Explainer({
      store,
      painter,
      live,
      known,
      analyzer,
      newId,
      picture: (itemId, runId) => this.#pictures.frame(itemId, runId),
      makeWay: () => {
        this.peakRounds.makeWay();
        this.livePeaks.clear();
      },
      replayed: () => this.takes.replayed,
    });
    this.livePeaks = new LivePeaks({ store, painter, live, explainer: this.explainer, isOn: options.explainPeaks });
    this.peakRounds = new PeakRounds({
      store,
      still: async (signal, itemId, time) => {
        const file = shelf.file(itemId);
        return file ? stillAt(signal, file, time) : fail(wireError('file-unreadable', ...messages.jobs.fileGone));
      },
      recorded: (item, { image, time }) => known.recorded(item, image, time),
      newRun: () => this.explainer.newRun(),
      begin: (run, { image, time }) => this.explainer.add(run, this.explainer.keep(run.runId, image), time),
      stopRun: (runId) => this.explainer.stopRun(runId),
      withdraw: (runId) => this.explainer.withdraw(runId),
    });
    this.#liveReader = new LiveReader({
      store,
      painter,
      live,
      log: readings,
      known,
      performance: this.performance,
      pictureMode: this.pictureMode,
      analyzer,
      newId,
      smoothing,
      recordedAt,
      onRead: (itemId, peaks) => this.#liveRead(itemId, peaks),
      onFailed: (itemId, error) => this.#liveFailed(itemId, error),
    });
    this.takes = new CameraTakes({
      store,
      painter,
      live,
      recorded: this.recorded,
      pieces: options.pieces ?? null,
      newId: () => newId('take'),
      places: (snapshot, time) => stage.places(snapshot, time),
      lastFrame: (itemId) => stage.lastFrame(itemId),
      onMoment: (time) => {
        this.moment.time = time;
      },
      onProblem: (error) => store.dispatch({ type: 'notice', error }),
    });
    this.camera = new CameraSession({
      store,
      painter,
      live,
      source,
      stage,
      takes: this.takes,
      log: readings,
      newId,
      isNoticed: options.cameraNoticed,
      leave,
      onStart: () => this.cameraRest.forget(),
    });
    document.addEventListener('visibilitychange', () => this.camera.restRecording());
    this.cameraRest = new CameraRest({
      page: document,
      end: () => {
        const { open } = this.camera;
        if (open) this.camera.stop();
        return open;
      },
      goOn: ({ itemId, deviceId }) => void this.camera.start(deviceId, itemId),
    });
    this.moment = new StageMoment({
      store,
      painter,
      live,
      source,
      stage,
      camera: this.camera,
      takes: this.takes,
      log: readings,
      frames: this.explainer.frames,
      hasFile: (itemId) => shelf.file(itemId) !== null,
      newId,
    });
    this.files = new OpenedFiles({
      store,
      shelf,
      pictures: this.#pictures,
      videoJobs: this.videoJobs,
      newId,
      baseUrl,
      isWatching: () => this.camera.open !== null,
      leave,
      show: (item) => {
        if (item) void stage.show(item);
        else stage.clear();
      },
    });
    this.benchmark = new PageBenchmark({
      analyzer,
      newId,
      model: () => store.get().model.info,
      smoothing,
      sample: () => fetchSample(baseUrl),
      makeWay: () => {
        this.setPaused(true);
        this.#stopTexts();
      },
    });
    this.#analyzer = new PageAnalyzer({
      start: options.startAnalyzer,
      address: options.address,
      backend: options.backend,
      packs: options.packs,
      baseUrl,
      hear: (event) => this.#hear(event),
      onLost: (interruption) => this.#interrupted(interruption),
      onRestart: () => {
        this.#liveReader.leave();
        this.#beginLoad();
      },
    });
    store.subscribe(() => live.setPeople(stage.item?.people ?? NOBODY_KNOWN));
  }

  get backend(): BackendChoice {
    return this.#analyzer.backend;
  }

  /** Resolves when the pack is loaded, or has failed to, and is written to where the browser keeps it. */
  get loaded(): Promise<void> {
    return this.#analyzer.loaded;
  }

  /** Absolute, ending in `/`. */
  get packUrl(): string {
    return this.loadOptions(this.packName).packUrl;
  }

  /** Of the folder under `models/`. */
  get packName(): string {
    return this.#analyzer.packName;
  }

  /** Packs of this browser's store that are in use. */
  get packs(): PackChoice {
    return this.#analyzer.packs;
  }

  /** Loads anew with other packs; what was read stays. */
  changePacks(packs: PackChoice): void {
    this.reload(this.backend, packs);
  }

  /** What it takes to load a pack beside this page, as it is used here, or stored ones in its place. */
  loadOptions(pack: string, packs?: PackChoice): LoadOptions {
    return this.#analyzer.loadOptions(pack, packs);
  }

  /** Whether the frame on the stage is to be shown as in a mirror. */
  get mirrored(): boolean {
    return this.isMirrored(this.#store.get().selectedId ?? '');
  }

  /** Ends the worker and loads the pack anew; what was read stays. */
  reload(backend: BackendChoice = this.backend, packs: PackChoice = this.packs): void {
    const cutOff = new Set(this.#store.get().items.flatMap(({ id, kind, phase }) => (kind === 'picture' && phase === 'reading' ? id : [])));
    this.peakRounds.makeWay();
    this.explainer.stop();
    this.videoJobs.interrupt();
    this.#analyzer.restart(backend, packs);
    for (const item of this.#store.get().items) {
      const isMended = item.error !== null && isMendable(item.error);
      if (item.kind !== 'picture') {
        if (isMended) this.#store.dispatch({ type: 'error-dismissed', itemId: item.id });
      } else if (!item.snapshot && (isMended || cutOff.has(item.id))) this.retry(item.id);
    }
  }

  /** Makes a file an item and shows it, whatever is being watched; the item of that id, where it is still there. Gives the id of what is shown. */
  showFile(file: File, itemId: string | null): string {
    if (itemId === null || !this.#item(itemId)) return this.files.show(file);
    this.select(itemId);
    return itemId;
  }

  /** Whether the stage shows the camera or video itself, because the readings are too slow for the eye, and readings follow after. */
  pictureFlows(item: Item | null): boolean {
    const { camera, paused, highlight, replay } = this.#store.get();
    if (!this.pictureMode.flowing() || !item || highlight || replay !== null) return false;
    // Faces are hidden on the canvas alone.
    if (this.painter.hidesFaces) return false;
    return item.kind === 'camera' ? camera === 'on' && !paused : item.kind === 'video' && !this.#stage.isResting(item.id);
  }

  /** What is nearest goes first: the text of what is shown, then the camera, then a text elsewhere. */
  stop(): void {
    const state = this.#store.get();
    const written = selectedItem(state)?.explanations.some(isOpen) || state.peakRounds.some(({ itemId }) => itemId === state.selectedId);
    if (!written && state.camera !== 'off') this.camera.stop();
    else this.#stopTexts();
  }

  #stopTexts(): void {
    this.peakRounds.stopAll();
    this.explainer.stop();
  }

  select(itemId: string): void {
    const state = this.#store.get();
    if (state.selectedId === itemId) return;
    this.#leave();
    this.#store.dispatch({ type: 'item-selected', itemId });
    this.#stage.showSelected(null);
  }

  remove(itemId: string): void {
    const before = this.#store.get().selectedId;
    this.#giveUpDeleted();
    if (before === itemId) this.#leave();
    this.peakRounds.stop(itemId);
    this.explainer.stopItem(itemId);
    this.videoJobs.stop(itemId);
    this.#store.dispatch({ type: 'item-deleted', itemId });
    this.#stage.showSelected(before);
  }

  /** A picture is read again, a video or camera goes on. */
  retry(itemId: string): void {
    const item = this.#item(itemId);
    if (!item) return;
    this.#store.dispatch({ type: 'error-dismissed', itemId });
    if (item.kind === 'picture') void this.#pictures.read(itemId);
    else if (item.kind === 'video' || this.camera.open) this.setPaused(false);
    else void this.camera.start();
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
    this.#stage.showSelected(before);
    // Its turn may have come and gone, or its readings have come, while it was away.
    const { item } = this.#stage;
    if (item?.kind === 'picture' && !item.snapshot && (item.phase === 'waiting' || item.phase === 'reading'))
      void this.#pictures.read(item.id);
  }

  /** The deleted item's memory is freed when it can no longer be restored. */
  forgetDeleted(): void {
    this.#giveUpDeleted();
    this.#store.dispatch({ type: 'item-forgotten' });
  }

  setPaused(paused: boolean): void {
    const { item } = this.#stage;
    if (item?.kind === 'camera' && !this.camera.open) {
      if (paused) this.takes.pause();
      else void this.takes.play(item, this.moment.time);
    } else if (paused) this.source.pause();
    else if (!item || !this.#stage.wake(item, item.snapshot?.time ?? 0)) this.source.resume();
    this.#store.dispatch({ type: 'paused', paused });
    this.camera.restRecording();
  }

  /** Who of the camera session or video on the stage may be the same person as a face; nobody in a picture. */
  mergeCandidates(faceId: number): Candidate[] {
    const { item } = this.#stage;
    return item && item.kind !== 'picture' ? mergeCandidates(this.readings.of(item.id), item.people, faceId) : [];
  }

  /** Videos analysed as files, one after another. What plays stands still: it would only be read in another place. */
  analyzeVideos(itemIds: readonly string[], wish: JobWish): void {
    const { selectedId, paused } = this.#store.get();
    if (!paused && selectedId !== null && itemIds.includes(selectedId)) this.setPaused(true);
    this.videoJobs.add(itemIds, wish);
  }

  file(itemId: string): Blob | null {
    return this.#shelf.file(itemId);
  }

  take(takeId: string): Blob | null {
    return this.takes.file(takeId);
  }

  thumbnail(itemId: string): Blob | null {
    return this.#shelf.thumbnail(itemId);
  }

  isMirrored(itemId: string): boolean {
    return this.camera.isMirrored(itemId);
  }

  explainedFrame(runId: string): Promise<Blob | null> {
    return this.explainer.frames.packed(runId);
  }

  async standing(itemId: string): Promise<Standing | null> {
    const item = this.#item(itemId);
    return item && this.#stage.standing(item, this.camera.open?.itemId ?? null);
  }

  rest(): void {
    this.forgetDeleted(); // what is put aside must not keep what was removed
    const { item } = this.#stage;
    this.#stopTexts();
    this.videoJobs.stopAll();
    this.#leave();
    if (item?.kind === 'video' && !this.#stage.isResting(item.id)) this.#stage.rest(item.id);
  }

  openSession(session: KeptSession | null): void {
    this.rest();
    this.#giveUpDeleted();
    for (const item of this.#store.get().items) this.#forget(item);
    const items = (session?.items ?? []).map((kept) => this.#takeBack(kept));
    const wanted = session?.record.selectedId ?? null;
    const selectedId = items.some((item) => item.id === wanted) ? wanted : (items[0]?.id ?? null);
    this.#store.dispatch({ type: 'session-opened', items, selectedId, task: session?.record.task ?? this.#store.get().task });
    this.#stage.showSelected(null);
    for (const { record, last, frames } of session?.items ?? []) {
      for (const [runId, blob] of frames) this.explainer.frames.keepPacked(runId, blob);
      if (last) void this.#stage.takeBackLast(record.id, last);
    }
    for (const item of items) if (item.kind === 'picture' && item.phase === 'waiting') void this.#pictures.read(item.id);
  }

  #takeBack(kept: KeptItem): Item {
    const item = itemFrom(kept);
    const { record, readings, file, thumbnail } = kept;
    if (file) this.#shelf.add(item.id, file);
    if (thumbnail) this.#shelf.addThumbnail(item.id, thumbnail);
    this.camera.setMirrored(item.id, record.mirrored);
    this.takes.takeBack(kept);
    if (item.kind !== 'picture') this.readings.takeBack(item.id, readings, item.jobs ?? []);
    if (item.kind === 'video') this.#stage.takeBack(item.id);
    return { ...item, thumbnail: thumbnail && URL.createObjectURL(thumbnail) };
  }

  #beginLoad(): void {
    this.#store.dispatch({ type: 'load-begun' });
    this.readings.newWorker();
  }

  /** A worker is lost: what is open goes on in the next one. */
  #interrupted(interruption: Interruption): void {
    const { paused } = this.#store.get();
    this.videoJobs.interrupt();
    const { item } = this.#stage;
    if (item?.kind === 'video' && !paused && !this.#stage.isResting(item.id)) this.#heldVideo.hold(item.id, this.#liveReader.awaited);
    this.#beginLoad();
    this.#store.dispatch({ type: 'interrupted', interruption });
    if (item && item.id === this.camera.open?.itemId && !paused) {
      const from = this.#liveReader.awaited ?? this.readings.lastTime(item.id) ?? 0;
      this.#store.dispatch({ type: 'unread', itemId: item.id, from, to: null });
    }
    if (interruption.change.kind === 'without-language-model') {
      this.#hear({ type: 'load-failed', part: 'language-model', error: wireError('out-of-memory', ...messages.recovery.unloaded) });
    }
  }

  /** What the analysis has fetched so far; null where it cannot tell. */
  requests(): Promise<ThreadRequests | null> {
    return this.#analyzer.current.requests();
  }

  #hear(event: AnalysisEvent): void {
    if (this.#videoReader.hear(event) || this.benchmark.hear(event) || this.#liveReader.hear(event)) return;
    this.performance.hear(event);
    if (event.type === 'failed' && event.error.code === 'interrupted') {
      const isBegunAgain = this.explainer.beginAnew(event.runId) || this.#pictures.beginAnew(event.runId);
      if (isBegunAgain) return;
    }
    this.#store.dispatch({ type: 'event', event });
    if (event.type === 'ready' && event.info.choices) saveChoices(event.info.choices);
    if (event.type === 'readings') this.#stage.showStill();
    if (event.type === 'ready' || event.type === 'load-failed') {
      if (event.type === 'ready' && event.part === 'reader') {
        const { selectedId, paused } = this.#store.get();
        this.#heldVideo.letGo(paused ? null : selectedId);
        this.#liveReader.readStanding(this.source.element);
      }
      // Nothing will be read before the user loads anew: a video that stood still until then is paused, and says so.
      if (event.type === 'load-failed' && event.part !== 'language-model' && this.#heldVideo.giveUp()) this.setPaused(true);
      if (event.part === 'reader' || event.type === 'load-failed') this.#pictures.wake();
      this.explainer.pump();
      this.videoJobs.pump();
    }
  }

  #liveRead(itemId: string, peaks: readonly Peak[]): void {
    this.livePeaks.heed(itemId, peaks);
    const item = this.#item(itemId);
    const { frame } = this.painter;
    if (item && !item.thumbnail && frame.width > 0) void setThumbnail({ store: this.#store, shelf: this.#shelf }, itemId, frame, frame);
  }

  #liveFailed(itemId: string, error: WireError): void {
    // After an interruption the camera's next frame is read; a video is held until it can be read again from this one.
    if (error.code === 'cancelled' || error.code === 'interrupted') return;
    this.setPaused(true);
    this.#store.dispatch({ type: 'item-failed', itemId, error });
  }

  /** Closes the camera or video on the stage. */
  #leave(): void {
    this.#liveReader.leave();
    this.#heldVideo.giveUp();
    this.livePeaks.clear();
    this.moment.time = null;
    this.takes.leave();
    this.source.close();
    this.performance.restart();
    this.pictureMode.restart();
    this.painter.endPeek();
    this.#store.dispatch({ type: 'highlight', target: null });
    const { item } = this.#stage;
    if (item && item.kind !== 'picture' && this.live.measured) {
      this.#store.dispatch({ type: 'live-left', itemId: item.id, snapshot: this.live.measured });
    }
    this.camera.leave();
  }

  #giveUpDeleted(): void {
    const { deleted } = this.#store.get();
    if (deleted) this.#forget(deleted.item);
  }

  /** Frees all that is held for an item. */
  #forget(item: Item): void {
    this.takes.forget(item);
    this.#shelf.forget(item.id);
    this.readings.forget(item.id);
    this.looks.delete(item.id);
    this.explainer.frames.forget(item.explanations.map((run) => run.runId));
    this.#stage.forget(item.id);
    this.camera.forget(item.id);
    this.#pictures.forget(item.id);
    if (item.thumbnail) URL.revokeObjectURL(item.thumbnail);
  }

  #item(itemId: string): Item | null {
    return this.#store.get().items.find(({ id }) => id === itemId) ?? null;
  }

  #newId(prefix: string): string {
    this.#ids += 1;
    return `${prefix}-${this.#page}-${this.#ids}`;
  }
}
