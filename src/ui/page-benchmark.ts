/** The benchmark of the page's own analyzer on the sample: its runs' events come back here in place of going to the page. */
import { wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import { fail, type Result } from '../shared/result.ts';
import type { Analyzer } from './analyzer.ts';
import { type BenchmarkResult, runBenchmark } from './benchmark.ts';
import { MAX_NEW_TOKENS } from './deep-queue.ts';

interface PageBenchmarkOptions {
  /** The one there is now. */
  analyzer: () => Analyzer;
  newId: (prefix: string) => string;
  /** Null until it is loaded. */
  model: () => ModelInfo | null;
  /** Of live readings as they are set now, seconds. */
  smoothing: () => number;
  sample: () => Promise<Result<File>>;
  /** What is running on the page is to stand still. */
  makeWay: () => void;
}

export class PageBenchmark {
  readonly #options: PageBenchmarkOptions;
  readonly #listeners = new Set<() => void>();
  /** Events so far, by run. */
  readonly #runs = new Map<string, AnalysisEvent[]>();
  #isRunning = false;

  constructor(options: PageBenchmarkOptions) {
    this.#options = options;
  }

  /** Nothing else is to be computed then. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Tells when it begins and ends. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whether the event belongs to a run of the benchmark. */
  hear(event: AnalysisEvent): boolean {
    const events = 'runId' in event ? this.#runs.get(event.runId) : undefined;
    events?.push(event);
    return events !== undefined;
  }

  /** Times this machine. Errors: model-not-ready, file-unreadable, and those of `runBenchmark`. */
  async run(signal: AbortSignal, onProgress: (share: number) => void): Promise<Result<BenchmarkResult>> {
    const { model, sample, makeWay } = this.#options;
    const info = model();
    if (!info) return fail(wireError('model-not-ready', 'The model is still loading.', 'Wait a moment, then try again.'));
    this.#set(true);
    try {
      makeWay();
      const file = await sample();
      return file.ok ? await this.#measure(signal, info, file.value, onProgress) : file;
    } finally {
      this.#set(false);
    }
  }

  async #measure(signal: AbortSignal, model: ModelInfo, file: File, onProgress: (share: number) => void): Promise<Result<BenchmarkResult>> {
    const { analyzer, newId, smoothing } = this.#options;
    const sample = await createImageBitmap(file);
    const sourceId = newId('benchmark');
    try {
      return await runBenchmark(
        signal,
        {
          read: (ended, frame) =>
            this.#collect((runId) => analyzer().read(ended, frame, { runId, sourceId, mode: 'live', smoothing: smoothing() })),
          explain: (ended, frame) =>
            this.#collect((runId) =>
              analyzer().explain(ended, frame, {
                runId,
                sourceId,
                task: 'emotion',
                readings: null,
                words: null,
                maxNewTokens: MAX_NEW_TOKENS,
              }),
            ),
        },
        { model, sample, onProgress },
      );
    } finally {
      sample.close();
    }
  }

  async #collect(start: (runId: string) => Promise<void>): Promise<AnalysisEvent[]> {
    const runId = this.#options.newId('apart');
    const events: AnalysisEvent[] = [];
    this.#runs.set(runId, events);
    try {
      await start(runId);
    } finally {
      this.#runs.delete(runId);
    }
    return events;
  }

  #set(isRunning: boolean): void {
    this.#isRunning = isRunning;
    for (const listener of this.#listeners) listener();
  }
}
