import { describe, expect, it, vi } from 'vitest';
import { wireError } from '../shared/errors.ts';
import type { DownloadProgress, PackEntry } from '../shared/packs.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { Packs, type PacksWorker } from './packs.ts';

const ENTRY: PackEntry = {
  id: 'smol',
  kind: 'foundation',
  origin: 'hub',
  title: 'Smol',
  licence: 'Apache-2.0',
  hub: { repo: 'org/Smol', revision: 'a'.repeat(40) },
  totalBytes: 100,
  storedBytes: 0,
  state: 'absent',
  memoryBytes: null,
  notes: [],
  cannotRun: null,
};
const PLAN = { totalBytes: 100, missingBytes: 100, files: 3, freeBytes: 1000, dtypes: { decoder: 'q4' } };
const UNREACHABLE = wireError('hub-unreachable', 'The hub does not answer.', 'Try later.');

/** A worker that answers when the test says so. */
function setUp(change: Partial<PacksWorker> = {}) {
  const downloads: { id: string; tell: (progress: DownloadProgress) => void; end: (result: Result<void>) => void }[] = [];
  const entries = [ENTRY];
  const worker = {
    list: vi.fn(async () => ok([...entries])),
    storage: vi.fn(async () => ok({ place: 'opfs' as const, usedBytes: 5, quotaBytes: null, persisted: false })),
    plan: vi.fn(async () => ok(PLAN)),
    download: vi.fn(
      (id: string, tell: (progress: DownloadProgress) => void) => new Promise<Result<void>>((end) => downloads.push({ id, tell, end })),
    ),
    stop: vi.fn(),
    remove: vi.fn(async () => ok(undefined)),
    importFiles: vi.fn(async () => ok({ ...ENTRY, id: 'mine' })),
    manifest: async () => ok({}),
    move: vi.fn(),
    dispose: vi.fn(),
    ...change,
  } satisfies PacksWorker;
  const start = vi.fn((): PacksWorker => worker);
  const options = { modelsUrl: 'https://page.test/models/', hubUrl: 'https://hub.test/' };
  const packs = new Packs({ options: () => ({ ...options }), start });
  return { packs, worker, start, options, downloads, entries };
}

describe('Packs', () => {
  it('asks nobody anything before it is opened, and lists then', async () => {
    const { packs, start } = setUp();
    expect(start).not.toHaveBeenCalled();
    await packs.open();
    expect(packs.get()).toMatchObject({ entries: [{ id: 'smol' }], storage: { usedBytes: 5 }, view: { open: true, everOpen: true } });
  });

  it('tells what a download takes before anything is fetched', async () => {
    const { packs, worker } = setUp();
    await packs.open();
    const asked = packs.plan('smol');
    expect(packs.get().planned).toEqual({ id: 'smol', plan: null });
    await asked;
    expect(packs.get().planned).toEqual({ id: 'smol', plan: PLAN });
    expect(worker.download).not.toHaveBeenCalled();
  });

  it('a question that was taken back is not answered later', async () => {
    const { packs } = setUp();
    const asked = packs.plan('smol');
    packs.cancelPlan();
    await asked;
    expect(packs.get()).toMatchObject({ planned: null, failure: null });
  });

  it('where the hub does not answer, says so by the pack', async () => {
    const { packs } = setUp({ plan: async () => fail(UNREACHABLE) });
    await packs.open();
    await packs.plan('smol');
    expect(packs.get()).toMatchObject({ planned: null, failure: { id: 'smol', error: UNREACHABLE } });
    // It was read there: no bar stands for it once the dialog is closed.
    packs.close();
    expect(packs.get().failure).toBeNull();
  });

  it('fetches one at a time, tells how far it is, and lists anew when it is here', async () => {
    const { packs, downloads, entries, worker } = setUp();
    await packs.open();
    const done = packs.download('smol');
    void packs.download('other');
    expect(downloads.map(({ id }) => id)).toEqual(['smol']);
    downloads[0]?.tell({ loadedBytes: 40, totalBytes: 100, path: 'a.onnx' });
    expect(packs.get().fetching).toMatchObject({ id: 'smol', progress: { loadedBytes: 40 } });
    entries[0] = { ...ENTRY, state: 'stored', storedBytes: 100 };
    downloads[0]?.end(ok(undefined));
    await done;
    expect(packs.get()).toMatchObject({ fetching: null, arrived: 'smol', entries: [{ state: 'stored' }] });
    expect(worker.list).toHaveBeenCalledTimes(2);
  });

  it('draws nothing anew for a chunk that no bar would show', async () => {
    const { packs, downloads } = setUp();
    void packs.download('smol');
    const drawn = vi.fn();
    packs.subscribe(drawn);
    for (const loadedBytes of [1_000_000, 1_000_001, 1_000_002])
      downloads[0]?.tell({ loadedBytes, totalBytes: 100_000_000, path: 'a.onnx' });
    expect(drawn).toHaveBeenCalledTimes(1);
    downloads[0]?.tell({ loadedBytes: 1_000_003, totalBytes: 100_000_000, path: 'b.onnx' });
    expect(drawn).toHaveBeenCalledTimes(2);
  });

  it('a stopped download is no failure; any other end is told by its pack', async () => {
    const { packs, downloads, worker } = setUp();
    await packs.open();
    const first = packs.download('smol');
    packs.stop();
    expect(packs.get().fetching?.stopping).toBe(true);
    expect(worker.stop).toHaveBeenCalledWith('smol');
    downloads[0]?.end(fail(wireError('cancelled', 'Stopped.', '')));
    await first;
    expect(packs.get()).toMatchObject({ fetching: null, failure: null, arrived: null });
    const second = packs.download('smol');
    downloads[1]?.end(fail(UNREACHABLE));
    await second;
    expect(packs.get()).toMatchObject({ fetching: null, failure: { id: 'smol', error: UNREACHABLE } });
  });

  it('goes on fetching while its dialog is closed', async () => {
    const { packs, worker, downloads } = setUp();
    await packs.open();
    const done = packs.download('smol');
    packs.close();
    expect(worker.dispose).not.toHaveBeenCalled();
    downloads[0]?.end(ok(undefined));
    await done;
    expect(packs.get()).toMatchObject({ arrived: 'smol', view: { open: false } });
  });

  it('opens a folder from disk by its paths, and shows what came of it', async () => {
    const { packs, worker } = setUp();
    const file = Object.assign(new File(['{}'], 'manifest.json'), { relativePath: './mine/manifest.json' });
    await packs.bring([file]);
    expect(worker.importFiles).toHaveBeenCalledWith([{ path: 'mine/manifest.json', file }], expect.any(Function));
    expect(packs.get()).toMatchObject({ arrived: 'mine', view: { open: true } });
  });

  it('goes on with the same worker where packs come from elsewhere, after what is being fetched', async () => {
    const { packs, worker, start, options, downloads } = setUp();
    await packs.moved();
    expect(start).not.toHaveBeenCalled();
    await packs.open();
    const done = packs.download('smol');
    await packs.moved();
    options.hubUrl = 'https://mirror.test/';
    packs.stop();
    expect(worker.move).not.toHaveBeenCalled();
    downloads[0]?.end(ok(undefined));
    await done;
    expect(worker.move).toHaveBeenCalledExactlyOnceWith({ modelsUrl: 'https://page.test/models/', hubUrl: 'https://mirror.test/' });
    expect(worker.dispose).not.toHaveBeenCalled();
    expect(start).toHaveBeenCalledTimes(1);
  });

  it('a pack that could not be deleted is still listed, with the reason', async () => {
    const error = wireError('internal', 'In use.', 'Close other tabs.');
    const { packs } = setUp({ remove: async () => fail(error) });
    await packs.open();
    await packs.remove('smol');
    expect(packs.get()).toMatchObject({ entries: [{ id: 'smol' }], failure: { id: 'smol', error } });
  });
});
