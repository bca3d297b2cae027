import { expose } from 'comlink';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { WireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import type { Fault } from '../shared/faults.ts';
import type { AnalyzerApi, LoadOptions, TransferredFrame } from './api.ts';
import { type AnalyzerClient, createAnalyzer } from './client.ts';

/** A worker on the other end of a real message channel, so that comlink and structured clone are the real ones. */
class FakeWorker extends EventTarget {
  readonly channel = new MessageChannel();
  terminated = false;
  onEvent: (event: AnalysisEvent) => void | Promise<void> = () => {};
  readonly cancelled: string[] = [];
  readonly loads: LoadOptions[] = [];
  pulse: MessagePort | null = null;
  /** What `read` and `explain` do; by default they never end. */
  behave: (runId: string, image: unknown) => Promise<void> = () => new Promise(() => {});

  constructor() {
    super();
    this.channel.port1.addEventListener('message', (event) => this.dispatchEvent(new MessageEvent('message', { data: event.data })));
    this.channel.port1.start();
    const api: AnalyzerApi = {
      connect: (onEvent) => {
        this.onEvent = onEvent;
      },
      load: async (options) => {
        this.loads.push(options);
      },
      read: (frame, options) => this.behave(options.runId, frame.image),
      explain: (frame, options) => this.behave(options.runId, frame.image),
      analyzeVideo: (file, options) => this.behave(options.runId, file),
      cancel: (runId) => {
        this.cancelled.push(runId);
      },
      watch: (pulse) => {
        this.pulse = pulse;
      },
      requests: async () => ({ requests: [], refused: 3, policy: null }),
    };
    expose(api, this.channel.port2);
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    this.channel.port1.postMessage(message, transfer);
  }

  terminate(): void {
    this.terminated = true;
    this.channel.port1.close();
  }

  crash(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error', { cancelable: true }), { message, filename: '', lineno: 0 }));
  }
}

const OPTIONS: LoadOptions = {
  packUrl: 'http://localhost/pack/',
  wasmUrl: 'http://localhost/ort/',
  backend: 'auto',
  graphBackends: {},
  threads: 0,
};
const open: AnalyzerClient[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.dispose();
});

function setUp(recover: (fault: Fault) => LoadOptions | null = () => null, now = () => performance.now()) {
  const workers: FakeWorker[] = [];
  const events: AnalysisEvent[] = [];
  const client = createAnalyzer((event) => events.push(event), {
    recover,
    now,
    start: () => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker as unknown as Worker;
    },
  });
  open.push(client);
  return { client, events, workers, worker: workers[0] as FakeWorker };
}

/** A port can be transferred and closed, as a bitmap can, and Node has it. */
function frame(): { frame: TransferredFrame; close: ReturnType<typeof vi.spyOn> } {
  const { port1 } = new MessageChannel();
  const close = vi.spyOn(port1, 'close');
  return { frame: { image: port1 as unknown as ImageBitmap, time: 0.5 }, close };
}

const read = (client: AnalyzerClient, runId: string, signal = new AbortController().signal) =>
  client.read(signal, frame().frame, { runId, sourceId: 's', mode: 'still', smoothing: 0 });
const ends = (events: AnalysisEvent[], runId: string) =>
  events.filter((event) => (event.type === 'done' || event.type === 'failed') && event.runId === runId);

describe('createAnalyzer', () => {
  it('hands the frame over and resolves after the run has ended', async () => {
    const { client, events, worker } = setUp();
    let arrived: unknown;
    worker.behave = async (runId, image) => {
      arrived = image;
      await worker.onEvent({ type: 'started', runId, task: null, time: 0.5 });
      await worker.onEvent({ type: 'done', runId });
    };
    await read(client, 'a');
    expect(events.map((event) => event.type)).toEqual(['started', 'done']);
    expect(arrived).toBeInstanceOf(MessagePort);
  });

  it('keeps an error whole across the boundary', async () => {
    const { client, events, worker } = setUp();
    const error: WireError = { code: 'device-lost', message: 'gone', remedy: 'reload', detail: 'x' };
    worker.behave = async (runId) => {
      await worker.onEvent({ type: 'failed', runId, error });
    };
    await read(client, 'a');
    expect(ends(events, 'a')).toEqual([{ type: 'failed', runId: 'a', error }]);
  });

  it('cancels by signal: ends at once, tells the worker, drops what it still says', async () => {
    const { client, events, worker } = setUp();
    const controller = new AbortController();
    const run = read(client, 'a', controller.signal);
    controller.abort();
    await run;
    expect(ends(events, 'a')).toMatchObject([{ type: 'failed', error: { code: 'cancelled' } }]);
    await vi.waitFor(() => expect(worker.cancelled).toEqual(['a']));
    await worker.onEvent({ type: 'text', runId: 'a', step: 'observe', delta: 'late' });
    await worker.onEvent({ type: 'failed', runId: 'a', error: { code: 'cancelled', message: '', remedy: '' } });
    expect(ends(events, 'a')).toHaveLength(1);
    expect(events.some((event) => event.type === 'text')).toBe(false);
  });

  it('hands a video file over whole, and ends its analysis as any other run', async () => {
    const { client, events, worker } = setUp();
    let arrived: unknown;
    worker.behave = async (runId, file) => {
      arrived = file;
      await worker.onEvent({ type: 'readings', runId, time: 1, width: 4, height: 3, readings: [], times: {} });
      await new Promise(() => {});
    };
    const controller = new AbortController();
    const options = { runId: 'v', from: 0, to: null, framesPerSecond: 5, begin: null, smoothing: 0 };
    const run = client.analyzeVideo(controller.signal, new Blob(['video']), options);
    await vi.waitFor(() => expect(events).toHaveLength(1));
    expect(arrived).toBeInstanceOf(Blob);
    controller.abort();
    await run;
    expect(ends(events, 'v')).toMatchObject([{ type: 'failed', error: { code: 'cancelled' } }]);
    await vi.waitFor(() => expect(worker.cancelled).toEqual(['v']));
  });

  it('closes the frame of a run that was cancelled before it began', async () => {
    const { client, events } = setUp();
    const { frame: taken, close } = frame();
    await client.read(AbortSignal.abort(), taken, { runId: 'a', sourceId: 's', mode: 'still', smoothing: 0 });
    expect(close).toHaveBeenCalled();
    expect(ends(events, 'a')).toHaveLength(1);
  });

  it('ends a run that the worker leaves without a word, or with a bug', async () => {
    const { client, events, worker } = setUp();
    worker.behave = async () => {};
    await read(client, 'silent');
    worker.behave = async () => {
      throw new TypeError('bug');
    };
    await read(client, 'bug');
    expect(ends(events, 'silent')).toMatchObject([{ error: { code: 'internal' } }]);
    expect(ends(events, 'bug')).toMatchObject([{ error: { code: 'internal', detail: expect.stringContaining('bug') } }]);
  });

  it('fails every open run and all parts when the worker crashes, and works again after another load', async () => {
    const { client, events, workers, worker } = setUp();
    await client.load(OPTIONS);
    const runs = [read(client, 'a'), read(client, 'b')];
    worker.crash('RangeError: Array buffer allocation failed');
    await Promise.all(runs);
    expect(ends(events, 'a')).toMatchObject([{ error: { code: 'out-of-memory' } }]);
    expect(ends(events, 'b')).toHaveLength(1);
    expect(events.filter((event) => event.type === 'load-failed').map((event) => event.part)).toEqual([
      'faces',
      'reader',
      'language-model',
    ]);
    expect(worker.terminated).toBe(true);

    await read(client, 'c');
    expect(ends(events, 'c')).toMatchObject([{ error: { code: 'out-of-memory' } }]);

    await client.load(OPTIONS);
    const fresh = workers[1] as FakeWorker;
    expect(fresh.loads).toEqual([OPTIONS]);
    fresh.behave = async (runId) => {
      await fresh.onEvent({ type: 'done', runId });
    };
    await read(client, 'd');
    expect(ends(events, 'd')).toMatchObject([{ type: 'done' }]);
  });

  it('loads anew into a new worker and ends what was open', async () => {
    const { client, events, workers, worker } = setUp();
    await client.load(OPTIONS);
    const run = read(client, 'a');
    await client.load({ ...OPTIONS, backend: 'wasm' });
    await run;
    expect(worker.terminated).toBe(true);
    expect(workers[1]?.loads).toEqual([{ ...OPTIONS, backend: 'wasm' }]);
    expect(ends(events, 'a')).toMatchObject([{ error: { code: 'cancelled' } }]);
  });

  it('lets a waiting load return when the worker crashes', async () => {
    const { client, worker } = setUp();
    const loading = client.load(OPTIONS);
    worker.crash('');
    await loading;
  });

  describe('with a way to recover', () => {
    it('ends what was open as interrupted and loads into the next worker at once', async () => {
      const { client, events, workers, worker } = setUp(() => ({ ...OPTIONS, backend: 'wasm' }));
      await client.load(OPTIONS);
      const run = read(client, 'a');
      worker.crash('');
      await run;
      expect(ends(events, 'a')).toMatchObject([{ type: 'failed', error: { code: 'interrupted' } }]);
      expect(events.some((event) => event.type === 'load-failed')).toBe(false);
      expect(worker.terminated).toBe(true);
      const [, fresh] = workers;
      await vi.waitFor(() => expect(fresh?.loads).toEqual([{ ...OPTIONS, backend: 'wasm' }]));
      if (fresh)
        fresh.behave = async (runId) => {
          await fresh.onEvent({ type: 'done', runId });
        };
      await read(client, 'b');
      expect(ends(events, 'b')).toMatchObject([{ type: 'done' }]);
    });

    it('takes a lost device and a full memory for the worker’s end, whether a run or the worker itself tells', async () => {
      const faults: Fault[] = [];
      const { client, events, workers } = setUp((fault) => {
        faults.push(fault);
        return OPTIONS;
      });
      await client.load(OPTIONS);
      const tell = async (index: number, say: (worker: FakeWorker, runId: string) => unknown) => {
        const worker = workers[index] as FakeWorker;
        await vi.waitFor(() => expect(worker.pulse).not.toBeNull());
        worker.behave = async (runId) => {
          say(worker, runId);
          await new Promise(() => {});
        };
        await read(client, `run-${index}`);
        expect(ends(events, `run-${index}`)).toMatchObject([{ error: { code: 'interrupted' } }]);
      };
      await tell(0, (worker, runId) =>
        worker.onEvent({ type: 'failed', runId, error: { code: 'out-of-memory', message: 'full', remedy: '' } }),
      );
      await tell(1, (worker, runId) =>
        worker.onEvent({
          type: 'failed',
          runId,
          error: { code: 'graph-failed', message: '', remedy: '', detail: 'RuntimeError: memory access out of bounds' },
        }),
      );
      await tell(2, (worker) => worker.pulse?.postMessage({ type: 'fault', fault: { kind: 'device-lost', detail: 'unknown' } }));
      expect(faults).toEqual([
        { kind: 'out-of-memory', detail: 'full' },
        { kind: 'worker-died', detail: 'RuntimeError: memory access out of bounds' },
        { kind: 'device-lost', detail: 'unknown' },
      ]);
      expect(workers).toHaveLength(4);
    });

    it('does not wait for a word of a worker that has loaded and nobody asks for anything', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      try {
        const faults: Fault[] = [];
        let now = 0;
        const { client } = setUp(
          (fault) => {
            faults.push(fault);
            return null;
          },
          () => now,
        );
        const pass = () => {
          for (const end = now + 600_000; now < end; ) {
            now += 2000;
            vi.advanceTimersByTime(2000);
          }
        };
        await client.load(OPTIONS);
        pass();
        expect(faults).toEqual([]);
        const run = read(client, 'a');
        pass();
        await run;
        expect(faults).toMatchObject([{ kind: 'hang' }]);
      } finally {
        vi.useRealTimers();
      }
    });

    it('tells what failed as ever where it is given up', async () => {
      const { client, events, worker } = setUp(() => null);
      await client.load(OPTIONS);
      worker.behave = async (runId) => {
        await worker.onEvent({ type: 'failed', runId, error: { code: 'out-of-memory', message: 'full', remedy: '' } });
      };
      await read(client, 'a');
      expect(ends(events, 'a')).toMatchObject([{ error: { code: 'out-of-memory' } }]);
      expect(worker.terminated).toBe(false);
    });
  });

  it('asks the worker what it has fetched, and nobody where there is none', async () => {
    const { client } = setUp();
    expect(await client.requests()).toEqual({ requests: [], refused: 3, policy: null });
    client.dispose();
    expect(await client.requests()).toBeNull();
  });

  it('ends the worker and open runs on dispose', async () => {
    const { client, events, worker } = setUp();
    const run = read(client, 'a');
    client.dispose();
    await run;
    expect(worker.terminated).toBe(true);
    expect(ends(events, 'a')).toMatchObject([{ error: { code: 'cancelled' } }]);
  });
});
