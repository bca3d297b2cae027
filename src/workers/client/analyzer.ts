/**
 * The page's side of the analysis: makes the worker, hands frames over, and sees to it that each run ends exactly once, whatever becomes of
 * the worker. Knows nothing about graphs or pixels.
 */
import { proxy, type Remote, transfer } from 'comlink';
import { type WireError, wireError } from '../../shared/errors.ts';
import type { AnalysisEvent, ReadyPart } from '../../shared/events.ts';
import type { Fault } from '../../shared/faults.ts';
import type { ThreadRequests } from '../../shared/requests.ts';
import { assertNever } from '../../shared/result.ts';
import type { AnalyzerApi, ExplainOptions, LoadOptions, ReadOptions, TransferredFrame, VideoOptions } from '../api.ts';
import { type Connection, connect } from './connection.ts';
import { crashFault, faultOfError, stopped } from './faults.ts';

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

/** What a run ends with when its worker is gone and another takes its place: it may be begun again. */
const interrupted = ({ detail }: Fault): WireError =>
  wireError('interrupted', 'The analysis was interrupted and has been started again.', 'Try it again.', detail);

/** Of a fault that no other worker is started after. */
function lastError({ kind, detail }: Fault): WireError {
  switch (kind) {
    case 'out-of-memory':
      return wireError('out-of-memory', 'This device ran out of memory.', 'Close other tabs and programs, then load again.', detail);
    case 'device-lost':
      return wireError('device-lost', 'The graphics device was lost.', 'Load again; what was read so far stays.', detail);
    case 'hang':
      return wireError('internal', 'The analysis does not answer any more.', 'Load again; what was read so far stays.', detail);
    case 'worker-died':
      return wireError('internal', 'The analysis stopped unexpectedly.', 'Load again; what was read so far stays.', detail);
    default:
      return assertNever(kind);
  }
}

/** What the worker tells of itself as the end of a run or of a load. */
function faultOf(event: AnalysisEvent): Fault | null {
  return event.type === 'failed' || event.type === 'load-failed' ? faultOfError(event.error) : null;
}

function startWorker(): Worker {
  return new Worker(new URL('../worker.ts', import.meta.url), { type: 'module', name: 'analyzer' });
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
  #connection: Connection<AnalyzerApi>;
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
        this.#fault(connection, crashFault(String(error)));
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
    if (!this.#connection.isClosed) this.#connection.remote.cancel(runId).catch(() => {});
    // The worker may be deep inside one graph run: the page hears now, and what the worker still says is dropped.
    this.#deliver({ type: 'failed', runId, error: stopped() });
  }

  async requests(): Promise<ThreadRequests | null> {
    const { isClosed, remote } = this.#connection;
    return isClosed ? null : remote.requests().catch(() => null);
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

  #fail(connection: Connection<AnalyzerApi>, runId: string, detail: string): void {
    if (connection.isClosed) return;
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

  #connect(): Connection<AnalyzerApi> {
    const connection: Connection<AnalyzerApi> = connect<AnalyzerApi>(this.#start(), {
      onFault: (fault) => this.#fault(connection, fault),
      isWaited: () => this.#runs.size > 0 || this.#loading !== null,
      now: this.#now,
    });
    const hear = (event: AnalysisEvent): void => {
      if (connection.isClosed) return;
      const fault = faultOf(event);
      if (fault === null || !this.#goOn(connection, fault)) this.#deliver(event);
    };
    connection.remote.connect(proxy(hear)).catch((error: unknown) => this.#fault(connection, crashFault(String(error))));
    return connection;
  }

  #fault(connection: Connection<AnalyzerApi>, fault: Fault): void {
    if (connection.isClosed || this.#goOn(connection, fault)) return;
    const error = lastError(fault);
    this.#gone = error;
    connection.close();
    this.#end(error);
    this.#loadFailed(error);
  }

  /** Whether another worker takes the place of this one. */
  #goOn(connection: Connection<AnalyzerApi>, fault: Fault): boolean {
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
