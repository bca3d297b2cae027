/**
 * EmoLLM for developers: the same engine that runs in the page's worker and behind the command line.
 *
 * ```ts
 * const engine = createEngine(runtime, packSource);
 * for await (const event of engine.load(signal)) …            // faces, reader, language model
 * for await (const event of engine.read(signal, frame, { runId, sourceId, mode: 'still', smoothing: 0 })) …
 * for await (const event of engine.explain(signal, frame, { runId, sourceId, task: 'emotion', readings: null, words: null, maxNewTokens: 80 })) …
 * ```
 * `runtime` says which onnxruntime to use and where (see `Runtime`), `packSource` how a pack's file is
 * read, and a `Frame` holds decoded RGBA pixels. `createEngine(runtime, packSource, { foundation })` puts a foundation pack in the
 * language model's place; call it before anything else in the thread imports @huggingface/transformers. Each run ends in exactly one `done` or `failed` event.
 */

export { type FoundationFiles, type FoundationManifest, parseFoundationManifest } from '../model/foundation-manifest.ts';
export type { OrtRuntime, Runtime } from '../model/graph.ts';
export type { Frame, Picture } from '../model/image.ts';
export type { PackManifest } from '../model/manifest.ts';
export type { PackSource } from '../model/pack.ts';
export type { ErrorCode, WireError } from '../shared/errors.ts';
export {
  type ClassificationReport,
  EVALUATION_TASKS,
  type EvaluationReport,
  type EvaluationTask,
  type SceneReport,
} from '../shared/evaluation.ts';
export type { AnalysisEvent, GraphStatus, ModelInfo, ReadyPart, StageTimes } from '../shared/events.ts';
export {
  type Backend,
  type BackendChoice,
  EMOTION_LABELS,
  type EmotionLabel,
  type GraphName,
  type Prompting,
  STEPS,
  type Step,
  TASKS,
  type Task,
} from '../shared/labels.ts';
export type { ActionUnit, Answer, Evidence, FaceBox, Reading, TextLine } from '../shared/readings.ts';
export type { Result } from '../shared/result.ts';
export { SerialQueue } from '../shared/serial-queue.ts';
export { createEngine, type Engine, type EngineOptions, type ExplainOptions, type ReadOptions } from './engine.ts';
export { type EvaluateOptions, type EvaluateSource, evaluate } from './evaluate.ts';
