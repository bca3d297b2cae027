/**
 * The page's side of the boundary: makes the worker, hands frames over, and sees to it that each run
 * ends exactly once, whatever becomes of the worker. Knows nothing about graphs or pixels.
 */
import { proxy, type Remote, releaseProxy, transfer, wrap } from 'comlink';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ReadyPart } from '../shared/events.ts';
import type { ThreadRequests } from '../shared/requests.ts';
import { fail, type Result } from '../shared/result.ts';
import type {
  AnalyzerApi,
  EvaluationApi,
  EvaluationOptions,
  EvaluationProgress,
  ExplainOptions,
  LoadOptions,
  ReadOptions,
  SelfTestApi,
  SelfTestOptions,
  TransferredFrame,
  VideoExportApi,
  VideoExportOptions,
  VideoExportPlan,
  VideoOptions,
  WrittenVideo,
} from './api.ts';

export type {
  EvaluationProgress,
  ExplainOptions,
  LoadOptions,
  ReadOptions,
  TransferredFrame,
  VideoExportPlan,
  VideoOptions,
  WrittenFormat,
  WrittenVideo,
} from './api.ts';

export interface AnalyzerClient {
  /**
   * Resolves when everything is there or has failed, as told by `ready` and `load-failed` events. Called
   * again, also after a crash, it loads into a new worker (memory that WebAssembly took never comes
   * back otherwise); open runs end as cancelled.
   */
  load(options: LoadOptions): Promise<void>;
  /** Fast path. Takes the frame, always. Resolves after the run's `done` or `failed` event; never rejects. */
  read(signal: AbortSignal, frame: TransferredFrame, options: ReadOptions): Promise<void>;
  /** Deep path; as `read`. */
  explain(signal: AbortSignal, frame: TransferredFrame, options: ExplainOptions): Promise<void>;
  /** Fast path on a video file, beside the other runs, which come first; as `read`. */
  analyzeVideo(signal: AbortSignal, file: Blob, options: VideoOptions): Promise<void>;
  /** Ends a run at once with `failed` (`cancelled`); the worker stops at its next chance. Unknown ids do nothing. */
  cancel(runId: string): void;
  /** What the worker has fetched so far; null where there is none that could tell. */
  requests(): Promise<ThreadRequests | null>;
  /** Ends the worker for good; open runs end as cancelled. */
  dispose(): void;
}

const PARTS: ReadyPart[] = ['faces', 'reader', 'language-model'];

const stopped = (): WireError => wireError('cancelled', 'Stopped.', 'What was written so far stays. Start it again when you like.');

function crashed(detail: string): WireError {
  return /out of memory|OOM|allocation failed/i.test(detail)
    ? wireError('out-of-memory', 'This device ran out of memory.', 'Close other tabs and programs, then load again.', detail)
    : wireError('internal', 'The analysis stopped unexpectedly.', 'Load again; what was read so far stays.', detail);
}

/** One worker and its wire. After `close` nothing is heard from it any more. */
interface Connection {
  remote: Remote<AnalyzerApi>;
  closed: boolean;
  close(): void;
}

function startWorker(): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'analyzer' });
}

class Analyzer implements AnalyzerClient {
  readonly #onEvent: (event: AnalysisEvent) => void;
  readonly #start: () => Worker;
  #connection: Connection;
  /** Open runs and what to call when one has ended. */
  readonly #runs = new Map<string, () => void>();
  #loading: (() => void) | null = null;
  /** The worker has loaded something. */
  #used = false;
  #disposed = false;
  /** Why there is no worker, if there is none. */
  #gone: WireError | null = null;

  constructor(onEvent: (event: AnalysisEvent) => void, start: () => Worker) {
    this.#onEvent = onEvent;
    this.#start = start;
    this.#connection = this.#connect();
  }

  async load(options: LoadOptions): Promise<void> {
    if (this.#disposed) return;
    if (this.#used || this.#gone !== null) {
      this.#end(stopped());
      this.#gone = null;
      this.#connection = this.#connect();
    }
    this.#used = true;
    const connection = this.#connection;
    await new Promise<void>((resolve) => {
      this.#loading = resolve;
      connection.remote.load(options).then(resolve, (error: unknown) => {
        this.#crash(connection, String(error));
        resolve();
      });
    });
  }

  read(signal: AbortSignal, frame: TransferredFrame, options: ReadOptions): Promise<void> {
    return this.#runFrame(signal, frame, options.runId, (remote, transferred) => remote.read(transferred, options));
  }

  explain(signal: AbortSignal, frame: TransferredFrame, options: ExplainOptions): Promise<void> {
    return this.#runFrame(signal, frame, options.runId, (remote, transferred) => remote.explain(transferred, options));
  }

  analyzeVideo(signal: AbortSignal, file: Blob, options: VideoOptions): Promise<void> {
    return this.#run(signal, options.runId, (remote) => remote.analyzeVideo(file, options));
  }

  cancel(runId: string): void {
    if (!this.#runs.has(runId)) return;
    // A call in flight may belong to a worker that has just died: there is no one to tell then.
    if (!this.#connection.closed) this.#connection.remote.cancel(runId).catch(() => {});
    // The worker may be deep inside one graph run: the page hears now, and what the worker still says is dropped.
    this.#deliver({ type: 'failed', runId, error: stopped() });
  }

  async requests(): Promise<ThreadRequests | null> {
    const { closed, remote } = this.#connection;
    return closed ? null : remote.requests().catch(() => null);
  }

  dispose(): void {
    const error = stopped();
    this.#disposed = true;
    this.#gone = error;
    this.#end(error);
  }

  /** Takes the frame, whether it is sent or not. */
  async #runFrame(
    signal: AbortSignal,
    frame: TransferredFrame,
    runId: string,
    call: (remote: Remote<AnalyzerApi>, frame: TransferredFrame) => Promise<void>,
  ): Promise<void> {
    try {
      await this.#run(signal, runId, (remote) => call(remote, transfer(frame, [frame.image])));
    } finally {
      frame.image.close(); // does nothing where it was transferred
    }
  }

  async #run(signal: AbortSignal, runId: string, call: (remote: Remote<AnalyzerApi>) => Promise<void>): Promise<void> {
    if (this.#runs.has(runId)) throw new Error(`run ${runId} is open already`);
    const ended = new Promise<void>((resolve) => this.#runs.set(runId, resolve));
    const error = signal.aborted ? stopped() : this.#gone;
    if (error !== null) {
      this.#deliver({ type: 'failed', runId, error });
      return ended;
    }
    const abort = (): void => this.cancel(runId);
    signal.addEventListener('abort', abort, { once: true });
    const connection = this.#connection;
    call(connection.remote).then(
      // The worker awaits every event before it returns: a run still open here has ended without saying so.
      () => this.#fail(connection, runId, 'the run ended without a result'),
      (reason: unknown) => this.#fail(connection, runId, String(reason)),
    );
    try {
      await ended;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #fail(connection: Connection, runId: string, detail: string): void {
    if (connection.closed) return;
    this.#deliver({
      type: 'failed',
      runId,
      error: wireError('internal', 'The analysis of this picture stopped unexpectedly.', 'Try it again.', detail),
    });
  }

  /** Events of runs that have ended already are dropped: exactly one end a run. */
  #deliver(event: AnalysisEvent): void {
    if (!('runId' in event)) {
      this.#onEvent(event);
      return;
    }
    const ended = this.#runs.get(event.runId);
    if (ended === undefined) return;
    const isEnd = event.type === 'done' || event.type === 'failed';
    if (isEnd) this.#runs.delete(event.runId);
    this.#onEvent(event);
    if (isEnd) ended();
  }

  #connect(): Connection {
    const worker = this.#start();
    const remote = wrap<AnalyzerApi>(worker);
    const connection: Connection = {
      remote,
      closed: false,
      close: () => {
        if (connection.closed) return;
        connection.closed = true;
        remote[releaseProxy]();
        worker.terminate();
      },
    };
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      // A worker script that cannot be fetched or parsed gives an event without a message.
      const where = event.filename ? ` (${event.filename}:${event.lineno})` : '';
      this.#crash(connection, event.message ? `${event.message}${where}` : 'the worker could not be started');
    });
    worker.addEventListener('messageerror', () => this.#crash(connection, 'a message could not be read'));
    const hear = (event: AnalysisEvent): void => {
      if (!connection.closed) this.#deliver(event);
    };
    remote.connect(proxy(hear)).catch((error: unknown) => this.#crash(connection, String(error)));
    return connection;
  }

  #crash(connection: Connection, detail: string): void {
    if (connection.closed) return;
    const error = crashed(detail);
    this.#gone = error;
    this.#end(error);
    this.#loadFailed(error);
  }

  /** Closes the connection; every open run fails with the error, a load that is waited for returns. */
  #end(error: WireError): void {
    this.#connection.close();
    for (const runId of [...this.#runs.keys()]) this.#deliver({ type: 'failed', runId, error });
    this.#loading?.();
    this.#loading = null;
  }

  #loadFailed(error: WireError): void {
    for (const part of PARTS) this.#onEvent({ type: 'load-failed', part, error });
  }
}

/**
 * Makes the worker and listens. Where it crashes, each open run fails, then all parts report
 * `load-failed` with the same error; `load` is the way on.
 * @param start makes the worker; for tests
 */
export function createAnalyzer(onEvent: (event: AnalysisEvent) => void, start: () => Worker = startWorker): AnalyzerClient {
  return new Analyzer(onEvent, start);
}

function startEvaluation(): Worker {
  return new Worker(new URL('./evaluate.ts', import.meta.url), { type: 'module', name: 'evaluate' });
}

/** Runs a pack's goldens in a worker of their own: a line for each that does not hold. */
export function runSelfTest(options: SelfTestOptions): Promise<Result<string[]>> {
  const worker = new Worker(new URL('./self-test.ts', import.meta.url), { type: 'module', name: 'self-test' });
  return oneJob(worker, wrap<SelfTestApi>(worker), (remote) => remote.run(options));
}

/**
 * Judges a pack on labelled pictures in a worker of its own; the report is JSON text. An abort gives the report of what was judged
 * so far, as soon as the worker is done with its graph run; `cancelled` where nothing was.
 * @param picture decodes a file, named as in labels.csv; what it gives is transferred
 */
export function runEvaluation(
  signal: AbortSignal,
  options: EvaluationOptions,
  picture: (file: string) => Promise<Result<TransferredFrame>>,
  onProgress: (progress: EvaluationProgress) => void,
  start: () => Worker = startEvaluation,
): Promise<Result<string>> {
  if (signal.aborted) return Promise.resolve(fail(stopped()));
  const worker = start();
  const transferred = async (file: string): Promise<Result<TransferredFrame>> => {
    const opened = await picture(file);
    return opened.ok ? transfer(opened, [opened.value.image]) : opened;
  };
  return oneJob(worker, wrap<EvaluationApi>(worker), async (remote) => {
    const stop = (): void => void remote.stop().catch(() => {});
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await remote.run(options, proxy(transferred), proxy(onProgress));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  });
}

function startVideoExport(): Worker {
  return new Worker(new URL('./video-export.ts', import.meta.url), { type: 'module', name: 'video-export' });
}

/** What a video file can be written as by this browser. @param maxSides longest sides in px; null: as it is */
export function planVideoExport(file: Blob, maxSides: (number | null)[]): Promise<Result<VideoExportPlan>> {
  const worker = startVideoExport();
  return oneJob(worker, wrap<VideoExportApi>(worker), (remote) => remote.plan(file, maxSides));
}

/**
 * Writes a video with what was read burned into it, in a worker of its own. An abort throws away what was written: `cancelled`.
 * @param onProgress seconds of media time that are written
 */
export function writeVideoExport(
  signal: AbortSignal,
  options: VideoExportOptions,
  onProgress: (seconds: number) => void,
): Promise<Result<WrittenVideo>> {
  if (signal.aborted) return Promise.resolve(fail(stopped()));
  const worker = startVideoExport();
  return oneJob(worker, wrap<VideoExportApi>(worker), async (remote) => {
    const stop = (): void => void remote.cancel().catch(() => {});
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await remote.write(options, proxy(onProgress));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  });
}

/** Ends the worker after its one job. A worker that dies is told as a crash, and nobody waits for it. */
async function oneJob<Api, T>(worker: Worker, remote: Remote<Api>, job: (remote: Remote<Api>) => Promise<Result<T>>): Promise<Result<T>> {
  const died = new Promise<Result<T>>((resolve) => {
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      resolve(fail(crashed(event.message || 'the worker could not be started')));
    });
  });
  try {
    return await Promise.race([job(remote).catch((error: unknown) => fail(crashed(String(error)))), died]);
  } finally {
    remote[releaseProxy]();
    worker.terminate();
  }
}
