/** A worker on the other end of a real message channel, so that comlink and structured clone are the real ones; and time that a test lets pass. */
import { expose } from 'comlink';
import { vi } from 'vitest';
import type { Work } from '../../shared/work.ts';
import { TICK_MS } from '../watchdog.ts';

export class FakeWorker<Api extends object> extends EventTarget {
  readonly #channel = new MessageChannel();
  #pulse: MessagePort | null = null;
  terminated = false;
  /** It answers nothing any more. */
  isSilent = false;

  constructor(api: Api) {
    super();
    this.#channel.port1.addEventListener('message', (event) => this.dispatchEvent(new MessageEvent('message', { data: event.data })));
    this.#channel.port1.start();
    const watch = (pulse: MessagePort): void => {
      this.#pulse = pulse;
      pulse.onmessage = () => this.isSilent || pulse.postMessage({ type: 'here' });
    };
    expose({ watch, ...api }, this.#channel.port2);
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    this.#channel.port1.postMessage(message, transfer);
  }

  terminate(): void {
    this.terminated = true;
    this.#channel.port1.close();
    this.#pulse?.close();
  }

  /** Tells what it is about to compute. */
  work(work: Work | null): void {
    this.#pulse?.postMessage({ type: 'work', work });
  }

  crash(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error', { cancelable: true }), { message, filename: '', lineno: 0 }));
  }

  get asWorker(): Worker {
    return this as unknown as Worker;
  }
}

/** A steady clock of the test's, which moves the watchdogs' timers too. To be called before they are started; `end` when all is done. */
export function fakeTime() {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
  let now = 0;
  /** What is on its way between the threads arrives. */
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => now,
    settle,
    pass: async (ms: number): Promise<void> => {
      for (const until = now + ms; now < until; ) {
        now += TICK_MS;
        vi.advanceTimersByTime(TICK_MS);
        await settle();
      }
    },
    end: () => void vi.useRealTimers(),
  };
}
