import type { EvaluationCourse, Judge, JudgedRow, ReportFacts } from '../shared/evaluation.ts';
import type { AnalysisEvent, BackendChoices, ReadyPart } from '../shared/events.ts';
import type { BackendChoice, Prompting, Task } from '../shared/labels.ts';
import type { FacesShown, OverlayCaption, OverlayParts, OverlayReading, OverlayWords } from '../shared/overlay.ts';
import type { DownloadPlan, DownloadProgress, PackEntry, StorageFacts } from '../shared/packs.ts';
import type { Reading } from '../shared/readings.ts';
import type { ThreadRequests } from '../shared/requests.ts';
import type { Result } from '../shared/result.ts';

/** What crosses: a picture (transferred, the receiver closes it) and its media time in seconds. */
export interface TransferredFrame {
  image: ImageBitmap | VideoFrame;
  time: number;
}

export interface LoadOptions {
  /** Absolute URL of the pack's folder, ending in `/`. */
  packUrl: string;
  /** Absolute URL of the folder with onnxruntime's wasm files, ending in `/`. */
  wasmUrl: string;
  backend: BackendChoice;
  /** Overrides `backend` for single graphs: `{ 'language-model': 'wasm' }`. */
  graphBackends: Record<string, BackendChoice>;
  /** 0 means: as many as the machine has, at most 4. */
  threads: number;
  /** Id of a pack of ours in this browser's store, which takes the place of the one at `packUrl`. */
  storedPack?: string | null;
  /** Id of a stored foundation pack, which takes the language model's place; the fast path stays the pack's own. */
  foundation?: string | null;
  /** What this device is known to have no memory for is left out. Default: none. */
  without?: readonly ReadyPart[];
  /** What the page knows to be slower than asked, in plain words; goes into `ModelInfo.notes`. */
  notes?: readonly string[];
  /** `ModelInfo.choices` of an earlier load, so that backends need not be compared again. */
  choices?: BackendChoices | null;
}

export interface ReadOptions {
  runId: string;
  /** A tracker's memory belongs to one source; a new id starts anew. */
  sourceId: string;
  /** `live` tracks and smooths; `still` looks harder (both detectors) and does neither. */
  mode: 'live' | 'still';
  /** Time constant in seconds; 0 is raw. Only `live`. */
  smoothing: number;
  /** Of a job that goes on beside what is watched: it has a memory of its own. Only `live`; default false. */
  background?: boolean;
  /** It is a film, which may be cut; a camera that is swung is none. Only `live`; default false. */
  cuts?: boolean;
}

/** How a video is analysed as a file. */
export interface VideoOptions {
  runId: string;
  /** Seconds of media time; `to` null: to the file's end. */
  from: number;
  to: number | null;
  /** So many frames a second, counted from `from`; null: every frame. */
  framesPerSecond: number | null;
  /** Where to begin among those frames, in seconds, for an analysis that goes on; null: with the first. */
  begin: number | null;
  /** Time constant in seconds of media time; 0 is raw. */
  smoothing: number;
}

export interface ExplainOptions {
  runId: string;
  sourceId: string;
  task: Task;
  /** Readings of this very frame, if they are there already: then nothing is detected twice. */
  readings: Reading[] | null;
  /** Words that stand on the picture or are said, if the user gives them; else they are read from the picture. */
  words: string | null;
  maxNewTokens: number;
  /** `plain` asks for the answer alone, without the reasoning before it. Default `emoprompt`. */
  prompting?: Prompting;
}

/** Of every worker that the page watches (pulse.ts). */
export interface WatchedApi {
  /** Where the worker tells what it is about to compute and what became of its device, and answers whether it is there. */
  watch(pulse: MessagePort): void;
}

/**
 * The worker's side of the boundary (comlink). Calls resolve when the run has ended; what
 * happened comes as events. Nothing here rejects for an expected failure.
 */
export interface AnalyzerApi extends WatchedApi {
  /** Must be called first, once: where events go. */
  connect(onEvent: (event: AnalysisEvent) => void): void;
  /** Fast path first, then the language model; resolves when all is there or has failed. */
  load(options: LoadOptions): Promise<void>;
  /** Fast path on one frame. */
  read(frame: TransferredFrame, options: ReadOptions): Promise<void>;
  /** Deep path on one frame. */
  explain(frame: TransferredFrame, options: ExplainOptions): Promise<void>;
  /**
   * Fast path on the frames of a video file, decoded here, each exactly once and none dropped: `video-opened`, then `readings` and
   * `video-lost` in the order of their times. Goes on beside `read` and `explain`, which come first. Faces are counted anew for each run.
   * Errors: video-codec, file-unsupported, video-broken; after the first readings, what came before stays good.
   */
  analyzeVideo(file: Blob, options: VideoOptions): Promise<void>;
  cancel(runId: string): void;
  /** What the worker has fetched so far. */
  requests(): Promise<ThreadRequests>;
}

export interface SelfTestOptions extends LoadOptions {
  /** Graphs to run; null: all. */
  graphs: string[] | null;
  /** Decode steps of the language model to compare; null: all that the pack has goldens for. */
  newTokens: number | null;
}

/** The self-test's worker: a pack's goldens on this device's backend. */
export interface SelfTestApi extends WatchedApi {
  /** A line for each golden that does not hold; empty where all do. */
  run(options: SelfTestOptions): Promise<Result<string[]>>;
}

export interface EvaluationOptions extends LoadOptions {
  /** One of the engine's evaluation tasks; another fails with `usage`. */
  task: string;
  /** Text of labels.csv. */
  labels: string;
  by: Judge;
  /** How the language model is asked. Default `emoprompt`. */
  prompting?: Prompting;
  cropped: boolean;
  /** Null takes all rows. */
  limit: number | null;
  items: boolean;
  /** A picture that cannot be decoded is listed in the report instead of ending it. */
  skipBroken: boolean;
}

/** How far an evaluation is. `again`: its worker was lost, and another takes its place. */
export type EvaluationProgress =
  | { phase: 'loading'; loadedBytes: number; totalBytes: number; again?: boolean }
  | { phase: 'judging'; done: number; total: number };

/** What the evaluation's worker tells: how far it is, and all that another worker needs to go on where this one was lost. */
export type EvaluationNews =
  | EvaluationProgress
  | { phase: 'begun'; facts: ReportFacts }
  /** `seconds`: spent on judging up to this row. */
  | { phase: 'judged'; row: JudgedRow; seconds: number };

/** The evaluation's worker: the engine's own evaluation, where the page's graphs would run. */
export interface EvaluationApi extends WatchedApi {
  /**
   * @param before what an earlier worker judged: those rows are not judged again
   * @param picture decodes a file of the folder, named as in labels.csv
   * @returns the report as JSON text, the same as the command line writes
   */
  run(
    options: EvaluationOptions,
    before: EvaluationCourse | null,
    picture: (file: string) => Promise<Result<TransferredFrame>>,
    onNews: (news: EvaluationNews) => void,
  ): Promise<Result<string>>;
  /** The report of what was judged so far, as `run` gives it, without a graph. @param brokenOff why there is no more of it; null: it was stopped */
  report(options: EvaluationOptions, course: EvaluationCourse, brokenOff: string | null): Promise<Result<string>>;
  /** Ends `run` at its next chance, with the report of what was judged so far; `cancelled` where nothing was. */
  stop(): void;
}

/** What a video becomes: H.264 in MP4 where this browser encodes it, else VP9 or VP8 in WebM. */
export interface WrittenFormat {
  container: 'mp4' | 'webm';
  codec: 'avc' | 'vp9' | 'vp8';
}

/** A video as it would be written. */
export interface VideoExportPlan {
  /** Media time of the first frame, and of the end of the last one, in seconds. */
  start: number;
  end: number;
  /** px as shown. */
  width: number;
  height: number;
  hasSound: boolean;
  /** By the longest side in px (null: as it is); null where this browser encodes no such video. */
  formats: { maxSide: number | null; format: WrittenFormat | null }[];
}

export interface VideoExportOptions {
  file: Blob;
  format: WrittenFormat;
  /** Longest side in px; null: as it is. */
  maxSide: number | null;
  /** Seconds of media time. */
  from: number;
  to: number;
  sound: boolean;
  /** Where it is not `as-they-are`, frames of a stretch that was not read are hidden whole. */
  faces: FacesShown;
  parts: OverlayParts;
  words: OverlayWords;
  /** In the order in which they came, faces merged as the user did; `measuredOn`: px of the frames that their boxes are measured on. */
  readings: OverlayReading[];
  measuredOn: { width: number; height: number };
  /** Media times of the frames that were read. */
  readTimes: number[];
  names: Record<number, string>;
  /** Null: the largest face. */
  chosen: number | null;
  captions: OverlayCaption[];
  /** For the file's own tags. The source's tags are not taken over: they may name people or places. */
  tags: { title: string; comment: string; date: Date };
  /** Where the user wants the file; null: a file comes back. */
  place: FileSystemFileHandle | null;
}

export interface WrittenVideo {
  bytes: number;
  /** Null where it lies in its place already. */
  file: Blob | null;
  /** It was wanted and could not be written. */
  lostSound: boolean;
  /** Seconds of media time behind which the file has nothing that could be read, though it should; null where nothing is missing. */
  lostFrom: number | null;
}

/** The video export's worker. */
export interface VideoExportApi extends WatchedApi {
  /** @param maxSides the longest sides to plan for. Errors: video-broken, video-codec, file-unsupported. */
  plan(file: Blob, maxSides: (number | null)[]): Promise<Result<VideoExportPlan>>;
  /**
   * Writes the video as a stream: memory does not grow with its length. Errors: video-broken, video-encoder, file-unwritable, cancelled.
   * @param onProgress seconds of media time that are written
   */
  write(options: VideoExportOptions, onProgress: (seconds: number) => void): Promise<Result<WrittenVideo>>;
  /** Ends `write` at its next chance; what was written is thrown away. */
  cancel(): void;
}

export interface PacksOptions {
  /** Absolute URL of the folder that holds the page's packs and their `index.json`, ending in `/`. */
  modelsUrl: string;
  /** Absolute URL of the hub or of a mirror of it, ending in `/`. */
  hubUrl: string;
  /** Where the analyzer's graphs run: which of a foundation pack's files are fetched follows from it. Default `auto`. */
  backend?: BackendChoice;
}

/**
 * The packs' worker: the one thread that talks to another host, and only when the user asks for a pack from there. It never gets a picture.
 */
export interface PacksApi {
  open(options: PacksOptions): Promise<Result<void>>;
  list(): Promise<Result<PackEntry[]>>;
  storage(): Promise<StorageFacts>;
  /** Asks the hub where it must. Errors: hub-unreachable, hub-refused, pack-missing, pack-corrupt. */
  plan(id: string): Promise<Result<DownloadPlan>>;
  /**
   * Fetches what is missing, resumed by byte range, each file checked before it counts; shared with other tabs. Errors: as `plan`,
   * and storage-full, pack-corrupt, cancelled.
   */
  download(id: string, onProgress: (progress: DownloadProgress) => void): Promise<Result<void>>;
  /** Ends `download`; what came stays, for the next one. */
  stop(id: string): void;
  remove(id: string): Promise<Result<void>>;
  /** As the pack brings it, not checked any further. Errors: pack-missing, pack-corrupt. */
  manifest(id: string): Promise<Result<unknown>>;
  /**
   * A pack's folder (files with their relative paths) or one ZIP of it. What was written goes again where it fails or is stopped.
   * Errors: pack-missing, pack-corrupt, pack-unsupported, no-webgpu, storage-full, storage-refused, cancelled.
   */
  importFiles(files: { path: string; file: Blob }[], onProgress: (progress: DownloadProgress) => void): Promise<Result<PackEntry>>;
  /** Ends every `importFiles`. */
  stopImports(): void;
}

/** As its worker gives it to the page. */
export type PacksWorkerApi = PacksApi & WatchedApi;
