import { afterEach, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { OpenedPicture } from '../media/picture-file.ts';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { Item } from './analysis-state.ts';
import { ItemStage } from './item-stage.ts';
import { KnownFrames } from './known-frames.ts';
import { LiveReadings } from './live-readings.ts';
import type { LiveSource } from './live-source.ts';
import type { PictureShelf } from './picture-shelf.ts';
import { ReadingLog } from './reading-log.ts';
import type { StagePainter } from './stage-painter.ts';
import { StateStore } from './state-store.ts';

afterEach(() => vi.unstubAllGlobals());
const settled = () => new Promise((resolve) => setImmediate(resolve));
const snapshot = { time: 2, width: 64, height: 48, readings: [reading({ time: 2 })] };
/** An image that tells which it is. */
const image = (width: number) => ({ width, height: 48, close: vi.fn() }) as unknown as ImageBitmap;

/** Items whose files are there, unless told otherwise. */
function setUp() {
  const canvas = { getContext: () => ({ drawImage: () => {} }), toBlob: (done: BlobCallback) => done(new Blob(['jpeg'])) };
  vi.stubGlobal('document', { createElement: () => ({ ...canvas }) });
  const store = new StateStore();
  const files = new Set<string>();
  const live = new LiveReadings();
  /** What is on the stage: an image's width; null: nothing. */
  const shown: (number | null)[] = [];
  const painter = {
    canvas: { width: 0 },
    copy: async () => image(99),
    show: ({ width }: ImageBitmap) => shown.push(width),
    clear: () => shown.push(null),
    reserve: vi.fn(),
    setPlaces: vi.fn(),
  };
  const opened: [string, number][] = [];
  let video: Result<{ width: number; height: number }> = ok({ width: 64, height: 48 });
  let picture = (): Promise<Result<OpenedPicture>> => Promise.resolve(ok({ image: image(7) } as OpenedPicture));
  const source: Partial<LiveSource> = {
    openVideo: async (file, from) => {
      opened.push([await file.text(), from]);
      return video;
    },
  };
  const shelf: Partial<PictureShelf> = {
    file: (itemId) => (files.has(itemId) ? new Blob([itemId]) : null),
    open: () => picture(),
  };
  const stage = new ItemStage({
    store,
    painter: painter as unknown as StagePainter,
    live,
    source: source as LiveSource,
    shelf: shelf as PictureShelf,
    known: new KnownFrames(new ReadingLog(), () => null),
  });
  const add = (id: string, kind: Item['kind'], hasFile = kind !== 'camera') => {
    if (hasFile) files.add(id);
    store.dispatch({ type: 'item-added', item: { id, kind, name: id }, select: true });
    const item = store.get().items.find((each) => each.id === id);
    if (!item) throw new Error('no item');
    return item;
  };
  return {
    ...{ store, live, painter, stage, add, opened, shown },
    setVideo: (next: typeof video) => {
      video = next;
    },
    setPicture: (next: typeof picture) => {
      picture = next;
    },
  };
}

test('a picture comes to the stage once it is open, unless another item is there by then', async () => {
  const { store, stage, add, shown, setPicture } = setUp();
  await stage.show(add('a', 'picture'));
  expect(shown).toEqual([null, 7]);
  let open: (picture: Result<OpenedPicture>) => void = () => {};
  setPicture(() => new Promise((resolve) => (open = resolve)));
  const late = stage.show(add('b', 'picture'));
  store.dispatch({ type: 'item-selected', itemId: 'a' });
  open(ok({ image: image(8) } as OpenedPicture));
  await late;
  expect(shown).toEqual([null, 7, null]);
});

test('a video plays from its beginning; one that cannot says why, one that was left meanwhile nothing', async () => {
  const { store, painter, stage, add, opened, setVideo } = setUp();
  await stage.show(add('v', 'video'));
  expect(opened).toEqual([['v', 0]]);
  expect(painter.reserve).toHaveBeenCalledOnce();
  const error = wireError('video-broken', 'm', 'r');
  setVideo(fail(error));
  await stage.show(add('w', 'video'));
  expect(store.get().items[1]).toMatchObject({ phase: 'failed', error });
  const late = stage.show(add('x', 'video'));
  store.dispatch({ type: 'item-selected', itemId: 'v' });
  await late;
  expect(store.get().items[2]?.error).toBeNull();
});

test('a camera session stands at its last frame, with what was read from it', async () => {
  const { store, live, stage, add, shown } = setUp();
  add('c', 'camera');
  stage.keepLast('c');
  await settled();
  store.dispatch({ type: 'live-left', itemId: 'c', snapshot });
  const [item] = store.get().items;
  if (item) await stage.show(item);
  expect([shown, live.snapshot, store.get().paused]).toEqual([[null, 99], snapshot, true]);
});

test('a kept video rests at its last frame until it is played, from where that is asked for', async () => {
  const { store, stage, add, shown, opened } = setUp();
  const item = add('v', 'video');
  stage.takeBack('v');
  vi.stubGlobal('createImageBitmap', async () => image(5));
  await stage.takeBackLast('v', new Blob(['jpeg']));
  await stage.show(item);
  expect([stage.isResting('v'), store.get().paused, opened]).toEqual([true, true, []]);
  expect(shown).toEqual([5, null, 5]);
  expect(stage.wake(item, 12)).toBe(true);
  await settled();
  expect([stage.isResting('v'), opened]).toEqual([false, [['v', 12]]]);
  expect(stage.wake(item, 12)).toBe(false);
});

test('a last frame that cannot be decoded is as good as none, and that of an item that is gone is freed', async () => {
  const { stage, add, shown } = setUp();
  add('v', 'video');
  vi.stubGlobal('createImageBitmap', () => Promise.reject(new DOMException('no picture', 'InvalidStateError')));
  await stage.takeBackLast('v', new Blob(['x']));
  const lost = image(5);
  vi.stubGlobal('createImageBitmap', async () => lost);
  await stage.takeBackLast('gone', new Blob(['jpeg']));
  expect([shown, stage.lastFrame('v'), stage.lastFrame('gone')]).toEqual([[], null, null]);
  expect(lost.close).toHaveBeenCalledOnce();
});

test('where it stands: live where it is on the stage, where it was left where it is not; of a video that was left, nothing', async () => {
  const { store, live, stage, add } = setUp();
  const camera = add('c', 'camera');
  expect(await stage.standing(camera, 'c')).toBeNull();
  live.show(snapshot);
  expect(await stage.standing(camera, 'c')).toMatchObject({ snapshot, image: { size: 4 } });
  // Its camera is off, and nobody kept where it stood.
  expect(await stage.standing(camera, null)).toBeNull();
  store.dispatch({ type: 'live-left', itemId: 'c', snapshot });
  stage.keepLast('c');
  await settled();
  const [left] = store.get().items;
  expect(left && (await stage.standing(left, null))).toMatchObject({ snapshot, image: { size: 4 } });

  const video = add('v', 'video');
  expect(await stage.standing(video, null)).toMatchObject({ snapshot });
  store.dispatch({ type: 'item-selected', itemId: 'c' });
  stage.rest('v');
  await settled();
  expect(await stage.standing({ ...video, snapshot }, null)).toMatchObject({ snapshot });
  stage.wake(video, 0);
  expect(await stage.standing({ ...video, snapshot }, null)).toBeNull();
  stage.rest('v');
  await settled();
  stage.forget('v');
  expect([stage.isResting('v'), stage.lastFrame('v')]).toEqual([false, null]);
});

test('of what is not there any more nothing stays; a picture that was read shows its readings', () => {
  const { store, live, painter, stage, add, shown } = setUp();
  add('a', 'picture');
  live.show(snapshot);
  stage.showSelected('a');
  expect(shown).toEqual([]);
  stage.standStill();
  expect([shown, live.snapshot, store.get().paused]).toEqual([[], snapshot, true]);
  store.dispatch({ type: 'read-asked', itemId: 'a', runId: 'r' });
  store.dispatch({ type: 'event', event: { type: 'readings', runId: 'r', ...snapshot, readings: [], times: {} } });
  stage.showStill();
  expect([live.snapshot?.readings, painter.setPlaces.mock.calls.length]).toEqual([[], 1]);
  stage.showStill();
  expect(painter.setPlaces).toHaveBeenCalledOnce();
  store.dispatch({ type: 'item-deleted', itemId: 'a' });
  stage.showSelected('a');
  expect([shown, live.snapshot]).toEqual([[null], null]);
});
