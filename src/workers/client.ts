/**
 * The page's side of the boundary: makes the worker, hands frames over, and sees to it that each run
 * ends exactly once, whatever becomes of the worker. Knows nothing about graphs or pixels.
 */
import { proxy, type Remote, releaseProxy, transfer, wrap } from 'comlink';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ReadyPart } from '../shared/events.ts';
import type { Fault } from '../shared/faults.ts';
import type { DownloadPlan, DownloadProgress, PackEntry, StorageFacts } from '../shared/packs.ts';
import type { ThreadRequests } from '../shared/requests.ts';
import { assertNever, fail, type Result } from '../shared/result.ts';
import type {
  AnalyzerApi,
  EvaluationApi,
  EvaluationOptions,
  EvaluationProgress,
  ExplainOptions,
  LoadOptions,
  PacksApi,
  PacksOptions,
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
import { followPulse } from './pulse.ts';
import { type JobThread, requestsLog } from './requests-log.ts';

export type {
  EvaluationProgress,
  ExplainOptions,
  LoadOptions,
  PacksOptions,
  ReadOptions,
  TransferredFrame,
  VideoExportPlan,
  VideoOptions,
  WrittenFormat,
  WrittenVideo,
} from './api.ts';
export type { JobThread } from './requests-log.ts';

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

/** What a run ends with when its worker is gone and another takes its place: it may be begun again. */
const interrupted = ({ detail }: Fault): WireError =>
  wireError('interrupted', 'The analysis was interrupted and has been started again.', 'Try it again.', detail);

/** Of a fault that no other worker is started after. */
function faultError({ kind, detail }: Fault): WireError {
  switch (kind) {
    case 'out-of-memory':
      return crashed(`out of memory: ${detail}`);
    case 'device-lost':
      return wireError('device-lost', 'The graphics device was lost.', 'Load again; what was read so far stays.', detail);
    case 'hang':
      return wireError('internal', 'The analysis does not answer any more.', 'Load again; what was read so far stays.', detail);
    case 'worker-died':
      return crashed(detail);
    default:
      return assertNever(kind);
  }
}

/** What a WebAssembly module says whose memory cannot be trusted any more: every later run of any graph would fail, or be wrong. */
const BROKEN_MODULE = /\bunreachable\b|memory access out of bounds|table index is out of bounds|already aborted|Aborted\(/i;

/** What the worker itself lives through, and is of no more use after. */
function faultOf(event: AnalysisEvent): Fault | null {
  if (event.type !== 'failed' && event.type !== 'load-failed') return null;
  const { code, message, detail = message } = event.error;
  if (code === 'device-lost' || code === 'out-of-memory') return { kind: code, detail };
  return code === 'graph-failed' && BROKEN_MODULE.test(detail) ? { kind: 'worker-died', detail } : null;
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

interface AnalyzerOptions {
  /** Makes the worker; for tests. */
  start?: () => Worker;
  /**
   * Asked when a worker is lost or of no more use: how to load into the next one, which is then begun at once, or null, which leaves it at
   * that. Default: null, always.
   */
  recover?: (fault: Fault) => LoadOptions | null;
  /** Milliseconds of a steady clock; for tests. */
  now?: () => number;
}

class Analyzer implements AnalyzerClient {
  readonly #onEvent: (event: AnalysisEvent) => void;
  readonly #start: () => Worker;
  readonly #recover: (fault: Fault) => LoadOptions | null;
  readonly #now: () => number;
  #connection: Connection;
  /** Open runs and what to call when one has ended. */
  readonly #runs = new Map<string, () => void>();
  #loading: (() => void) | null = null;
  /** The worker has loaded something. */
  #used = false;
  #disposed = false;
  /** Why there is no worker, if there is none. */
  #gone: WireError | null = null;

  constructor(onEvent: (event: AnalysisEvent) => void, options: AnalyzerOptions) {
    const { start = startWorker, recover = () => null, now = () => performance.now() } = options;
    this.#onEvent = onEvent;
    this.#start = start;
    this.#recover = recover;
    this.#now = now;
    this.#connection = this.#connect();
  }

  async load(options: LoadOptions): Promise<void> {
    if (this.#disposed) return;
    if (this.#used || this.#gone !== null) {
      this.#connection.close();
      this.#end(stopped());
      this.#gone = null;
      this.#connection = this.#connect();
    }
    this.#used = true;
    const connection = this.#connection;
    await new Promise<void>((resolve) => {
      const over = (): void => {
        if (this.#loading === resolve) this.#loading = null;
        resolve();
      };
      this.#loading = resolve;
      connection.remote.load(options).then(over, (error: unknown) => {
        this.#crash(connection, String(error));
        over();
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
    this.#connection.close();
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
    const { port1, port2 } = new MessageChannel();
    const unfollow = followPulse(port1, {
      onFault: (fault) => this.#fault(connection, fault),
      isWaited: () => this.#runs.size > 0 || this.#loading !== null,
      now: this.#now,
    });
    const connection: Connection = {
      remote,
      closed: false,
      close: () => {
        if (connection.closed) return;
        connection.closed = true;
        unfollow();
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
      if (connection.closed) return;
      const fault = faultOf(event);
      if (fault === null || !this.#goOn(connection, fault)) this.#deliver(event);
    };
    const refused = (error: unknown): void => this.#crash(connection, String(error));
    remote.connect(proxy(hear)).catch(refused);
    remote.watch(transfer(port2, [port2])).catch(refused);
    return connection;
  }

  #crash(connection: Connection, detail: string): void {
    this.#fault(connection, { kind: crashed(detail).code === 'out-of-memory' ? 'out-of-memory' : 'worker-died', detail });
  }

  #fault(connection: Connection, fault: Fault): void {
    if (connection.closed || this.#goOn(connection, fault)) return;
    const error = faultError(fault);
    this.#gone = error;
    connection.close();
    this.#end(error);
    this.#loadFailed(error);
  }

  /** Whether another worker takes the place of this one. */
  #goOn(connection: Connection, fault: Fault): boolean {
    const options = this.#recover(fault);
    if (options === null) return false;
    connection.close();
    // Who hears that a run has ended may begin the next one at once.
    this.#connection = this.#connect();
    this.#used = false;
    this.#end(interrupted(fault));
    void this.load(options);
    return true;
  }

  /** Every open run fails with the error, a load that is waited for returns. */
  #end(error: WireError): void {
    for (const runId of [...this.#runs.keys()]) this.#deliver({ type: 'failed', runId, error });
    this.#loading?.();
    this.#loading = null;
  }

  #loadFailed(error: WireError): void {
    for (const part of PARTS) this.#onEvent({ type: 'load-failed', part, error });
  }
}

/**
 * Makes the worker and listens. Where it is lost, `recover` says how to go on: open runs then fail with `interrupted` and may be begun again
 * in the next worker, which loads at once. Where it says null, each open run fails, then all parts report `load-failed` with the same error;
 * `load` is the way on.
 */
export function createAnalyzer(onEvent: (event: AnalysisEvent) => void, options: AnalyzerOptions = {}): AnalyzerClient {
  return new Analyzer(onEvent, options);
}

function startEvaluation(): Worker {
  return requestsLog.note('evaluation', new Worker(new URL('./evaluate.ts', import.meta.url), { type: 'module', name: 'evaluate' }));
}

/** Runs a pack's goldens in a worker of their own: a line for each that does not hold. An abort ends it at once: `cancelled`. */
export function runSelfTest(signal: AbortSignal, options: SelfTestOptions): Promise<Result<string[]>> {
  if (signal.aborted) return Promise.resolve(fail(stopped()));
  const worker = requestsLog.note(
    'self-test',
    new Worker(new URL('./self-test.ts', import.meta.url), { type: 'module', name: 'self-test' }),
  );
  return oneJob(worker, wrap<SelfTestApi>(worker), (remote) => {
    const ended = new Promise<Result<string[]>>((resolve) => {
      signal.addEventListener('abort', () => resolve(fail(stopped())), { once: true });
    });
    return Promise.race([remote.run(options), ended]);
  });
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
  return requestsLog.note(
    'video-export',
    new Worker(new URL('./video-export.ts', import.meta.url), { type: 'module', name: 'video-export' }),
  );
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

/** The packs' worker as the page sees it. It is started by the first call, and ended when it has had nothing to do for a while. */
export interface PacksClient extends Omit<PacksApi, 'open' | 'storage' | 'stop'> {
  storage(): Promise<Result<StorageFacts>>;
  stop(id: string): void;
  /** From the next call on. What the worker holds in memory stays. */
  move(options: PacksOptions): void;
  /** Ends the worker; what is waited for ends as cancelled. */
  dispose(): void;
}

const PACKS_IDLE_MS = 30_000;

function startPacks(): Worker {
  return requestsLog.note('packs', new Worker(new URL('./packs.ts', import.meta.url), { type: 'module', name: 'packs' }));
}

interface PacksConnection {
  worker: Worker;
  remote: Remote<PacksApi>;
  opened: Promise<Result<void>>;
  /** Resolves when the worker has died or was ended; nothing is heard from it any more. */
  ended: Promise<Result<never>>;
  end(error: WireError): void;
}

class Packs implements PacksClient {
  #options: PacksOptions;
  readonly #start: () => Worker;
  #connection: PacksConnection | null = null;
  #calls = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PacksOptions, start: () => Worker) {
    this.#options = options;
    this.#start = start;
  }

  list(): Promise<Result<PackEntry[]>> {
    return this.#call((remote) => remote.list());
  }

  storage(): Promise<Result<StorageFacts>> {
    return this.#call(async (remote) => ({ ok: true, value: await remote.storage() }));
  }

  plan(id: string): Promise<Result<DownloadPlan>> {
    return this.#call((remote) => remote.plan(id));
  }

  download(id: string, onProgress: (progress: DownloadProgress) => void): Promise<Result<void>> {
    askToKeep();
    return this.#call((remote) => remote.download(id, proxy(onProgress)));
  }

  stop(id: string): void {
    void this.#connection?.remote.stop(id).catch(() => {});
  }

  move(options: PacksOptions): void {
    this.#options = options;
    if (this.#connection) this.#connection.opened = this.#connection.remote.open(options);
  }

  remove(id: string): Promise<Result<void>> {
    return this.#call((remote) => remote.remove(id));
  }

  manifest(id: string): Promise<Result<unknown>> {
    return this.#call((remote) => remote.manifest(id));
  }

  importFiles(files: { path: string; file: Blob }[], onProgress: (progress: DownloadProgress) => void): Promise<Result<PackEntry>> {
    askToKeep();
    return this.#call((remote) => remote.importFiles(files, proxy(onProgress)));
  }

  dispose(): void {
    clearTimeout(this.#idle);
    this.#connection?.end(stopped());
    this.#connection = null;
  }

  async #call<T>(job: (remote: Remote<PacksApi>) => Promise<Result<T>>): Promise<Result<T>> {
    clearTimeout(this.#idle);
    this.#calls += 1;
    this.#connection ??= this.#connect();
    const { opened, remote, ended } = this.#connection;
    const done = async (): Promise<Result<T>> => {
      const first = await opened;
      return first.ok ? job(remote) : first;
    };
    try {
      return await Promise.race([done().catch((error: unknown) => fail(packsCrashed(String(error)))), ended]);
    } finally {
      this.#calls -= 1;
      if (this.#calls === 0) this.#idle = setTimeout(() => void this.#rest(), PACKS_IDLE_MS);
    }
  }

  /** Ends the worker, unless it holds packs in memory: they would go with it. */
  async #rest(): Promise<void> {
    const connection = this.#connection;
    if (connection === null) return;
    const facts = await Promise.race([connection.remote.storage(), connection.ended]).catch(() => null);
    if (this.#calls > 0 || connection !== this.#connection || (facts !== null && 'place' in facts && facts.place === 'memory')) return;
    this.dispose();
  }

  #connect(): PacksConnection {
    const worker = this.#start();
    const remote = wrap<PacksApi>(worker);
    let resolve: (result: Result<never>) => void = () => {};
    const ended = new Promise<Result<never>>((settle) => {
      resolve = settle;
    });
    const end = (error: WireError): void => {
      if (this.#connection?.worker === worker) this.#connection = null;
      resolve(fail(error));
      remote[releaseProxy]();
      worker.terminate();
    };
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      end(packsCrashed(event.message || 'the worker could not be started'));
    });
    return { worker, remote, opened: remote.open(this.#options), ended, end };
  }
}

/** A browser that is asked may clear away less on its own; workers cannot ask. */
function askToKeep(): void {
  void globalThis.navigator?.storage?.persist?.().catch(() => {});
}

const packsCrashed = (detail: string): WireError =>
  /out of memory|OOM|allocation failed/i.test(detail)
    ? crashed(detail)
    : wireError('internal', 'What looks after the packs stopped unexpectedly.', 'Try it again; what came so far stays.', detail);

/** Looks after the packs in this browser, in a worker of its own. @param start makes the worker; for tests */
export function createPacks(options: PacksOptions, start: () => Worker = startPacks): PacksClient {
  return new Packs(options, start);
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

/** What the workers beside the analysis have asked for so far, those that have ended included; of those alone that asked for anything. */
export const workerRequests = (): Partial<Record<JobThread, ThreadRequests>> => requestsLog.all();
