/** Recordings that come back with a session. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fail, ok } from '../shared/result.ts';
import { CameraTakes } from './camera-takes.ts';
import { LiveReadings } from './live-readings.ts';
import { itemFrom, itemRecord, type KeptItem } from './session-record.ts';
import { StagePainter } from './stage-painter.ts';
import { StateStore } from './state-store.ts';
import type { Take } from './takes.ts';

let broken = false;
vi.mock('../media/remux-apart.ts', () => ({
  remuxedApart: async (raw: Blob) =>
    broken
      ? fail({ code: 'video-broken', message: 'm', remedy: 'r' })
      : ok({ file: new Blob(['whole ', raw], { type: raw.type }), length: 3 }),
}));
beforeEach(() => {
  broken = false;
  vi.stubGlobal('document', { createElement: () => ({ getContext: () => null, addEventListener: () => {} }) });
});
afterEach(() => vi.unstubAllGlobals());

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const cut: Take = { id: 't', type: 'video/webm', spans: [{ from: 2, to: null, at: 0 }], bytes: 6, length: null };
const text = (blob: Blob | null) => blob?.text();

async function opened(beside: Pick<KeptItem, 'takes' | 'pieces'>) {
  const store = new StateStore();
  store.dispatch({ type: 'item-added', item: { id: 'c', kind: 'camera', name: 'Camera' }, select: true });
  const [item] = store.get().items;
  if (!item) throw new Error('no item');
  const record = itemRecord({ ...item, takes: [cut] }, false);
  const kept: KeptItem = { record, readings: [], file: null, thumbnail: null, last: null, frames: new Map(), ...beside };
  const takes = new CameraTakes({
    store,
    painter: new StagePainter(),
    live: new LiveReadings(),
    recorded: new Map(),
    pieces: null,
    newId: () => 'new',
    places: () => null,
    lastFrame: () => null,
    onMoment: () => {},
    onProblem: () => {},
  });
  takes.takeBack(kept);
  store.dispatch({ type: 'session-opened', items: [itemFrom(kept)], selectedId: 'c', task: 'emotion' });
  await settled();
  return { takes, taken: store.get().items[0]?.takes };
}

test('one that was cut off is put together from its pieces', async () => {
  const { takes, taken } = await opened({ takes: new Map(), pieces: new Map([['t', [new Blob(['one ']), new Blob(['two'])]]]) });
  expect(taken).toMatchObject([{ id: 't', length: 3, spans: [{ from: 2, to: 5, at: 0 }] }]);
  expect(await text(takes.file('t'))).toBe('whole one two');
});

test('one whose file was kept, but not its length, gets it anew', async () => {
  const { takes, taken } = await opened({ takes: new Map([['t', new Blob(['file'])]]), pieces: new Map() });
  expect(taken).toMatchObject([{ id: 't', length: 3, spans: [{ from: 2, to: 5, at: 0 }] }]);
  expect(await text(takes.file('t'))).toBe('whole file');
});

test('one that cannot be put together now is left for another visit', async () => {
  broken = true;
  const { taken } = await opened({ takes: new Map(), pieces: new Map([['t', [new Blob(['one'])]]]) });
  expect(taken).toEqual([cut]);
});
