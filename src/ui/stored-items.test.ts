import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { explained } from './session.fixture.ts';
import type { ItemRecord, SessionRecord } from './session-record.ts';
import { SessionStore } from './session-store.ts';
import { joinedItem, StoredItems } from './stored-items.ts';

const record = (explanations: ItemRecord['explanations']): ItemRecord => ({
  id: 'c',
  kind: 'camera',
  name: 'Camera 1',
  phase: 'ready',
  error: null,
  snapshot: null,
  explanations,
  people: { names: {}, sameAs: {} },
  marks: [],
  takes: [],
  mirrored: true,
});
const session: SessionRecord = {
  id: 's',
  format: 1,
  app: '1',
  createdAt: 1,
  savedAt: 1,
  task: 'emotion',
  selectedId: 'c',
  itemIds: ['c'],
  readings: 0,
  bytes: 0,
  deletedAt: null,
};
const keep = (items: ItemRecord[]) => ({ session, items, readings: [], blobs: [], gone: [] });
const runs = Array.from({ length: 40 }, (_, index) => explained({ runId: `r${index}`, time: index }));

test('what is written of an item does not grow with its explanations: each is written once, and again where it changed', () => {
  const stored = new StoredItems();
  const first = stored.parts('s', record(runs));
  expect(first.puts).toHaveLength(1 + runs.length);
  // Not written yet, so once more.
  expect(stored.parts('s', record(runs)).puts).toHaveLength(1 + runs.length);
  first.written();
  const [run, ...others] = runs;
  const changed = run && { ...run, miniature: 'data:image/jpeg;base64,AAAA' };
  const next = stored.parts('s', record(changed ? [changed, ...others] : []));
  expect(next.puts.map(({ key }) => key)).toEqual([
    ['s', 'c'],
    ['s', 'c', 'r0'],
  ]);
  expect(JSON.stringify(next.puts[0]).length).toBeLessThan(JSON.stringify(first.puts).length / 10);
  // Another session has nothing of it.
  expect(stored.parts('t', record(runs)).puts).toHaveLength(1 + runs.length);
});

test('they come back in their order, without those that were taken away, and after all was removed and written again', async () => {
  const store = await SessionStore.open('explained');
  await store.write(keep([record(runs)]));
  await store.write(keep([record(runs.toReversed().filter(({ time }) => time % 2 === 0))]));
  const back = async () => (await store.read('s'))?.items[0]?.record.explanations.map(({ time }) => time);
  expect(await back()).toEqual(Array.from({ length: 20 }, (_, index) => 38 - 2 * index));
  await store.remove('s');
  expect(await store.read('s')).toBeNull();
  await store.write(keep([record(runs)]));
  expect(await back()).toEqual(runs.map(({ time }) => time));
  await store.write({ ...keep([]), gone: ['c'] });
  await store.write(keep([record(runs)]));
  expect(await back()).toHaveLength(40);
  store.close();
});

test('an item of an earlier version holds its explanations itself', () => {
  const earlier = record(runs);
  expect(joinedItem(earlier, [])).toBe(earlier);
  expect(joinedItem(undefined, [])).toBeUndefined();
});
