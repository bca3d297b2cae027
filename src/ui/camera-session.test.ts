/** When a camera's track ends, and how its session goes on; the camera's frames and its light are the test's. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { MediaFrame } from '../media/frame.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { ReadOptions } from '../workers/api.ts';
import { openController } from './controller.fixture.ts';

let give: ((frame: MediaFrame) => void) | null = null;
/** The camera's track ends by itself. */
let end: (error: WireError) => void = () => {};
/** Why no camera opens; null where one does. */
let refused: WireError | null = null;
/** How many cameras are on. */
let lights = 0;
function lightOff(): void {
  lights -= 1;
}
vi.mock('../media/camera.ts', () => ({
  openCamera: async ({ deviceId, onEnded }: { deviceId: string | null; onEnded: typeof end }) => {
    if (refused) return { ok: false, error: refused };
    end = onEnded;
    lights += 1;
    return {
      ok: true,
      value: { stream: {}, deviceId: deviceId ?? 'front', label: 'Camera', mirrored: true, stop: () => lightOff() },
    };
  },
}));
vi.mock('../media/live-frames.ts', () => ({
  followFrames: (_element: unknown, onFrame: (frame: MediaFrame) => void) => {
    give = onFrame;
    return () => {
      give = null;
    };
  },
}));

beforeEach(() => {
  lights = 0;
  refused = null;
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function setUp() {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now * 1000);
  const { controller, store, ready } = openController({
    worker: (hear) => ({
      read: async (_signal: AbortSignal, { time }: MediaFrame, { runId }: ReadOptions) =>
        hear({ type: 'readings', runId, time, width: 64, height: 48, readings: [reading({ time })], times: {} }),
    }),
  });
  ready();
  await controller.camera.start();
  /** The camera's own clock begins with each start of it. */
  const frame = async (time: number) => {
    give?.({ image: { width: 64, height: 48, close: () => {} } as ImageBitmap, time });
    await settled();
  };
  const times = () => [...controller.recorded.values()].flatMap((rows) => [...rows]).map((each) => each.time);
  const wait = (seconds: number) => {
    now += seconds;
  };
  return { controller, store, frame, times, wait };
}

test('the camera ends when another item is shown, when it is stopped, and when its session is removed', async () => {
  const { controller, store, frame } = await setUp();
  const camera = store.get().selectedId ?? '';
  await frame(0);
  controller.showFile(new File([], 'empty.png'), null);
  await settled();
  expect(lights).toBe(0);
  await controller.camera.start();
  expect(lights).toBe(1);
  controller.camera.stop();
  expect(lights).toBe(0);
  await controller.camera.start();
  expect(lights).toBe(1);
  controller.select(camera);
  expect(lights).toBe(0);
  await controller.camera.start();
  controller.remove(store.get().selectedId ?? '');
  expect(lights).toBe(0);
});

test('another device takes the place of the one before: one light at a time', async () => {
  const { controller, frame } = await setUp();
  await frame(0);
  await controller.camera.start('back');
  expect(lights).toBe(1);
});

test('a camera that rested goes on in its session, at the time that it is by then', async () => {
  const { controller, store, frame, times, wait } = await setUp();
  await frame(0.5);
  wait(1);
  await frame(1.5);
  const { items } = store.get();
  controller.cameraRest.rest();
  expect(lights).toBe(0);
  expect(store.get()).toMatchObject({ camera: 'off', items: [{ id: items[0]?.id, kind: 'camera' }] });
  expect(times()).toEqual([0.5, 1.5]);

  wait(120);
  controller.cameraRest.goOn();
  await settled();
  expect(lights).toBe(1);
  expect(controller.camera.open?.deviceId).toBe('front');
  await frame(0.1);
  await frame(0.6);
  expect(store.get().items.map(({ id }) => id)).toEqual(items.map(({ id }) => id));
  expect(times()).toEqual([0.5, 1.5, 121.5, 122]);
  expect(controller.cameraRest.rested()).toBeNull();
});

test('Start camera begins a new session after a rest, as ever', async () => {
  const { controller, store, frame } = await setUp();
  await frame(0);
  controller.cameraRest.rest();
  await controller.camera.start();
  expect(store.get().items).toHaveLength(2);
  expect(controller.cameraRest.rested()).toBeNull();
});

test('no camera is asked for before the notice was read', async () => {
  const { controller, store } = await setUp();
  controller.camera.stop();
  const before = store.get().items.length;
  controller.camera.isNoticed = false;
  await controller.camera.start();
  expect(store.get()).toMatchObject({ cameraNotice: true, camera: 'off' });
  expect([store.get().items.length, lights]).toEqual([before, 0]);

  store.dispatch({ type: 'camera-notice', open: false });
  controller.camera.isNoticed = true;
  await controller.camera.start();
  expect(store.get()).toMatchObject({ cameraNotice: false, camera: 'on' });
  expect([store.get().items.length, lights]).toEqual([before + 1, 1]);
});

const gone = wireError('camera-failed', 'The camera is gone.', 'Plug it in.');

test('a camera that ends by itself leaves its last frame and its readings, and says why', async () => {
  const { controller, store, frame, times } = await setUp();
  await frame(0.5);
  end(gone);
  expect(store.get()).toMatchObject({ camera: 'off', paused: true, notice: null, items: [{ error: gone }] });
  expect([times(), controller.live.snapshot?.time, controller.camera.open, lights]).toEqual([[0.5], 0.5, null, 0]);
});

test('what comes late of a camera that was left ends nothing', async () => {
  const { controller, store, frame } = await setUp();
  await frame(0.5);
  controller.camera.stop();
  end(gone);
  expect(store.get()).toMatchObject({ items: [{ error: null }] });
});

test('a camera that never began leaves no session, and tells the page why', async () => {
  const { controller, store } = await setUp();
  controller.camera.stop();
  const before = store.get().items.length;
  refused = gone;
  await controller.camera.start();
  expect(store.get()).toMatchObject({ camera: 'off', notice: gone, deleted: null });
  expect([store.get().items.length, controller.camera.open]).toEqual([before, null]);
});

test('a session is shown as in a mirror where its camera looks at the user, until it is forgotten', async () => {
  const { controller, store } = await setUp();
  const { id = '' } = store.get().items[0] ?? {};
  expect([controller.mirrored, controller.isMirrored(id)]).toEqual([true, true]);
  controller.remove(id);
  expect([controller.mirrored, controller.isMirrored(id)]).toEqual([false, true]);
  controller.forgetDeleted();
  expect(controller.isMirrored(id)).toBe(false);
});
