import type { Mark, SessionReading } from '../export/session.ts';
import type { MediaFrame } from '../media/frame.ts';
import { fileKind } from '../media/kinds.ts';
import { grabFrame } from '../media/live-frames.ts';
import { stillAt } from '../media/video-seek.ts';
import { boxesToCover, LINGER_SECONDS, SAME_FRAME } from '../overlay/face-covers.ts';
import { MAX_GAP } from '../overlay/face-tracks.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import type { Fault } from '../shared/faults.ts';
import type { BackendChoice } from '../shared/labels.ts';
import type { Evidence } from '../shared/readings.ts';
import type { ThreadRequests } from '../shared/requests.ts';
import { fail } from '../shared/result.ts';
import { SerialQueue } from '../shared/serial-queue.ts';
import type { LoadOptions } from '../workers/api.ts';
import { type Explanation, type Item, isOpen, type Snapshot, selectedItem } from './analysis-state.ts';
import type { Analyzer, StartAnalyzer } from './analyzer.ts';
import { CameraRest } from './camera-rest.ts';
import { CameraTakes } from './camera-takes.ts';
import { DeepQueue } from './deep-queue.ts';
import { ExplainedFrames } from './explained-frames.ts';
import { KeptFrames } from './kept-frames.ts';
import { KeptReadings, keptReading, type ReadingRows } from './kept-readings.ts';
import { LiveFaceIds } from './live-face-ids.ts';
import { LiveReadings } from './live-readings.ts';
import { LiveSource } from './live-source.ts';
import { messages } from './messages.ts';
import { OWN_PACK, type PackChoice } from './pack-choice.ts';
import { PageBenchmark } from './page-benchmark.ts';
import { PeakRounds, type PeakStill } from './peak-rounds.ts';
import { type Peak, PeakTurns } from './peaks.ts';
import { asPeople, type Candidate, mergeCandidates, NOBODY_KNOWN } from './people.ts';
import { PerformanceLog } from './performance-log.ts';
import { PictureMode } from './picture-mode.ts';
import { compressed, makeThumbnail, miniature, PictureShelf } from './picture-shelf.ts';
import { isSeldom, keptReadTimes } from './read-times.ts';
import type { PieceStore } from './recording.ts';
import { Recovery } from './recovery.ts';
import { rowsBetween } from './rows-between.ts';
import { fetchSample } from './sample-picture.ts';
import type { SessionSource, Standing } from './session-keeper.ts';
import { itemFrom, type KeptItem, type KeptSession } from './session-record.ts';
import { type AddressOptions, loadChoices, saveChoices } from './settings.ts';
import { type Places, StagePainter } from './stage-painter.ts';
import type { StateStore } from './state-store.ts';
import type { TimelineLook } from './timeline-look.ts';
import { TimelineTrack } from './timeline-track.ts';
import { type JobWish, jobAt } from './video-job.ts';
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

/** A video that is told to stand still goes on for less than this, seconds. */
const HELD_STILL = 0.5;

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
  readonly frames = new ExplainedFrames({ compress: compressed, unpack: (blob) => createImageBitmap(blob) });
  readonly performance = new PerformanceLog();
  readonly pictureMode = new PictureMode();
  readonly takes: CameraTakes;
  readonly cameraRest: CameraRest;
  readonly videoJobs: VideoJobs;
  readonly peakRounds: PeakRounds;
  readonly benchmark: PageBenchmark;
  readonly #videoReader: VideoReader;
  /** The video whose file was asked for, so that its analysis can go on. */
  #fileWanted: string | null = null;
  /** Readings of cameras and videos, by item, for the export. */
  readonly recorded = new Map<string, ReadingRows>();
  /** Media times of the frames that were read, by item: those on which there was no face, too. */
  readonly readTimes = new Map<string, number[]>();
  /** How timelines were looked at last, by item. */
  readonly looks = new Map<string, TimelineLook>();
  smoothing: number;
  /** Until it is true, no camera is started: the notice is shown instead. */
  cameraNoticed: boolean;
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
  #packs: PackChoice;
  #readerWaiters: (() => void)[] = [];
  /** The one camera or video frame in analysis. */
  #liveRun: { runId: string; itemId: string; takenAt: number; time: number } | null = null;
  /** Its readings are still awaited. */
  #isAwaited = false;
  #camera: { itemId: string; deviceId: string | null } | null = null;
  /** Where the last camera session stood when its camera was left: media time in seconds, and when that was. */
  #stood: { itemId: string; time: number; at: number } | null = null;
  /** Kept videos that came back: not opened, and so not read, before somebody plays them. */
  readonly #resting = new Set<string>();
  readonly #faceIds = new LiveFaceIds();
  readonly #recovery = new Recovery();
  /** Pictures that are read a second time, since a worker was lost with the first: a third may be lost to them. */
  readonly #readAgain = new Set<string>();
  /** A video that stands still, at `at`, until it can be read again from `time` on; in seconds. */
  #held: { itemId: string; time: number; at: number } | null = null;
  /** Ids are kept across visits: no two pages may give the same. */
  readonly #page = crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? '';
  #ids = 0;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#backend = options.address.backend ?? options.backend;
    this.#packs = options.packs;
    this.smoothing = options.smoothing;
    this.#explainPeaks = options.explainPeaks;
    this.cameraNoticed = options.cameraNoticed;
    this.#deep = new DeepQueue(options.store);
    this.source = new LiveSource(
      (frame) => this.#readLive(frame),
      (time) => this.#frameGiven(time),
    );
    this.#videoReader = new VideoReader({
      analyzer: () => this.#analyzer,
      newId: (prefix) => this.#newId(prefix),
      ...(options.hasEnd && { hasEnd: options.hasEnd }),
    });
    this.videoJobs = new VideoJobs({
      store: options.store,
      read: this.#videoReader.read,
      file: (itemId) => this.#shelf.file(itemId),
      recorded: this.recorded,
      smoothing: () => this.smoothing,
      onFrames: (itemId, times, anew) => this.#videoRead(itemId, times, anew),
      onDropped: (itemId, inside) => this.#notRead(itemId, inside),
      onEnd: (itemId) => this.#faceIds.behind(itemId, this.recorded.get(itemId) ?? []),
    });
    this.peakRounds = new PeakRounds({
      store: options.store,
      still: async (signal, itemId, time) => {
        const file = this.#shelf.file(itemId);
        return file ? stillAt(signal, file, time) : fail(wireError('file-unreadable', ...messages.jobs.fileGone));
      },
      recorded: (item, still) => this.#recordedOf(item, still),
      newRun: () => this.#newId('explain'),
      begin: (run, { image, time }) => {
        this.#keepFrame(run.runId, image);
        this.#deep.add(this.#analyzer, { ...run, words: null, frame: () => this.#keptFrame(run.runId, time) });
      },
      stopRun: (runId) => this.#deep.stopRun(runId),
      withdraw: (runId) => this.#withdraw(runId),
    });
    this.benchmark = new PageBenchmark({
      analyzer: () => this.#analyzer,
      newId: (prefix) => this.#newId(prefix),
      model: () => options.store.get().model.info,
      smoothing: () => this.smoothing,
      sample: () => fetchSample(options.baseUrl),
      makeWay: () => {
        this.setPaused(true);
        this.#stopTexts();
      },
    });
    this.takes = new CameraTakes({
      store: options.store,
      painter: this.painter,
      live: this.live,
      recorded: this.recorded,
      pieces: options.pieces ?? null,
      newId: () => this.#newId('take'),
      places: (snapshot, time) => this.#places(snapshot, time),
      lastFrame: (itemId) => this.#lastFrames.get(itemId),
      onMoment: (time) => {
        this.moment = time;
      },
      onProblem: (error) => this.#notice(error),
    });
    document.addEventListener('visibilitychange', () => this.#restRecording());
    this.cameraRest = new CameraRest({
      page: document,
      end: () => {
        const camera = this.#camera;
        if (camera) this.stopCamera();
        return camera;
      },
      goOn: ({ itemId, deviceId }) => void this.startCamera(deviceId, itemId),
    });
    this.#analyzer = this.#start();
    options.store.subscribe(() => this.live.setPeople(selectedItem(options.store.get())?.people ?? NOBODY_KNOWN));
  }

  get backend(): BackendChoice {
    return this.#backend;
  }

  /** Absolute, ending in `/`. */
  get packUrl(): string {
    return this.loadOptions(this.packName).packUrl;
  }

  /** Of the folder under `models/`. */
  get packName(): string {
    return this.#options.address.pack;
  }

  /** Packs of this browser's store that are in use. */
  get packs(): PackChoice {
    return this.#packs;
  }

  /** Loads anew with other packs; what was read stays. */
  changePacks(packs: PackChoice): void {
    this.#packs = packs;
    this.reload();
  }

  /** What it takes to load a pack beside this page, as it is used here, or stored ones in its place. */
  loadOptions(pack: string, packs: PackChoice = OWN_PACK): LoadOptions {
    const { address, baseUrl } = this.#options;
    return this.#recovery.adjusted({
      packUrl: new URL(`models/${pack}/`, baseUrl).href,
      wasmUrl: new URL('ort/', baseUrl).href,
      backend: this.#backend,
      graphBackends: address.graphBackends,
      threads: 0,
      choices: loadChoices(),
      ...packs,
    });
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
    this.peakRounds.makeWay();
    this.#deep.stop();
    this.videoJobs.interrupt();
    this.#analyzer.dispose();
    this.#backend = backend;
    this.#liveRun = null;
    this.#recovery.forget();
    this.#beginLoad();
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

  /** Makes a file an item and shows it, whatever is being watched; the item of that id, where it is still there. Gives the id of what is shown. */
  showFile(file: File, itemId: string | null): string {
    const id = itemId !== null && this.#has(itemId) ? itemId : this.#newId('item');
    if (id === itemId) this.select(id);
    else void this.#addFile(file, true, id);
    return id;
  }

  async addSample(): Promise<void> {
    const sample = await fetchSample(this.#options.baseUrl);
    if (sample.ok) this.addFiles([sample.value]);
    else this.#notice(sample.error);
  }

  /**
   * Null: the browser's choice. One camera session at a time; another device goes on in the same one.
   * @param session the one to go on with, where no camera is on; a new one unless told
   */
  async startCamera(deviceId: string | null = null, session: string | null = null): Promise<void> {
    if (!this.cameraNoticed) {
      this.#store.dispatch({ type: 'camera-notice', open: true });
      return;
    }
    const known = this.#camera?.itemId ?? (session !== null && this.#has(session) ? session : null);
    const itemId = known ?? this.#newId('camera');
    const fresh = known === null;
    this.#leave();
    this.cameraRest.forget();
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
    const opened = await this.source.openCamera(deviceId, this.#goesOnAt(itemId), (error) => this.#cameraEnded(itemId, error));
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

  /** Whether the stage shows the camera or video itself, because the readings are too slow for the eye, and readings follow after. */
  pictureFlows(item: Item | null): boolean {
    const { camera, paused, highlight, replay } = this.#store.get();
    if (!this.pictureMode.flowing() || !item || highlight || replay !== null) return false;
    // Faces are hidden on the canvas alone.
    if (this.painter.hidesFaces) return false;
    return item.kind === 'camera' ? camera === 'on' && !paused : item.kind === 'video' && !this.#resting.has(item.id);
  }

  /** Records the camera on the stage, or ends that. */
  toggleRecording(): void {
    const { recording } = this.takes;
    const { stream } = this.source;
    if (recording.isOn) void recording.stop();
    else if (this.#camera && stream) {
      this.#store.dispatch({ type: 'notice', error: null });
      this.#restRecording();
      recording.start(this.#camera.itemId, stream);
    }
  }

  stopCamera(): void {
    this.#leave();
    this.#standStill();
  }

  /** What is nearest goes first: the text of what is shown, then the camera, then a text elsewhere. */
  stop(): void {
    const state = this.#store.get();
    const written = selectedItem(state)?.explanations.some(isOpen) || state.peakRounds.some(({ itemId }) => itemId === state.selectedId);
    if (!written && state.camera !== 'off') this.stopCamera();
    else this.#stopTexts();
  }

  #stopTexts(): void {
    this.peakRounds.stopAll();
    this.#deep.stop();
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
    this.peakRounds.stop(itemId);
    this.#deep.stopItem(itemId);
    this.videoJobs.stop(itemId);
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
    else if (item?.kind === 'camera' && !this.#camera) {
      if (paused) this.takes.pause();
      else void this.takes.play(item, this.moment);
    } else if (paused) this.source.pause();
    else this.source.resume();
    this.#store.dispatch({ type: 'paused', paused });
    this.#restRecording();
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
    // They are what was typed for this item: what explains itself at a peak, where other words may be said, goes without.
    const words = item.words ?? null;
    const isSame = (run: Explanation) => run.task === state.task && (run.wordsGiven ?? null) === words;
    if (item.explanations.some((run) => isOpen(run) && !run.auto && isSame(run) && (item.kind === 'picture' || run.phase === 'queued')))
      return;
    const shownNow = item.kind === 'picture' ? item.snapshot : this.live.snapshot;
    if (item.kind !== 'picture' && !shownNow) return;
    const time = shownNow?.time ?? 0;
    const snapshot = shownNow && this.#isOf(item, shownNow) ? shownNow : null;
    // What began by itself makes way for what was asked for.
    this.peakRounds.makeWay();
    this.#turns.clear();
    for (const run of state.items.flatMap((each) => each.explanations)) if (run.auto && isOpen(run)) this.#deep.stopRun(run.runId);
    const runId = this.#newId('explain');
    this.#store.dispatch({ type: 'explain-asked', itemId: item.id, runId, task: state.task, time, snapshot, wordsGiven: words });
    const shown = item.kind === 'picture' ? null : this.#keepShown(runId);
    const frame = async (): Promise<MediaFrame | null> => {
      if (item.kind === 'picture') return this.#pictureFrame(item.id, runId);
      return (await shown) && this.#keptFrame(runId, time);
    };
    this.#deep.add(this.#analyzer, { runId, itemId: item.id, task: state.task, snapshot, words, frame });
  }

  /** Whether readings are of the very frame that is shown with them: where a video was analysed, they may be of one shortly before it. */
  #isOf(item: Item, { time, readings }: Snapshot): boolean {
    if (item.kind !== 'video' || this.videoJobs.recordedAt(item, time) === null) return true;
    return readings.length > 0 && readings.every((reading) => Math.abs(reading.time - time) < SAME_FRAME);
  }

  /** Videos analysed as files, one after another. What plays stands still: it would only be read in another place. */
  analyzeVideos(itemIds: readonly string[], wish: JobWish): void {
    const { selectedId, paused } = this.#store.get();
    if (!paused && selectedId !== null && itemIds.includes(selectedId)) this.setPaused(true);
    this.videoJobs.add(itemIds, wish);
  }

  /** Where the file is not there any more, it has to be chosen: the analysis goes on as soon as it is. */
  goOnWithVideo(itemId: string, choose: () => void): void {
    if (this.#shelf.file(itemId)) {
      this.videoJobs.goOn(itemId);
      return;
    }
    this.#fileWanted = itemId;
    choose();
  }

  /** Media times of the frames that were read; what was watched in an earlier visit without a face on it is not known any more. */
  framesRead(itemId: string): number[] {
    const times = new Set(this.readTimes.get(itemId) ?? []);
    for (const { time } of this.recorded.get(itemId) ?? []) times.add(time);
    return [...times];
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

  /** Seconds of media time that a recording has: what was read of it, and of the video on the stage, the whole file. */
  extent(item: Item): { from: number; to: number } {
    const found = this.track(item.id).extent ?? { from: 0, to: 0 };
    const { duration } = this.source.element;
    const known = item.kind === 'video' && item.id === this.#store.get().selectedId && Number.isFinite(duration);
    return known ? { from: Math.min(0, found.from), to: Math.max(duration, found.to) } : found;
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
    if (item.kind === 'camera' || !this.#shelf.file(item.id)) {
      this.moment = time;
      this.#showMoment(item, time);
    } else if (time === null) return;
    else if (this.#resting.delete(item.id)) {
      this.#store.dispatch({ type: 'paused', paused: false });
      void this.#openVideo(item, time);
    } else this.source.element.currentTime = time;
  }

  /** Goes to the moment of an explanation: where there is no file to go to it in, its frame is shown if it is still there. */
  showRun(run: Explanation): void {
    const item = selectedItem(this.#store.get());
    const hasFile = item?.kind === 'video' && this.#shelf.file(item.id) !== null;
    if (hasFile || !this.frames.has(run.runId)) {
      this.goTo(run.time);
      return;
    }
    this.goTo(null);
    this.moment = run.time;
    this.#store.dispatch({ type: 'highlight', target: { runId: run.runId, evidence: null } });
    this.#peek(run);
  }

  /** Shows an explained frame, at once where it need not be unpacked first. */
  #peek(run: Explanation): void {
    const show = (image: ImageBitmap) => this.painter.peek(image, this.#places(run.snapshot));
    const image = this.frames.get(run.runId);
    if (image) show(image);
    else {
      void this.frames.open(run.runId).then((opened) => {
        if (opened && this.#store.get().highlight?.runId === run.runId) show(opened);
      });
    }
  }

  /** Back from an explained or recorded frame to what the stage showed. Whether there was one to go back from. */
  endShow(): boolean {
    const { highlight, replay } = this.#store.get();
    if (replay === null && (!highlight || highlight.evidence)) return false;
    this.goTo(null);
    return true;
  }

  /** Of a camera session, the recorded frame of a moment where there is one. */
  #showMoment(item: Item, time: number | null): void {
    if (time === null) this.takes.end();
    else void this.takes.show(item, time);
    // What played stands still; the camera goes on.
    if (item.kind === 'camera' && !this.#camera) this.#store.dispatch({ type: 'paused', paused: true });
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

  /** Shows the places of a chip's or a step's evidence, on the very frame that was explained; null: no longer. */
  point(run: Explanation, evidence: readonly Evidence[] | null): void {
    this.#store.dispatch({ type: 'highlight', target: evidence ? { runId: run.runId, evidence } : null });
    if (evidence) this.#peek(run);
    else this.painter.endPeek();
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
    return this.#mirrored.has(itemId);
  }

  explainedFrame(runId: string): Promise<Blob | null> {
    return this.frames.packed(runId);
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
    this.#stopTexts();
    this.videoJobs.stopAll();
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
      for (const [runId, blob] of frames) this.frames.keepPacked(runId, blob);
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
    this.takes.takeBack(kept);
    if (item.kind !== 'picture') {
      this.recorded.set(item.id, new KeptReadings(readings));
      this.readTimes.set(item.id, keptReadTimes(readings, item.jobs ?? []));
      this.#faceIds.behind(item.id, readings);
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
    if (selectedId === itemId && this.painter.canvas.width === 0) this.painter.show(image, this.#places(this.live.measured));
  }

  #start(): Analyzer {
    const analyzer = this.#options.startAnalyzer(
      (event) => this.#hear(event),
      (fault) => this.#recover(fault),
    );
    void analyzer.load(this.loadOptions(this.packName, this.#packs));
    return analyzer;
  }

  #beginLoad(): void {
    this.#store.dispatch({ type: 'load-begun' });
    for (const [itemId, rows] of this.recorded) this.#faceIds.goOn(itemId, rows);
  }

  /** A worker is lost: how the next one is loaded, and what is open goes on in; null where the user has to say so. */
  #recover(fault: Fault): LoadOptions | null {
    const { paused } = this.#store.get();
    const interruption = this.#recovery.after(fault, this.#packs.foundation !== null);
    if (!interruption) return null;
    this.videoJobs.interrupt();
    const item = selectedItem(this.#store.get());
    if (item?.kind === 'video' && !paused && !this.#resting.has(item.id)) {
      const { currentTime } = this.source.element;
      this.#held ??= { itemId: item.id, time: this.#isAwaited ? (this.#liveRun?.time ?? currentTime) : currentTime, at: currentTime };
      this.source.pause();
    }
    this.#beginLoad();
    this.#store.dispatch({ type: 'interrupted', interruption });
    if (item && item.id === this.#camera?.itemId && !paused) {
      const last = this.readTimes.get(item.id)?.at(-1) ?? 0;
      const from = this.#isAwaited ? (this.#liveRun?.time ?? last) : last;
      this.#store.dispatch({ type: 'unread', itemId: item.id, from, to: null });
    }
    if (interruption.change.kind === 'without-language-model') {
      this.#hear({ type: 'load-failed', part: 'language-model', error: wireError('out-of-memory', ...messages.recovery.unloaded) });
    }
    return this.loadOptions(this.packName, this.#packs);
  }

  /** A video that stood still since its frame could not be read goes on with that one. */
  #letGo(): void {
    const held = this.#held;
    const { selectedId, paused } = this.#store.get();
    this.#held = null;
    if (!held || held.itemId !== selectedId || paused) return;
    const { element } = this.source;
    // Who went elsewhere meanwhile is not fetched back.
    if (Math.abs(element.currentTime - held.at) < HELD_STILL) element.currentTime = held.time;
    this.source.resume();
  }

  /** Nothing will be read before the user loads anew: a video that stood still until then is paused, and says so. */
  #holdOn(): void {
    if (!this.#held) return;
    this.#held = null;
    this.setPaused(true);
  }

  /** Whether a run that ended with its worker is begun again by itself. */
  #beginsAgain(runId: string): boolean {
    if (this.#deep.beginAnew(runId)) return true;
    const itemId = this.#store.get().runs[runId];
    if (itemId === undefined || !runId.startsWith('read-') || this.#readAgain.has(itemId)) return false;
    this.#readAgain.add(itemId);
    void this.#stills.run(() => this.#readStill(itemId));
    return true;
  }

  /** What the analysis has fetched so far; null where it cannot tell. */
  requests(): Promise<ThreadRequests | null> {
    return this.#analyzer.requests();
  }

  #hear(event: AnalysisEvent): void {
    if (this.#videoReader.hear(event) || this.benchmark.hear(event)) return;
    const live = this.#liveRun;
    if ('runId' in event && live?.runId === event.runId) {
      if (event.type !== 'started') this.#isAwaited = false;
      if (event.type === 'readings') {
        this.#showLive(live.itemId, event);
        if (event.cut) this.#store.dispatch({ type: 'cut-found', itemId: live.itemId, cut: event.cut });
        const shownAt = performance.now();
        this.performance.frameShown({ takenAt: live.takenAt, shownAt, times: event.times, faces: event.readings.length });
        this.pictureMode.add(shownAt - live.takenAt, shownAt);
      }
      if (event.type === 'failed') this.#liveFailed(live.itemId, event.error);
      return;
    }
    if ('runId' in event && event.runId.startsWith('live-')) return; // of a camera or video that was left meanwhile
    this.performance.hear(event);
    if (event.type === 'failed' && event.error.code === 'interrupted' && this.#beginsAgain(event.runId)) return;
    this.#store.dispatch({ type: 'event', event });
    if (event.type === 'ready' && event.info.choices) saveChoices(event.info.choices);
    if (event.type === 'readings') this.#showStill();
    if (event.type === 'ready' || event.type === 'load-failed') {
      if (event.type === 'ready' && event.part === 'reader') {
        this.#letGo();
        this.#readStanding();
      }
      if (event.type === 'load-failed' && event.part !== 'language-model') this.#holdOn();
      if (event.part === 'reader' || event.type === 'load-failed') for (const resolve of this.#readerWaiters.splice(0)) resolve();
      void this.#deep.pump(this.#analyzer);
      this.videoJobs.pump();
    }
  }

  #showLive(itemId: string, snapshot: Snapshot): void {
    const readings = this.#faceIds.of(itemId, snapshot.readings);
    const unread = this.#store.get().interruption?.unread;
    if (unread?.itemId === itemId && unread.to === null) this.#store.dispatch({ type: 'unread', ...unread, to: snapshot.time });
    const rows = this.recorded.get(itemId) ?? new KeptReadings();
    const about = rowsBetween(rows, snapshot.time - LINGER_SECONDS, snapshot.time + LINGER_SECONDS);
    this.painter.reveal(boxesToCover(readings, about, snapshot.time));
    this.live.publish({ time: snapshot.time, width: snapshot.width, height: snapshot.height, readings }, performance.now());
    for (const reading of readings) rows.push(keptReading(reading));
    this.recorded.set(itemId, rows);
    this.#noteRead(itemId, snapshot.time);
    const track = this.#tracks.get(itemId) ?? new TimelineTrack();
    this.#tracks.set(itemId, track);
    this.#heedPeaks(itemId, track.catchUp(rows));
    const item = this.#store.get().items.find((each) => each.id === itemId);
    const { frame } = this.painter;
    if (item && !item.thumbnail && frame.width > 0) void this.#thumbnail(itemId, frame, frame.width, frame.height);
  }

  /** A job has read frames of a video. */
  #videoRead(itemId: string, times: readonly number[], anew: boolean): void {
    for (const time of times) this.#noteRead(itemId, time);
    if (anew) this.#tracks.delete(itemId);
    const item = selectedItem(this.#store.get());
    const { measured } = this.live;
    const { element } = this.source;
    if (item?.id !== itemId || !this.#store.get().paused) return;
    // The frame that stands on the stage may be one of those.
    if (!measured && Array.isArray(this.videoJobs.recordedAt(item, element.currentTime))) {
      void grabFrame(element).then((frame) => frame && this.#readLive(frame));
    }
    if (!measured) return;
    const readings = this.videoJobs.recordedAt(item, measured.time);
    if (readings === null || readings === 'ahead') return;
    const snapshot = { ...measured, readings };
    this.live.show(snapshot);
    this.painter.setPlaces(this.#places(snapshot));
  }

  /** A video's frame that came to rest before anything could be read is read now: no other comes by itself. */
  #readStanding(): void {
    const { element } = this.source;
    if (selectedItem(this.#store.get())?.kind !== 'video' || !element.paused || this.live.measured) return;
    void grabFrame(element).then((frame) => frame && this.#readLive(frame));
  }

  #noteRead(itemId: string, time: number): void {
    const times = this.readTimes.get(itemId);
    if (times) times.push(time);
    else this.readTimes.set(itemId, [time]);
  }

  /** Of frames whose readings are gone nobody knows any more where their faces are. */
  #notRead(itemId: string, inside: (time: number) => boolean): void {
    const times = this.readTimes.get(itemId);
    if (times)
      this.readTimes.set(
        itemId,
        times.filter((time) => !inside(time)),
      );
  }

  /** Every frame of the camera or video on the stage, analysed or not. */
  #frameGiven(time: number): void {
    const now = performance.now();
    this.performance.frameGiven(now);
    if (this.#isAwaited && this.#liveRun) this.pictureMode.wait(now - this.#liveRun.takenAt);
    this.takes.recording.frame(time);
  }

  /** A recording rests with the analysis: while the camera is paused, or nobody sees the page. */
  #restRecording(): void {
    this.takes.recording.setResting(this.#store.get().paused || document.hidden);
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
    const frame = async (): Promise<MediaFrame | null> => (await kept) && this.#keptFrame(runId, time);
    this.#deep.add(this.#analyzer, { runId, itemId, task, snapshot, words: null, frame });
  }

  /** What was read from a video's frame, its faces as the user merged them; null where nobody read that very frame. */
  #recordedOf(item: Item, { image: { width, height }, time }: PeakStill): Snapshot | null {
    const readings = this.videoJobs.recordedAt(item, time);
    if (readings === null || readings === 'ahead') return null;
    const snapshot = { time, width, height, readings: asPeople(readings, item.people) };
    return this.#isOf(item, snapshot) ? snapshot : null;
  }

  /** Ends a run that will be begun again under another id. */
  #withdraw(runId: string): void {
    this.#deep.stopRun(runId);
    if (this.#store.get().highlight?.runId === runId) this.painter.endPeek();
    this.#store.dispatch({ type: 'explain-withdrawn', runId });
    this.frames.forget([runId]);
  }

  /** A run's frame for the analysis. While it waited, it may have made way for frames that were looked at, and was compressed. */
  async #keptFrame(runId: string, time: number): Promise<MediaFrame | null> {
    const image = await this.frames.open(runId);
    return image && { image: await createImageBitmap(image), time };
  }

  #keepFrame(runId: string, image: ImageBitmap): ImageBitmap {
    this.frames.keep(runId, image);
    void miniature(image, image).then((url) => url && this.#store.dispatch({ type: 'explain-pictured', runId, miniature: url }));
    return image;
  }

  #endPeek(): void {
    if (!this.#store.get().highlight) return;
    this.painter.endPeek();
    this.#store.dispatch({ type: 'highlight', target: null });
  }

  /**
   * Where the faces of a frame of the item on the stage are, with those that were there a moment before or after; null where nobody looked.
   * @param time of the frame, where the readings may be those of one beside it
   */
  #places(snapshot: Snapshot | null, time: number | undefined = snapshot?.time): Places {
    const item = selectedItem(this.#store.get());
    if (time === undefined || !item) return null;
    const readings = snapshot?.readings ?? [];
    // A frame without a face leaves no readings.
    const near = this.readTimes.get(item.id)?.some((each) => Math.abs(each - time) <= MAX_GAP / 2) ?? false;
    const looked =
      item.kind === 'video'
        ? readings.some((reading) => Math.abs(reading.time - time) < SAME_FRAME) || (near && !this.#isPassedOver(item, time))
        : snapshot !== null || near;
    if (!looked) return null;
    const about = rowsBetween(this.recorded.get(item.id) ?? [], time - LINGER_SECONDS, time + LINGER_SECONDS);
    return boxesToCover(readings, about, time);
  }

  /** Whether a job is yet to read a video's frame, or read so seldom that a face may be on it all the same. */
  #isPassedOver(item: Item, time: number): boolean {
    return this.videoJobs.recordedAt(item, time) === 'ahead' || this.#isSeldomRead(time);
  }

  #showStill(): void {
    const item = selectedItem(this.#store.get());
    if (item?.kind !== 'picture' || item.snapshot === this.live.measured) return;
    this.live.show(item.snapshot);
    this.painter.setPlaces(this.#places(item.snapshot));
  }

  #liveFailed(itemId: string, error: WireError): void {
    // After an interruption the camera's next frame is read; a video is held until it can be read again from this one.
    if (error.code === 'cancelled' || error.code === 'interrupted') return;
    this.setPaused(true);
    this.#store.dispatch({ type: 'item-failed', itemId, error });
  }

  async #readLive(frame: MediaFrame): Promise<void> {
    const { model, selectedId } = this.#store.get();
    if (selectedId === null || model.parts.reader.phase !== 'ready') {
      frame.image.close();
      return;
    }
    const item = selectedItem(this.#store.get());
    const recorded = item?.kind === 'video' ? this.videoJobs.recordedAt(item, frame.time) : null;
    if (recorded) return this.#showRecorded(frame, recorded);
    const run = { runId: this.#newId('live'), itemId: selectedId, takenAt: frame.takenAt ?? performance.now(), time: frame.time };
    this.#liveRun = run;
    this.#isAwaited = true;
    this.painter.hold(frame.image);
    await this.#analyzer.read(new AbortController().signal, frame, {
      runId: run.runId,
      sourceId: run.itemId,
      mode: 'live',
      smoothing: this.smoothing,
      cuts: item?.kind === 'video',
    });
  }

  /** A frame that a job has read, or is going to read: nothing is read twice. */
  #showRecorded({ image, time }: MediaFrame, recorded: SessionReading[] | 'ahead'): void {
    const { width, height } = 'displayWidth' in image ? { width: image.displayWidth, height: image.displayHeight } : image;
    this.painter.hold(image);
    image.close();
    const snapshot = { time, width, height, readings: recorded === 'ahead' ? [] : recorded };
    this.painter.reveal(recorded === 'ahead' || this.#isSeldomRead(time) ? null : this.#places(snapshot));
    this.live.publish(snapshot, performance.now());
  }

  /** Whether a face may be on the frame of that time, on the stage, though none was there when frames around it were read. */
  #isSeldomRead(time: number): boolean {
    const job = jobAt(selectedItem(this.#store.get())?.jobs ?? [], time);
    return job !== null && isSeldom(job);
  }

  /** The video that this file belongs to: it was analysed, and came back without it. */
  #missesFile(file: File): Item | null {
    const misses = ({ id, kind, name, jobs }: Item) =>
      kind === 'video' && !this.#shelf.file(id) && name === file.name && jobs?.at(-1)?.size === file.size;
    return this.#store.get().items.find(misses) ?? null;
  }

  #giveFile(item: Item, file: File): void {
    this.#shelf.add(item.id, file);
    this.#store.dispatch({ type: 'item-whole', itemId: item.id });
    if (this.#fileWanted === item.id) this.videoJobs.goOn(item.id);
    this.#fileWanted = null;
  }

  async #addFile(file: File, select: boolean, id = this.#newId('item')): Promise<void> {
    const owner = this.#missesFile(file);
    if (owner) return this.#giveFile(owner, file);
    const kind = await fileKind(file);
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
    if (stands && last) this.painter.show(last, this.#places(item.snapshot));
    if (stands) this.#store.dispatch({ type: 'paused', paused: true });
    if (stands || !file) return;
    if (item.kind === 'video') return this.#openVideo(item, 0);
    const picture = await this.#shelf.open(item.id);
    // It may have been read meanwhile.
    const now = selectedItem(this.#store.get());
    if (picture?.ok && now?.id === item.id) this.painter.show(picture.value.image, this.#places(now.snapshot));
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
    this.#isAwaited = false;
    this.#held = null;
    this.#turns.clear();
    this.moment = null;
    this.takes.leave();
    this.source.close();
    this.performance.restart();
    this.pictureMode.restart();
    this.painter.endPeek();
    this.#store.dispatch({ type: 'highlight', target: null });
    const item = selectedItem(this.#store.get());
    if (item && item.kind !== 'picture' && this.live.measured) {
      this.#store.dispatch({ type: 'live-left', itemId: item.id, snapshot: this.live.measured });
    }
    if (this.#camera) {
      const { itemId } = this.#camera;
      this.#stood = { itemId, time: this.readTimes.get(itemId)?.at(-1) ?? 0, at: performance.now() };
      void this.painter.copy().then((image) => image && this.#lastFrames.keep(itemId, image));
      this.#camera = null;
      this.#store.dispatch({ type: 'camera', phase: 'off' });
    }
  }

  /** Media time of a camera session's next frame, in seconds: as if its camera had been on since it was left. */
  #goesOnAt(itemId: string): number {
    return this.#stood?.itemId === itemId ? this.#stood.time + (performance.now() - this.#stood.at) / 1000 : 0;
  }

  /** Of a camera that is off, the last frame and its readings stay on the stage. */
  #standStill(): void {
    this.#store.dispatch({ type: 'paused', paused: true });
    this.live.show(this.live.measured);
    if (!this.live.measured) this.painter.clear();
  }

  #cameraEnded(itemId: string, error: WireError): void {
    if (this.#camera?.itemId !== itemId) return;
    const wasRecording = this.takes.recording.isOn;
    this.#leave();
    const read = this.recorded.has(itemId);
    const told = wasRecording ? { ...error, remedy: `${messages.recording.keptSoFar} ${error.remedy}` } : error;
    if (read || wasRecording) {
      this.#store.dispatch({ type: 'item-failed', itemId, error: told });
      this.#standStill();
    } else {
      this.#store.dispatch({ type: 'item-deleted', itemId });
      this.#store.dispatch({ type: 'item-forgotten' });
      this.#notice(error);
      this.#showSelected(itemId);
    }
  }

  /** The frame on show, kept for the chips of this run. */
  async #keepShown(runId: string): Promise<ImageBitmap | null> {
    const image = await this.painter.copy();
    return image && this.#keepFrame(runId, image);
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
    // Read again, or made of several frames before the first of them was there.
    const before = this.#store.get().items.find((item) => item.id === itemId)?.thumbnail;
    this.#store.dispatch({ type: 'item-thumbnail', itemId, url: URL.createObjectURL(blob) });
    if (before) URL.revokeObjectURL(before);
  }

  #giveUpDeleted(): void {
    const { deleted } = this.#store.get();
    if (deleted) this.#forget(deleted.item);
  }

  /** Frees all that is held for an item. */
  #forget(item: Item): void {
    this.takes.forget(item);
    this.#shelf.forget(item.id);
    this.recorded.delete(item.id);
    this.readTimes.delete(item.id);
    this.#tracks.delete(item.id);
    this.looks.delete(item.id);
    this.frames.forget(item.explanations.map((run) => run.runId));
    this.#lastFrames.forget([item.id]);
    this.#mirrored.delete(item.id);
    this.#resting.delete(item.id);
    this.#faceIds.forget(item.id);
    this.#readAgain.delete(item.id);
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
