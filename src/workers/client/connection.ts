/** One worker and its wire, watched for as long as it is open. Knows nothing of what the worker does. */
import { type Remote, releaseProxy, transfer, wrap } from 'comlink';
import type { Fault } from '../../shared/faults.ts';
import type { WatchedApi } from '../api.ts';
import { followPulse } from '../pulse.ts';
import { crashFault } from './faults.ts';

/** After `close`, and after a fault was told, nothing is heard from the worker any more. */
export interface Connection<Api> {
  readonly remote: Remote<Api>;
  readonly isClosed: boolean;
  close(): void;
}

interface Listener {
  /** The worker died, or does not answer: it is to be closed. */
  onFault: (fault: Fault) => void;
  /** Whether somebody waits for the worker; else it owes no word. */
  isWaited: () => boolean;
  /** Milliseconds of a steady clock; for tests. */
  now?: () => number;
}

class WorkerConnection<Api extends WatchedApi> implements Connection<Api> {
  readonly remote: Remote<Api>;
  readonly #worker: Worker;
  readonly #onFault: (fault: Fault) => void;
  readonly #unfollow: () => void;
  #isClosed = false;

  constructor(worker: Worker, { onFault, isWaited, now }: Listener) {
    this.#worker = worker;
    this.#onFault = onFault;
    // TypeScript does not look into what is remote of a type parameter.
    const watched = wrap<WatchedApi>(worker);
    this.remote = watched as Remote<Api>;
    const { port1, port2 } = new MessageChannel();
    this.#unfollow = followPulse(port1, { onFault: (fault) => this.#tell(fault), isWaited, ...(now && { now }) });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      // A worker script that cannot be fetched or parsed gives an event without a message.
      const where = event.filename ? ` (${event.filename}:${event.lineno})` : '';
      this.#tell(crashFault(event.message ? `${event.message}${where}` : 'the worker could not be started'));
    });
    worker.addEventListener('messageerror', () => this.#tell(crashFault('a message could not be read')));
    watched.watch(transfer(port2, [port2])).catch((error: unknown) => this.#tell(crashFault(String(error))));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unfollow();
    this.remote[releaseProxy]();
    this.#worker.terminate();
  }

  #tell(fault: Fault): void {
    if (!this.#isClosed) this.#onFault(fault);
  }
}

/** Takes the worker: it is ended with the connection. */
export function connect<Api extends WatchedApi>(worker: Worker, listener: Listener): Connection<Api> {
  return new WorkerConnection<Api>(worker, listener);
}
