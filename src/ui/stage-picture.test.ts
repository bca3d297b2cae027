/** What a saved picture says beside the frame, on a canvas that writes down the words that are drawn on it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { SessionController } from './session-controller.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { stagePicture } from './stage-picture.ts';
import { StateStore } from './state-store.ts';

let words: string[] = [];
/** Left edges of what is outlined: the faces' boxes. */
let lefts: number[] = [];

beforeEach(() => {
  words = [];
  lefts = [];
  const context = new Proxy({} as Record<string, unknown>, {
    get: (kept, name) => {
      if (name === 'measureText') return () => ({ width: 10 });
      if (name === 'fillText') return (word: string) => words.push(word);
      if (name === 'roundRect') return (x: number) => lefts.push(x);
      return name in kept ? kept[name as string] : () => {};
    },
  });
  vi.stubGlobal(
    'OffscreenCanvas',
    class {
      getContext = () => context;
      convertToBlob = async () => new Blob(['png']);
    },
  );
  vi.stubGlobal('Path2D', class {});
});
afterEach(() => vi.unstubAllGlobals());

const box = (x: number) => ({ x, y: 10, width: 30, height: 30 });
const live = { time: 9, width: 200, height: 100, readings: [reading({ time: 9, faceId: 1, box: box(150) })] };

async function save(store: StateStore, settings: Partial<Settings>): Promise<void> {
  const recorded = new Map([['c', [reading({ time: 2, faceId: 1, box: box(20) })]]]);
  const controller = { painter: { canvas: { width: 200, height: 100 } }, mirrored: false, live: { snapshot: live }, recorded };
  await stagePicture(store, controller as unknown as SessionController, { ...defaultSettings, ...settings }, 'image/png');
}

function camera(): StateStore {
  const store = new StateStore();
  store.dispatch({ type: 'item-added', item: { id: 'c', kind: 'camera', name: 'Camera' }, select: true });
  store.dispatch({ type: 'camera', phase: 'on' });
  store.dispatch({ type: 'face-named', itemId: 'c', faceId: 1, name: 'Ada' });
  return store;
}

test('names stand beside faces that are shown, and beside none that are hidden', async () => {
  await save(camera(), {});
  expect(words).toContain('Ada');
  words = [];
  await save(camera(), { facesShown: 'blurred' });
  expect(words).toContain('1');
  expect(words).not.toContain('Ada');
});

test('a recorded frame over the camera’s picture has its own boxes, not those of the present', async () => {
  const store = camera();
  await save(store, {});
  expect([lefts.includes(150), lefts.includes(20)]).toEqual([true, false]);
  lefts = [];
  store.dispatch({ type: 'replay', time: 2 });
  await save(store, {});
  expect([lefts.includes(150), lefts.includes(20)]).toEqual([false, true]);
});
