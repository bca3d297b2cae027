/** How fast the loaded model is on this machine: the same reads and explanations that the page makes, timed. Knows no components. */

import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ModelInfo, StageTimes } from '../shared/events.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { VERSION } from '../shared/version.ts';
import type { TransferredFrame } from '../workers/api.ts';
import { memoryUse } from './memory.ts';
import { quantile } from './performance-log.ts';

export const LIVE_WIDTH = 640;
export const LIVE_HEIGHT = 360;
/** The first runs compile and fill caches. */
const WARM_READS = 10;
const READS = 60;
const EXPLANATIONS = 4;
/** Of video. The sample moves by some pixels from frame to frame, so that none can be known already. */
const FRAME_SECONDS = 1 / 30;
const SWAY = 12;
const MEMORY_PATIENCE_MS = 10_000;

export interface BenchmarkResult {
  app: string;
  model: ModelInfo;
  machine: { cores: number; browser: string };
  /** Whole turns, as a live picture takes them: the frame to the worker, its readings back. */
  live: {
    width: number;
    height: number;
    frames: number;
    faces: number;
    medianMs: number;
    p90Ms: number;
    perSecond: number;
    stages: StageTimes;
  };
  /** Medians; the first explanation, which warms up, is left out. */
  explanation: {
    runs: number;
    promptTokens: number;
    prefillMs: number;
    tokens: number;
    decodeMs: number;
    tokensPerSecond: number;
    wholeMs: number;
  };
  /** Of the page and its workers; null where the browser does not tell. */
  memoryBytes: number | null;
}

/** What the benchmark needs of the page: runs whose events come back. */
export interface BenchmarkRuns {
  read(signal: AbortSignal, frame: TransferredFrame): Promise<AnalysisEvent[]>;
  explain(signal: AbortSignal, frame: TransferredFrame): Promise<AnalysisEvent[]>;
}

export interface BenchmarkOptions {
  model: ModelInfo;
  /** The sample, of any size. */
  sample: ImageBitmap;
  /** Share of the work that is done, [0, 1]. */
  onProgress: (share: number) => void;
}

/** Fails with the error of the run that failed, `cancelled` where the signal is aborted. */
export async function runBenchmark(signal: AbortSignal, runs: BenchmarkRuns, options: BenchmarkOptions): Promise<Result<BenchmarkResult>> {
  const { model, sample, onProgress } = options;
  // An explanation takes as long as some twenty reads.
  const units = WARM_READS + READS + EXPLANATIONS * 20;
  let done = 0;
  const advance = (by: number): void => {
    done += by;
    onProgress(done / units);
  };

  const canvas = new OffscreenCanvas(LIVE_WIDTH, LIVE_HEIGHT);
  const reads: number[] = [];
  const stages: StageTimes[] = [];
  let faces = 0;
  for (let index = 0; index < WARM_READS + READS; index += 1) {
    const frame = { image: await swayed(canvas, sample, index), time: index * FRAME_SECONDS };
    const started = performance.now();
    const events = await runs.read(signal, frame);
    const took = performance.now() - started;
    const failure = failureOf(signal, events);
    if (failure) return fail(failure);
    if (index >= WARM_READS) {
      reads.push(took);
      for (const event of events) {
        if (event.type !== 'readings') continue;
        stages.push(event.times);
        faces = event.readings.length;
      }
    }
    advance(1);
  }

  const explanations: Omit<BenchmarkResult['explanation'], 'runs'>[] = [];
  for (let index = 0; index < EXPLANATIONS; index += 1) {
    const started = performance.now();
    const events = await runs.explain(signal, { image: await createImageBitmap(sample), time: 0 });
    const wholeMs = performance.now() - started;
    const failure = failureOf(signal, events);
    if (failure) return fail(failure);
    if (index > 0) explanations.push({ ...figuresOf(events), wholeMs });
    advance(20);
  }

  const liveMs = median(reads);
  const of = (pick: (each: (typeof explanations)[number]) => number): number => median(explanations.map(pick));
  return ok({
    app: VERSION,
    model,
    machine: { cores: navigator.hardwareConcurrency, browser: navigator.userAgent },
    live: {
      width: LIVE_WIDTH,
      height: LIVE_HEIGHT,
      frames: READS,
      faces,
      medianMs: liveMs,
      p90Ms: quantile(reads, 0.9),
      perSecond: 1000 / liveMs,
      stages: medianStages(stages),
    },
    explanation: {
      runs: explanations.length,
      promptTokens: of((each) => each.promptTokens),
      prefillMs: of((each) => each.prefillMs),
      tokens: of((each) => each.tokens),
      decodeMs: of((each) => each.decodeMs),
      tokensPerSecond: of((each) => each.tokensPerSecond),
      wholeMs: of((each) => each.wholeMs),
    },
    memoryBytes: await wholeMemory(),
  });
}

function failureOf(signal: AbortSignal, events: readonly AnalysisEvent[]): WireError | null {
  const failed = events.find((event) => event.type === 'failed');
  if (failed) return failed.error;
  return signal.aborted ? wireError('cancelled', 'Stopped.', 'Start again when you like.') : null;
}

/** The sample, fitted into the frame and moved by some pixels. */
async function swayed(canvas: OffscreenCanvas, sample: ImageBitmap, index: number): Promise<ImageBitmap> {
  const context = canvas.getContext('2d');
  if (context === null) throw new DOMException('There is no memory for a canvas.', 'QuotaExceededError');
  const scale = Math.min(canvas.width / sample.width, canvas.height / sample.height);
  const width = sample.width * scale;
  const height = sample.height * scale;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(
    sample,
    (canvas.width - width) / 2 + SWAY * Math.sin(index / 5),
    (canvas.height - height) / 2 + (SWAY / 2) * Math.cos(index / 7),
    width,
    height,
  );
  return createImageBitmap(canvas);
}

function figuresOf(events: readonly AnalysisEvent[]): Omit<BenchmarkResult['explanation'], 'runs' | 'wholeMs'> {
  let promptTokens = 0;
  let tokens = 0;
  let times: StageTimes = {};
  for (const event of events) {
    if (event.type === 'prompt') promptTokens = event.promptTokens;
    if (event.type === 'decode-speed') tokens = event.tokens;
    if (event.type === 'answer') times = event.times;
  }
  const { prefill: prefillMs = 0, decode: decodeMs = 0 } = times;
  return { promptTokens, prefillMs, tokens, decodeMs, tokensPerSecond: decodeMs > 0 ? (1000 * tokens) / decodeMs : 0 };
}

function medianStages(all: readonly StageTimes[]): StageTimes {
  const names = new Set(all.flatMap((times) => Object.keys(times) as (keyof StageTimes)[]));
  return Object.fromEntries([...names].map((name) => [name, median(all.flatMap((times) => times[name] ?? []))]));
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The measure of the page alone would leave out the workers, where the models are. */
async function wholeMemory(): Promise<number | null> {
  const use = await memoryUse(MEMORY_PATIENCE_MS);
  return use?.by === 'measureUserAgentSpecificMemory' ? use.bytes : null;
}
