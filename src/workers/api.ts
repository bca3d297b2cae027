import type { AnalysisEvent, BackendChoices } from '../shared/events.ts';
import type { BackendChoice, Task } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
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
}

/**
 * The worker's side of the boundary (comlink). Calls resolve when the run has ended; what
 * happened comes as events. Nothing here rejects for an expected failure.
 */
export interface AnalyzerApi {
  /** Must be called first, once: where events go. */
  connect(onEvent: (event: AnalysisEvent) => void): void;
  /** Fast path first, then the language model; resolves when all is there or has failed. */
  load(options: LoadOptions): Promise<void>;
  /** Fast path on one frame. */
  read(frame: TransferredFrame, options: ReadOptions): Promise<void>;
  /** Deep path on one frame. */
  explain(frame: TransferredFrame, options: ExplainOptions): Promise<void>;
  cancel(runId: string): void;
}

export interface SelfTestOptions extends LoadOptions {
  /** Graphs to run; null: all. */
  graphs: string[] | null;
  /** Decode steps of the language model to compare; null: all that the pack has goldens for. */
  newTokens: number | null;
}

/** The self-test's worker: a pack's goldens on this device's backend. */
export interface SelfTestApi {
  /** A line for each golden that does not hold; empty where all do. */
  run(options: SelfTestOptions): Promise<Result<string[]>>;
}

export interface EvaluationOptions extends LoadOptions {
  /** One of the engine's evaluation tasks; another fails with `usage`. */
  task: string;
  /** Text of labels.csv. */
  labels: string;
  by: 'affect-head' | 'language-model';
  cropped: boolean;
  /** Null takes all rows. */
  limit: number | null;
  items: boolean;
}

/** The evaluation's worker: the engine's own evaluation, where the page's graphs would run. */
export interface EvaluationApi {
  /**
   * @param picture decodes a file of the folder, named as in labels.csv
   * @returns the report as JSON text, the same as the command line writes
   */
  run(
    options: EvaluationOptions,
    picture: (file: string) => Promise<Result<TransferredFrame>>,
    onProgress: (done: number, total: number) => void,
  ): Promise<Result<string>>;
}
