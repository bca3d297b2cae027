/** The page's door to the workers: all that the page may take from this room. What each does stands in client/. */
export type {
  EvaluationProgress,
  ExplainOptions,
  LoadOptions,
  VideoExportPlan,
  VideoOptions,
  WrittenFormat,
  WrittenVideo,
} from './api.ts';
export { type AnalyzerClient, createAnalyzer } from './client/analyzer.ts';
export { runEvaluation } from './client/evaluation.ts';
export { createPacks, type PacksClient } from './client/packs.ts';
export { runSelfTest } from './client/self-test.ts';
export { planVideoExport, writeVideoExport } from './client/video-export.ts';
export { type JobThread, workerRequests } from './requests-log.ts';
