import type { WireError } from './errors.ts';
import type { Backend, GraphName, Step, Task } from './labels.ts';
import type { Answer, Evidence, Reading, TextLine } from './readings.ts';

/** Milliseconds by stage; a stage that did not run is absent. */
export type StageTimes = Partial<Record<'detect' | 'landmarks' | 'encode' | 'words' | 'scene' | 'project' | 'prefill' | 'decode', number>>;

export interface GraphStatus {
  graph: GraphName;
  backend: Backend;
  dtype: string;
  /** Milliseconds a run took on each backend that was tried; empty where there was nothing to choose. */
  times: BackendTimes;
}

/** Median milliseconds of a run. */
export type BackendTimes = Partial<Record<Backend, number>>;

/** Which backend each graph ran fastest on, and where that holds. */
export interface BackendChoices {
  /** Adapter, threads and pack: where one of them is another, it must be measured again. */
  identity: string;
  graphs: Partial<Record<GraphName, BackendTimes>>;
}

/** What the exports and the Model line state about the machinery. */
export interface ModelInfo {
  packId: string;
  packVersion: string;
  /** sha256 of manifest.json: it names every file's hash, so it stands for the whole pack. */
  packHash: string;
  /** Probability from which the pack calls an action unit shown; absent until the manifest is read. */
  cueThreshold?: number;
  /** How many words a prompt quotes at most, of a picture or of the user; absent until the manifest is read. */
  quotedWords?: number;
  graphs: GraphStatus[];
  /** The foundation pack in the language model's place; absent where there is none. */
  foundation?: { id: string; revision: string; dtypes: Record<string, string>; device: string };
  /** WebGPU adapter in words (vendor, architecture), empty where there is none. */
  adapter: string;
  /** What was measured, to be given back at the next load; null where there was nothing to choose. */
  choices: BackendChoices | null;
  /** WASM threads; 1 where the page is not cross-origin isolated. */
  threads: number;
  /** Why something slower was taken, in plain words; empty when all is as asked. */
  notes: string[];
}

/** Where a film was cut, in seconds of media time: between two frames that were read one after the other. */
export interface SceneCut {
  /** Of the last frame of the shot before. */
  after: number;
  /** Of the first frame of the new shot. */
  time: number;
}

export const VIDEO_DECODERS = ['webcodecs', 'video-element'] as const;
/** Who decodes: the worker, as a stream, or the page, which goes from frame to frame of a `<video>`. */
export type VideoDecoderName = (typeof VIDEO_DECODERS)[number];

/** What a video file says of itself. */
export interface VideoFacts {
  decoder: VideoDecoderName;
  /** Media time of the first frame, and of the end of the last one, in seconds. */
  start: number;
  end: number;
  /** px as shown: upright, with square pixels. */
  width: number;
  height: number;
  /** As WebCodecs names it (`avc1.64001e`); empty where it is not told. */
  codec: string;
  /** Degrees clockwise by which the file's pictures are turned to be shown; frames are upright already. */
  rotation: number;
  /** Mean frames a second; null where it is not told. */
  frameRate: number | null;
  /** Null where it is not told. */
  hasSound: boolean | null;
}

/** The parts of the engine in the order in which they become ready. */
export type ReadyPart = 'faces' | 'reader' | 'language-model';

/**
 * The only thing that flows back from the engine. `run` events carry the id that the caller
 * gave; each run ends in exactly one `done` or `failed`.
 */
export type AnalysisEvent =
  | { type: 'load-progress'; loadedBytes: number; totalBytes: number; part: ReadyPart }
  | { type: 'ready'; part: ReadyPart; info: ModelInfo }
  | { type: 'load-failed'; part: ReadyPart; error: WireError }
  | { type: 'started'; runId: string; task: Task | null; time: number }
  | {
      type: 'readings';
      runId: string;
      time: number;
      width: number;
      height: number;
      readings: Reading[];
      times: StageTimes;
      /** Told a moment after it was, when the picture did not go back as after a flash. */
      cut?: SceneCut;
    }
  /** A video that is analysed as a file: once, before its first frame. */
  | { type: 'video-opened'; runId: string; video: VideoFacts }
  /** A damaged stretch of it, in seconds of media time, that gave no frame; the analysis goes on behind it where it can. */
  | { type: 'video-lost'; runId: string; from: number; to: number }
  | { type: 'words'; runId: string; lines: TextLine[]; times: StageTimes }
  | { type: 'prompt'; runId: string; text: string; promptTokens: number }
  | { type: 'step'; runId: string; step: Step }
  | { type: 'text'; runId: string; step: Step; delta: string }
  | { type: 'evidence'; runId: string; step: Step; evidence: Evidence[] }
  | { type: 'decode-speed'; runId: string; tokens: number; tokensPerSecond: number }
  | { type: 'answer'; runId: string; answer: Answer; times: StageTimes }
  | { type: 'done'; runId: string }
  | { type: 'failed'; runId: string; error: WireError };
