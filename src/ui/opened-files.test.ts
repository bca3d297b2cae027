import { afterEach, expect, test, vi } from 'vitest';
import { keptVideo } from './controller.fixture.ts';
import { OpenedFiles } from './opened-files.ts';
import { PictureShelf } from './picture-shelf.ts';
import { itemFrom } from './session-record.ts';
import { StateStore } from './state-store.ts';
import { newJob } from './video-job.ts';

afterEach(() => vi.unstubAllGlobals());
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const png = (name: string) => new File([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), new Uint8Array(32)], name);

function setUp({ isWatching = false } = {}) {
  const store = new StateStore();
  const shelf = new PictureShelf();
  /** What happened, in its order. */
  const done: string[] = [];
  let ids = 0;
  const files = new OpenedFiles({
    store,
    shelf,
    pictures: { read: async (itemId) => void done.push(`read ${itemId}`) },
    videoJobs: { goOn: (itemId) => done.push(`go on with ${itemId}`) },
    newId: (prefix) => `${prefix}-${++ids}`,
    baseUrl: 'http://localhost/',
    isWatching: () => isWatching,
    leave: () => done.push('leave'),
    show: (item) => done.push(`show ${item?.id ?? 'nothing'}`),
  });
  const items = () => store.get().items.map(({ name, kind }) => [name, kind]);
  return { store, shelf, files, done, items };
}

test('each file becomes an item and is read; the first is shown', async () => {
  const { store, shelf, files, done, items } = setUp();
  files.add([png('a.png'), png('b.png')]);
  await settled();
  expect(items()).toEqual([
    ['a.png', 'picture'],
    ['b.png', 'picture'],
  ]);
  expect(done).toEqual(['leave', 'show item-1', 'read item-1', 'read item-2']);
  expect([store.get().selectedId, shelf.file('item-2')?.size]).toEqual(['item-1', 40]);
});

test('while a camera is on it stays on the stage, unless a file is shown on purpose', async () => {
  const { store, files, done } = setUp({ isWatching: true });
  store.dispatch({ type: 'item-added', item: { id: 'c', kind: 'camera', name: 'Camera' }, select: true });
  files.add([png('a.png')]);
  await settled();
  expect([store.get().selectedId, done]).toEqual(['c', ['read item-1']]);
  expect(files.show(png('b.png'))).toBe('item-2');
  await settled();
  expect([store.get().selectedId, done.slice(1)]).toEqual(['item-2', ['leave', 'show item-2', 'read item-2']]);
});

test('a file of no kind that can be shown is an item that says so', async () => {
  const { store, files, done } = setUp();
  files.add([new File(['no picture'], 'letter.png')]);
  await settled();
  expect(store.get().items[0]).toMatchObject({ name: 'letter.png', phase: 'failed', error: { code: 'file-unsupported' } });
  expect(done).toEqual(['leave', 'show nothing']);
});

test('a sample that cannot be fetched is told of', async () => {
  const { store, files } = setUp();
  vi.stubGlobal('fetch', async () => new Response(null, { status: 404 }));
  await files.addSample();
  expect(store.get().notice?.code).toBe('file-unreadable');
  vi.stubGlobal('fetch', async () => new Response(png('x')));
  await files.addSample();
  await settled();
  expect(store.get().items).toHaveLength(1);
});

/** A video of five bytes that was analysed; it came back without its file. */
function withVideo() {
  const all = setUp();
  const job = { ...newJob({ from: 0, to: 10, framesPerSecond: 2 }, 0, 5), phase: 'stopped' as const, reached: 1 };
  all.store.dispatch({ type: 'session-opened', items: [itemFrom(keptVideo({ jobs: [job] }, []))], selectedId: 'v', task: 'emotion' });
  return all;
}

test('asked to go on, it asks for the file, knows it by name and size, and goes on', async () => {
  const { store, files, done } = withVideo();
  const choose = vi.fn();
  files.goOn('v', choose);
  expect([choose.mock.calls.length, done]).toEqual([1, []]);
  files.add([new File(['12345'], 'interview.mp4')]);
  await settled();
  expect([store.get().items.length, store.get().items[0]?.kept, done]).toEqual([1, 'whole', ['go on with v']]);
  files.goOn('v', choose);
  expect([choose.mock.calls.length, done.length]).toEqual([1, 2]);
});

test('who brings the file without having been asked gets it back, and nothing more', async () => {
  const { shelf, files, done } = withVideo();
  files.add([new File(['12345'], 'interview.mp4')]);
  await settled();
  expect([shelf.file('v')?.size, done]).toEqual([5, []]);
});

test('another file of that name is an item of its own, and so is one of that size', async () => {
  const { store, files, done } = withVideo();
  files.goOn('v', () => {});
  files.add([new File(['another length'], 'interview.mp4'), new File(['12345'], 'another.mp4')]);
  await settled();
  expect([store.get().items.length, done.includes('go on with v')]).toEqual([3, false]);
});
