import { expose } from 'comlink';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ok } from '../shared/result.ts';
import type { PacksApi } from './api.ts';
import { createPacks, type PacksClient } from './client.ts';

/** A worker on the other end of a real message channel. */
class FakeWorker extends EventTarget {
  readonly channel = new MessageChannel();
  terminated = false;
  place: 'opfs' | 'memory' = 'opfs';
  stopped: string[] = [];
  hubs: string[] = [];

  constructor() {
    super();
    this.channel.port1.addEventListener('message', (event) => this.dispatchEvent(new MessageEvent('message', { data: event.data })));
    this.channel.port1.start();
    const api: Partial<PacksApi> = {
      open: async ({ hubUrl }) => {
        this.hubs.push(hubUrl);
        return ok(undefined);
      },
      list: async () => ok([]),
      storage: async () => ({ place: this.place, usedBytes: 0, quotaBytes: null, persisted: false }),
      download: () => new Promise(() => {}),
      stop: (id) => void this.stopped.push(id),
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
}

const open: PacksClient[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.dispose();
  vi.useRealTimers();
});

function setUp() {
  const workers: FakeWorker[] = [];
  const client = createPacks({ modelsUrl: 'http://localhost/models/', hubUrl: 'http://localhost/hub/' }, () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker as unknown as Worker;
  });
  open.push(client);
  return { client, workers };
}

describe('createPacks', () => {
  it('starts its worker when it is asked something, and another when that one has died', async () => {
    const { client, workers } = setUp();
    expect(workers).toHaveLength(0);
    expect(await client.list()).toEqual({ ok: true, value: [] });
    const download = client.download('a', () => {});
    client.stop('a');
    await vi.waitFor(() => expect(workers[0]?.stopped).toEqual(['a']));
    workers[0]?.dispatchEvent(Object.assign(new Event('error', { cancelable: true }), { message: 'dead' }));
    expect(await download).toMatchObject({ ok: false, error: { code: 'internal', detail: 'dead' } });
    expect(workers[0]?.terminated).toBe(true);
    expect(await client.list()).toMatchObject({ ok: true });
    expect(workers).toHaveLength(2);
  });

  it('tells the worker that it has of another hub, and the next one', async () => {
    const { client, workers } = setUp();
    await client.list();
    client.move({ modelsUrl: 'http://localhost/models/', hubUrl: 'http://localhost/mirror/' });
    await client.list();
    expect(workers.map(({ hubs }) => hubs)).toEqual([['http://localhost/hub/', 'http://localhost/mirror/']]);
    client.dispose();
    await client.list();
    expect(workers[1]?.hubs).toEqual(['http://localhost/mirror/']);
  });

  it('ends its worker when it has had nothing to do for a while, unless that holds packs in memory', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const idle = setUp();
    await idle.client.list();
    await vi.advanceTimersByTimeAsync(31_000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(idle.workers[0]?.terminated).toBe(true));

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const holding = setUp();
    await holding.client.list();
    if (holding.workers[0]) holding.workers[0].place = 'memory';
    await vi.advanceTimersByTimeAsync(31_000);
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(holding.workers[0]?.terminated).toBe(false);
  });

  it('ends what is waited for as cancelled when it is disposed', async () => {
    const { client } = setUp();
    const download = client.download('a', () => {});
    await client.list();
    client.dispose();
    expect(await download).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });
});
