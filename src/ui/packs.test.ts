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
    stopImports: vi.fn(),
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
    expect(packs.get()).toMatchObject({ planned: null, failures: [] });
  });

  it('where the hub does not answer, says so by the pack', async () => {
    const { packs } = setUp({ plan: async () => fail(UNREACHABLE) });
    await packs.open();
    await packs.plan('smol');
    expect(packs.get()).toMatchObject({ planned: null, failures: [{ id: 'smol', error: UNREACHABLE }] });
    // It was read there: no bar stands for it once the dialog is closed.
    packs.close();
    expect(packs.get().failures).toEqual([]);
  });

  it('tells how far a download is, and lists anew when it is here', async () => {
    const { packs, downloads, entries, worker } = setUp();
    await packs.open();
    const done = packs.download('smol');
    expect(downloads.map(({ id }) => id)).toEqual(['smol']);
    downloads[0]?.tell({ loadedBytes: 40, totalBytes: 100, path: 'a.onnx' });
    expect(packs.get().fetching).toMatchObject({ id: 'smol', progress: { loadedBytes: 40 } });
    entries[0] = { ...ENTRY, state: 'stored', storedBytes: 100 };
    downloads[0]?.end(ok(undefined));
    await done;
    expect(packs.get()).toMatchObject({ fetching: null, arrived: ['smol'], entries: [{ state: 'stored' }] });
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
    expect(packs.get()).toMatchObject({ fetching: null, failures: [], arrived: [] });
    const second = packs.download('smol');
    downloads[1]?.end(fail(UNREACHABLE));
    await second;
    expect(packs.get()).toMatchObject({ fetching: null, failures: [{ id: 'smol', error: UNREACHABLE }] });
  });

  it('goes on fetching while its dialog is closed', async () => {
    const { packs, worker, downloads } = setUp();
    await packs.open();
    const done = packs.download('smol');
    packs.close();
    expect(worker.dispose).not.toHaveBeenCalled();
    downloads[0]?.end(ok(undefined));
    await done;
    expect(packs.get()).toMatchObject({ arrived: ['smol'], view: { open: false } });
  });

  it('opens a folder from disk by its paths, and shows what came of it', async () => {
    const { packs, worker } = setUp();
    const file = Object.assign(new File(['{}'], 'manifest.json'), { relativePath: './mine/manifest.json' });
    await packs.bring([file]);
    expect(worker.importFiles).toHaveBeenCalledWith([{ path: 'mine/manifest.json', file }], expect.any(Function));
    expect(packs.get()).toMatchObject({ arrived: ['mine'], view: { open: true } });
  });

  it('goes on with the same worker where packs come from elsewhere, and with what is being fetched', async () => {
    const { packs, worker, start, options, downloads } = setUp();
    await packs.moved();
    expect(start).not.toHaveBeenCalled();
    await packs.open();
    const done = packs.download('smol');
    options.hubUrl = 'https://mirror.test/';
    await packs.moved();
    expect(worker.move).toHaveBeenCalledExactlyOnceWith({ modelsUrl: 'https://page.test/models/', hubUrl: 'https://mirror.test/' });
    expect(worker.stop).not.toHaveBeenCalled();
    downloads[0]?.end(ok(undefined));
    await done;
    expect(packs.get().arrived).toEqual(['smol']);
    expect(worker.dispose).not.toHaveBeenCalled();
    expect(start).toHaveBeenCalledTimes(1);
  });

  it('a pack that could not be deleted is still listed, with the reason', async () => {
    const error = wireError('internal', 'In use.', 'Close other tabs.');
    const { packs } = setUp({ remove: async () => fail(error) });
    await packs.open();
    await packs.remove('smol');
    expect(packs.get()).toMatchObject({ entries: [{ id: 'smol' }], failures: [{ id: 'smol', error }] });
  });
});

describe('what is wanted while another is fetched', () => {
  const zipOf = (name: string) => [new File(['zip'], name)];

  it('waits its turn, in order, and nothing of what came of the others is lost meanwhile', async () => {
    const { packs, downloads, worker } = setUp();
    await packs.open();
    const first = packs.download('smol');
    const second = packs.download('other');
    const again = packs.download('other');
    const third = packs.bring(zipOf('mine.zip'));
    await vi.waitFor(() => expect(packs.get().waiting).toHaveLength(2));
    expect(packs.get().waiting).toMatchObject([{ id: 'other' }, { id: null, name: 'mine.zip' }]);
    expect(downloads.map(({ id }) => id)).toEqual(['smol']);
    downloads[0]?.end(fail(UNREACHABLE));
    await first;
    expect(packs.get()).toMatchObject({
      fetching: { id: 'other' },
      waiting: [{ name: 'mine.zip' }],
      failures: [{ id: 'smol', error: UNREACHABLE }],
    });
    expect(worker.importFiles).not.toHaveBeenCalled();
    downloads[1]?.end(ok(undefined));
    await Promise.all([second, again, third]);
    expect(downloads).toHaveLength(2);
    expect(packs.get()).toMatchObject({ fetching: null, waiting: [], arrived: ['other', 'mine'], failures: [{ id: 'smol' }] });
  });

  it('can be planned meanwhile, and taken off the list', async () => {
    const { packs, downloads } = setUp();
    await packs.open();
    const first = packs.download('smol');
    await packs.plan('other');
    expect(packs.get().planned).toEqual({ id: 'other', plan: PLAN });
    const second = packs.download('other');
    expect(packs.get().planned).toBeNull();
    packs.giveUp(packs.get().waiting[0]?.key ?? 0);
    await second;
    expect(packs.get()).toMatchObject({ fetching: { id: 'smol' }, waiting: [] });
    downloads[0]?.end(ok(undefined));
    await first;
    expect(downloads.map(({ id }) => id)).toEqual(['smol']);
  });

  it('goes on after what was stopped: a pack from disk by its own way, since nobody knows yet which it is', async () => {
    let end: (result: Result<PackEntry>) => void = () => {};
    const importFiles = vi.fn(() => new Promise<Result<PackEntry>>((resolve) => (end = resolve)));
    const { packs, worker, downloads } = setUp({ importFiles });
    const first = packs.bring(zipOf('mine.zip'));
    await vi.waitFor(() => expect(importFiles).toHaveBeenCalled());
    expect(packs.get().fetching).toMatchObject({ id: null, name: 'mine.zip' });
    void packs.download('smol');
    packs.stop();
    packs.stop();
    expect(packs.get().fetching?.stopping).toBe(true);
    expect(worker.stopImports).toHaveBeenCalledTimes(1);
    expect(worker.stop).not.toHaveBeenCalled();
    end(fail(wireError('cancelled', 'Stopped.', '')));
    await first;
    expect(packs.get()).toMatchObject({ fetching: { id: 'smol', stopping: false }, failures: [], arrived: [] });
    expect(downloads).toHaveLength(1);
  });

  it('that failed is told by the name that the user gave it, until it is tried again', async () => {
    const error = wireError('pack-corrupt', 'Damaged.', 'Get it again.');
    const results: Result<PackEntry>[] = [fail(error), fail(error), ok({ ...ENTRY, id: 'mine' })];
    const { packs } = setUp({ importFiles: async () => results.shift() ?? fail(error) });
    await Promise.all([packs.bring(zipOf('one.zip')), packs.bring(zipOf('two.zip'))]);
    expect(packs.get().failures.map(({ name }) => name)).toEqual(['one.zip', 'two.zip']);
    await packs.bring(zipOf('one.zip'));
    expect(packs.get()).toMatchObject({ failures: [{ id: null, name: 'two.zip', error }], arrived: ['mine'] });
    const [left] = packs.get().failures;
    if (left) packs.dismissFailure(left);
    expect(packs.get().failures).toEqual([]);
  });
});
