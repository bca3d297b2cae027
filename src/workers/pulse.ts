/**
 * The wire beside a worker's calls: what it is about to compute, what has become of its device, and whether it is there at all.
 * It is a port of its own, since a call through comlink waits for its answer, and a worker deep inside a graph gives none.
 */
import type { Fault } from '../shared/faults.ts';
import type { Work } from '../shared/work.ts';
import { TICK_MS, Watchdog } from './watchdog.ts';

/** From the worker. `alive` names the lock that it holds for as long as it lives. */
type Beat = { type: 'work'; work: Work | null } | { type: 'fault'; fault: Fault } | { type: 'alive'; lock: string } | { type: 'here' };

/** The worker's end. */
export class PulseSender {
  #port: MessagePort | null = null;

  /** Answers from now on. Where the browser has Web Locks, one is held: the browser lets it go when the worker ends, however it ends. */
  begin(port: MessagePort): void {
    this.#port = port;
    port.onmessage = () => this.#send({ type: 'here' });
    const lock = `emollm-worker-${Math.random().toString(36).slice(2)}`;
    const held = async (): Promise<void> => {
      this.#send({ type: 'alive', lock });
      await new Promise(() => {});
    };
    void navigator.locks?.request(lock, held).catch(() => {});
  }

  readonly work = (work: Work | null): void => this.#send({ type: 'work', work });

  fault(fault: Fault): void {
    this.#send({ type: 'fault', fault });
  }

  #send(beat: Beat): void {
    this.#port?.postMessage(beat);
  }
}

interface Listener {
  /** At most once. */
  onFault: (fault: Fault) => void;
  /** Whether somebody waits for the worker. */
  isWaited: () => boolean;
  /** Milliseconds, a steady clock. */
  now?: () => number;
  /** Null where the browser has none: then a worker that died is known by its silence. */
  locks?: Pick<LockManager, 'request'> | null;
}

/** The page's end: listens until something is wrong. Gives what ends it. */
export function followPulse(port: MessagePort, listener: Listener): () => void {
  const { onFault, isWaited, now = () => performance.now(), locks = globalThis.navigator?.locks ?? null } = listener;
  const dog = new Watchdog(now);
  const closed = new AbortController();
  const end = (): void => {
    closed.abort();
    clearInterval(timer);
    port.close();
  };
  const tell = (fault: Fault): void => {
    if (closed.signal.aborted) return;
    end();
    onFault(fault);
  };
  const timer = setInterval(() => {
    const fault = dog.tick(isWaited());
    if (fault) tell(fault);
    else if (isWaited()) port.postMessage('ping');
  }, TICK_MS);
  port.onmessage = ({ data }: MessageEvent<Beat>) => {
    if (data.type === 'work' && data.work) dog.begin(data.work);
    else if (data.type === 'work') dog.rest();
    else dog.heard();
    if (data.type === 'fault') tell(data.fault);
    if (data.type === 'alive') {
      // It is given to us when the worker is gone.
      const gone = () => tell({ kind: 'worker-died', detail: 'the browser ended the worker' });
      locks?.request(data.lock, { signal: closed.signal }, gone).catch(() => {});
    }
  };
  return end;
}
