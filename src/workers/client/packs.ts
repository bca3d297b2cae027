/** The page's side of the packs' worker. Knows no storage and no network. */
import { proxy, type Remote } from 'comlink';
import { type WireError, wireError } from '../../shared/errors.ts';
import type { Fault } from '../../shared/faults.ts';
import type { DownloadPlan, DownloadProgress, PackEntry, StorageFacts } from '../../shared/packs.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { PacksApi, PacksOptions, PacksWorkerApi } from '../api.ts';
import { requestsLog } from '../requests-log.ts';
import { type Connection, connect } from './connection.ts';
import { crashFault, lossError, stopped } from './faults.ts';

/** The packs' worker as the page sees it. It is started by the first call, and ended when it has had nothing to do for a while. */
export interface PacksClient extends Omit<PacksApi, 'open' | 'storage'> {
  storage(): Promise<Result<StorageFacts>>;
  /** From the next call on. What the worker holds in memory stays. */
  move(options: PacksOptions): void;
  /** Ends the worker; what is waited for ends as cancelled. */
  dispose(): void;
}

const PACKS_IDLE_MS = 30_000;

const FROM_THE_START = 'Try it again: what was kept in memory is lost.';

function startPacks(): Worker {
  return requestsLog.note('packs', new Worker(new URL('../packs.ts', import.meta.url), { type: 'module', name: 'packs' }));
}

/** A worker, and what becomes of it. */
interface OpenPacks {
  wire: Connection<PacksWorkerApi>;
  opened: Promise<Result<void>>;
  /** Resolves when the worker was lost or ended. */
  ended: Promise<Result<never>>;
  end(error: WireError): void;
}

class Packs implements PacksClient {
  #options: PacksOptions;
  readonly #start: () => Worker;
  readonly #now: () => number;
  #connection: OpenPacks | null = null;
  /** Where packs lie, as the worker said last. */
  #place: StorageFacts['place'] | null = null;
  #calls = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PacksOptions, { start = startPacks, now = () => performance.now() }: PacksHost) {
    this.#options = options;
    this.#start = start;
    this.#now = now;
  }

  list(): Promise<Result<PackEntry[]>> {
    return this.#call((remote) => remote.list());
  }

  storage(): Promise<Result<StorageFacts>> {
    return this.#call(async (remote) => {
      const facts = await remote.storage();
      this.#place = facts.place;
      return ok(facts);
    });
  }

  plan(id: string): Promise<Result<DownloadPlan>> {
    return this.#call((remote) => remote.plan(id));
  }

  download(id: string, onProgress: (progress: DownloadProgress) => void): Promise<Result<void>> {
    askToKeep();
    return this.#call((remote) => remote.download(id, proxy(onProgress)));
  }

  stop(id: string): void {
    this.#tell((remote) => remote.stop(id));
  }

  stopImports(): void {
    this.#tell((remote) => remote.stopImports());
  }

  move(options: PacksOptions): void {
    this.#options = options;
    if (this.#connection) this.#connection.opened = this.#connection.wire.remote.open(options);
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

  /** After what it was asked before: a worker that is just starting has not been asked yet. */
  #tell(job: (remote: Remote<PacksApi>) => Promise<void>): void {
    const { opened, wire } = this.#connection ?? {};
    if (opened && wire) void opened.then(() => job(wire.remote)).catch(() => {});
  }

  async #call<T>(job: (remote: Remote<PacksApi>) => Promise<Result<T>>): Promise<Result<T>> {
    clearTimeout(this.#idle);
    this.#calls += 1;
    this.#connection ??= this.#connect();
    const { opened, wire, ended } = this.#connection;
    const done = async (): Promise<Result<T>> => {
      const first = await opened;
      return first.ok ? job(wire.remote) : first;
    };
    try {
      return await Promise.race([done().catch((error: unknown) => fail(this.#lost(crashFault(String(error))))), ended]);
    } finally {
      this.#calls -= 1;
      if (this.#calls === 0) this.#idle = setTimeout(() => void this.#rest(), PACKS_IDLE_MS);
    }
  }

  /** Ends the worker, unless it holds packs in memory: they would go with it. */
  async #rest(): Promise<void> {
    const connection = this.#connection;
    if (connection === null) return;
    const facts = await Promise.race([connection.wire.remote.storage(), connection.ended]).catch(() => null);
    if (this.#calls > 0 || connection !== this.#connection || (facts !== null && 'place' in facts && facts.place === 'memory')) return;
    this.dispose();
  }

  #connect(): OpenPacks {
    let resolve: (result: Result<never>) => void = () => {};
    const ended = new Promise<Result<never>>((settle) => {
      resolve = settle;
    });
    const wire = connect<PacksWorkerApi>(this.#start(), {
      onFault: (fault) => end(this.#lost(fault)),
      isWaited: () => this.#calls > 0,
      now: this.#now,
    });
    const end = (error: WireError): void => {
      if (this.#connection?.wire === wire) this.#connection = null;
      resolve(fail(error));
      wire.close();
    };
    return { wire, opened: wire.remote.open(this.#options), ended, end };
  }

  #lost(fault: Fault): WireError {
    return lossError(fault, this.#place === 'memory' ? lossOfMemory : loss);
  }
}

const loss = {
  died: (detail: string) =>
    wireError('internal', 'What looks after the packs stopped unexpectedly.', 'Try it again; what came so far stays.', detail),
  silent: (detail: string) =>
    wireError('internal', 'What looks after the packs does not answer any more.', 'Try it again; what came so far stays.', detail),
};
/** Where the browser lends no storage. */
const lossOfMemory = {
  died: (detail: string) => wireError('internal', 'What looks after the packs stopped unexpectedly.', FROM_THE_START, detail),
  silent: (detail: string) => wireError('internal', 'What looks after the packs does not answer any more.', FROM_THE_START, detail),
};

/** A browser that is asked may clear away less on its own; workers cannot ask. */
function askToKeep(): void {
  void globalThis.navigator?.storage?.persist?.().catch(() => {});
}

interface PacksHost {
  start?: () => Worker;
  /** Milliseconds of a steady clock. */
  now?: () => number;
}

/** Looks after the packs in this browser, in a worker of its own. @param host for tests */
export function createPacks(options: PacksOptions, host: PacksHost = {}): PacksClient {
  return new Packs(options, host);
}
