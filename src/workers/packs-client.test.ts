import { afterEach, describe, expect, it, vi } from 'vitest';
import { wireError } from '../shared/errors.ts';
import { fail, ok } from '../shared/result.ts';
import type { PacksApi } from './api.ts';
import { FakeWorker, fakeTime } from './client/worker.fixture.ts';
import { createPacks, type PacksClient } from './client.ts';

const UNKNOWN = 'http://localhost/unknown/';

function fakePacks() {
  const api: Partial<PacksApi> = {
    open: async ({ hubUrl }) => {
      fake.hubs.push(hubUrl);
      return hubUrl === UNKNOWN ? fail(wireError('internal', 'There is no such hub.', '')) : ok(undefined);
    },
    list: async () => ok([]),
    storage: async () => ({ place: fake.place, usedBytes: 0, quotaBytes: null, persisted: false }),
    download: (id) => {
      fake.asked.push(`download ${id}`);
      return new Promise(() => {});
    },
    stop: (id) => void fake.asked.push(`stop ${id}`),
    importFiles: () => {
      fake.asked.push('import');
      return new Promise(() => {});
    },
    stopImports: () => void fake.asked.push('stop imports'),
  };
  const state: {
    place: 'opfs' | 'memory';
    /** What was asked of it, in order. */
    asked: string[];
    hubs: string[];
  } = { place: 'opfs', asked: [], hubs: [] };
  const fake = Object.assign(new FakeWorker(api), state);
  return fake;
}

const open: PacksClient[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.dispose();
  vi.useRealTimers();
});

function setUp(now = () => performance.now()) {
  const workers: ReturnType<typeof fakePacks>[] = [];
  const start = () => {
    const worker = fakePacks();
    workers.push(worker);
    return worker.asWorker;
  };
  const client = createPacks({ modelsUrl: 'http://localhost/models/', hubUrl: 'http://localhost/hub/' }, { start, now });
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
    await vi.waitFor(() => expect(workers[0]?.asked).toEqual(['download a', 'stop a']));
    workers[0]?.crash('dead');
    expect(await download).toMatchObject({ ok: false, error: { code: 'internal', detail: 'dead' } });
    expect(workers[0]?.terminated).toBe(true);
    expect(await client.list()).toMatchObject({ ok: true });
    expect(workers).toHaveLength(2);
  });

  it('gives up a worker that falls silent while it is asked something, and what came so far stays for the next', async () => {
    const time = fakeTime();
    const { client, workers } = setUp(time.now);
    await client.list();
    // Nobody waits for it: it owes no word.
    await time.pass(20_000);
    let ended: unknown = null;
    void client
      .download('a', () => {})
      .then((result) => {
        ended = result;
      });
    await time.pass(300_000);
    expect(ended).toBeNull();
    if (workers[0]) workers[0].isSilent = true;
    await time.pass(80_000);
    expect(ended).toBeNull();
    await time.pass(30_000);
    expect(ended).toMatchObject({
      ok: false,
      error: {
        code: 'internal',
        message: 'What looks after the packs does not answer any more.',
        remedy: 'Try it again; what came so far stays.',
      },
    });
    expect(workers[0]?.terminated).toBe(true);
    expect(await client.list()).toMatchObject({ ok: true });
    expect(workers).toHaveLength(2);
  });

  it('does not say that anything stays where it lay in the memory that went', async () => {
    const { client, workers } = setUp();
    await client.list();
    if (workers[0]) workers[0].place = 'memory';
    await client.storage();
    const download = client.download('a', () => {});
    workers[0]?.crash('dead');
    expect(await download).toMatchObject({ error: { remedy: 'Try it again: what was kept in memory is lost.' } });
  });

  it('stops what a worker that is just starting has not been asked yet', async () => {
    const { client, workers } = setUp();
    void client.download('a', () => {});
    client.stop('a');
    void client.importFiles([], () => {});
    client.stopImports();
    await vi.waitFor(() => expect(workers[0]?.asked).toEqual(['download a', 'stop a', 'import', 'stop imports']));
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
    client.move({ modelsUrl: 'http://localhost/models/', hubUrl: UNKNOWN });
    expect(await client.list()).toMatchObject({ ok: false, error: { message: 'There is no such hub.' } });
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
