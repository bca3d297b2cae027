import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fault } from '../shared/faults.ts';
import { followPulse, PulseSender } from './pulse.ts';
import { TICK_MS } from './watchdog.ts';

/** One end of a channel whose messages arrive at once. */
class FakePort {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  other: FakePort | null = null;
  closed = false;
  postMessage(data: unknown): void {
    if (!this.closed && this.other && !this.other.closed) this.other.onmessage?.({ data });
  }
  close(): void {
    this.closed = true;
  }
}

function setUp(isWaited = true) {
  const [page, worker] = [new FakePort(), new FakePort()];
  page.other = worker;
  worker.other = page;
  const faults: Fault[] = [];
  const held: { name: string; signal?: AbortSignal | undefined; give: () => unknown }[] = [];
  const locks = {
    request: async (name: string, ...rest: unknown[]) => {
      const give = rest.at(-1) as () => unknown;
      held.push({ name, give, signal: (rest[0] as { signal?: AbortSignal }).signal });
    },
  } as unknown as Pick<LockManager, 'request'>;
  let now = 0;
  const end = followPulse(page as unknown as MessagePort, {
    onFault: (fault) => faults.push(fault),
    isWaited: () => isWaited,
    now: () => now,
    locks,
  });
  const pass = (ms: number) => {
    for (const until = now + ms; now < until; ) {
      now += TICK_MS;
      vi.advanceTimersByTime(TICK_MS);
    }
  };
  return { worker: worker as unknown as MessagePort, faults, held, end, pass };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the pulse', () => {
  it('of a worker that answers is never missed', () => {
    const { worker, faults, pass } = setUp();
    vi.stubGlobal('navigator', {});
    new PulseSender().begin(worker);
    pass(600_000);
    expect(faults).toEqual([]);
  });

  it('of a worker that does not answer is missed once', () => {
    const { faults, pass } = setUp();
    pass(600_000);
    expect(faults).toMatchObject([{ kind: 'hang', graph: null }]);
  });

  it('names the graph that a worker never came back from', () => {
    const { worker, faults, pass } = setUp();
    vi.stubGlobal('navigator', {});
    const sender = new PulseSender();
    sender.begin(worker);
    sender.work({ graph: 'scene-encoder', backend: 'wasm', kind: 'run', size: 'small' });
    worker.onmessage = null; // blocked
    pass(60_000);
    expect(faults).toMatchObject([{ kind: 'hang', graph: 'scene-encoder', onGpu: false }]);
  });

  it('ends at once with the worker, whose lock the browser lets go', () => {
    const { worker, faults, held } = setUp(false);
    const asked: string[] = [];
    vi.stubGlobal('navigator', {
      locks: {
        request: async (name: string, hold: () => unknown) => {
          asked.push(name);
          void hold();
        },
      },
    });
    new PulseSender().begin(worker);
    expect(held.map(({ name }) => name)).toEqual(asked);
    expect(faults).toEqual([]);
    held[0]?.give();
    expect(faults).toMatchObject([{ kind: 'worker-died' }]);
  });

  it('tells nothing of a worker that the page has ended itself', () => {
    const { worker, faults, held, end, pass } = setUp();
    vi.stubGlobal('navigator', { locks: { request: async (_: string, hold: () => unknown) => void hold() } });
    new PulseSender().begin(worker);
    end();
    expect(held[0]?.signal?.aborted).toBe(true);
    held[0]?.give();
    pass(600_000);
    expect(faults).toEqual([]);
  });

  it('tells a lost device at once', () => {
    const { worker, faults } = setUp(false);
    vi.stubGlobal('navigator', {});
    const sender = new PulseSender();
    sender.begin(worker);
    sender.fault({ kind: 'device-lost', detail: 'unknown' });
    expect(faults).toEqual([{ kind: 'device-lost', detail: 'unknown' }]);
  });
});
