/** Recorded videos in what is kept: written piece by piece, then whole; exported, imported, deleted. */
import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { expect, test, vi } from 'vitest';
import { FakePage } from './session.fixture.ts';
import { unpackSession } from './session-archive.ts';
import { SessionKeeper } from './session-keeper.ts';
import { SessionStore } from './session-store.ts';
import type { Take } from './takes.ts';

let databases = 0;
async function setUp(name = `takes-${++databases}`, enabled = true) {
  const page = new FakePage();
  let own: string | null = null;
  const keeper = new SessionKeeper({
    store: page.store,
    source: page,
    openStore: () => SessionStore.open(name),
    enabled,
    locks: null,
    tab: {
      get: () => own,
      set: (id) => {
        own = id;
      },
    },
    persist: () => {},
    unpack: unpackSession,
  });
  await keeper.begin();
  return { page, keeper, name, raw: async () => (await SessionStore.open(name)).read(keeper.sessionId) };
}

const open: Take = { id: 't1', type: 'video/webm', spans: [{ from: 2, to: null, at: 0 }], bytes: 6, length: null };
const whole: Take = { ...open, spans: [{ from: 2, to: 5, at: 0 }], length: 3 };

async function recording() {
  const all = await setUp();
  const { page, keeper } = all;
  page.store.dispatch({ type: 'item-added', item: { id: 'c', kind: 'camera', name: 'Camera' }, select: true });
  page.store.dispatch({ type: 'take-set', itemId: 'c', take: open });
  for (const [number, piece] of ['one ', 'two ', 'three'].entries()) {
    expect(await keeper.writePiece('c', 't1', number, new Blob([piece]))).toBe(true);
  }
  await keeper.save();
  return all;
}

function finish(page: FakePage): void {
  page.takes.set('t1', new Blob(['the whole video'], { type: 'video/webm' }));
  page.store.dispatch({ type: 'take-set', itemId: 'c', take: whole });
}

test('a page that ends while it records leaves the pieces, in order, and what they show', async () => {
  const { raw } = await recording();
  const item = (await raw())?.items[0];
  expect(item?.record.takes).toEqual([open]);
  expect(await Promise.all((item?.pieces.get('t1') ?? []).map((piece) => piece.text()))).toEqual(['one ', 'two ', 'three']);
  expect(item?.takes.size).toBe(0);
});

test('once it is whole the pieces go, and it comes back with the session', async () => {
  const { page, keeper, raw, name } = await recording();
  finish(page);
  expect(await keeper.save()).toBe(true);
  await keeper.save();
  const item = (await raw())?.items[0];
  expect([item?.pieces.size, await item?.takes.get('t1')?.text()]).toEqual([0, 'the whole video']);
  expect((await keeper.list())[0]?.bytes).toBeGreaterThan(15);
  const again = await setUp(name);
  expect(again.page.store.get().items[0]?.takes).toEqual([whole]);
  expect(await again.page.take('t1')?.text()).toBe('the whole video');
});

test('a piece that was left beside the whole is none of a take that was cut off', async () => {
  const { page, keeper, raw } = await recording();
  finish(page);
  await keeper.save();
  await keeper.writePiece('c', 't1', 9, new Blob(['late']));
  expect((await raw())?.items[0]?.pieces.size).toBe(0);
});

test('an archive carries it; one that was still recorded is left out there', async () => {
  const { page, keeper } = await recording();
  finish(page);
  page.store.dispatch({ type: 'take-set', itemId: 'c', take: { ...open, id: 't2' } });
  const archive = await keeper.export(keeper.sessionId);
  if (!archive.ok) throw new Error(archive.error.message);
  const other = await setUp();
  expect(await other.keeper.import(new Blob([archive.value]))).toEqual({ ok: true });
  expect(other.page.store.get().items[0]?.takes).toEqual([whole]);
  expect([other.page.take('t1')?.type, await other.page.take('t1')?.text()]).toEqual(['video/webm', 'the whole video']);
});

test('a deleted one is gone, the session stays', async () => {
  const { page, keeper, raw } = await recording();
  finish(page);
  await keeper.save();
  page.takes.delete('t1');
  page.store.dispatch({ type: 'take-deleted', itemId: 'c', takeId: 't1' });
  await keeper.save();
  const item = (await raw())?.items[0];
  // Nor do its pieces come back.
  expect([item?.record.takes, item?.takes.size, item?.pieces.size]).toEqual([[], 0, 0]);
});

test('no room: the error is told, the pieces stay, and the page says which video is not kept', async () => {
  const { page, keeper, raw } = await recording();
  const addBlob = vi.spyOn(SessionStore.prototype, 'addBlob').mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
  expect(await keeper.writePiece('c', 't1', 3, new Blob(['four']))).toMatchObject({ code: 'storage-full' });
  finish(page);
  expect(await keeper.save()).toBe(false);
  expect(keeper.keeping()).toMatchObject({ state: 'some', error: { message: expect.stringContaining('recording of “Camera”') } });
  addBlob.mockRestore();
  expect((await raw())?.items[0]?.pieces.get('t1')).toHaveLength(3);
});

test('one that is deleted where there was room for its pieces alone makes that room again', async () => {
  const { page, keeper, raw } = await recording();
  const addBlob = vi.spyOn(SessionStore.prototype, 'addBlob').mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
  finish(page);
  await keeper.save();
  addBlob.mockRestore();
  page.takes.delete('t1');
  page.store.dispatch({ type: 'take-deleted', itemId: 'c', takeId: 't1' });
  await keeper.save();
  expect((await raw())?.items[0]?.pieces.size).toBe(0);
  expect(await keeper.save()).toBe(true);
});

test('one that was cut off is still there where the page ends again before it is put together', async () => {
  const { name } = await recording();
  const again = await setUp(name);
  again.page.store.dispatch({ type: 'task-chosen', task: 'humor' });
  again.page.store.dispatch({ type: 'item-thumbnail', itemId: 'c', url: 'blob:1' });
  await again.keeper.save();
  const item = (await again.raw())?.items[0];
  expect([item?.record.takes, item?.pieces.get('t1')?.length]).toEqual([[open], 3]);
});

test('a file that was kept shortly before its length was is not given up', async () => {
  const { page, keeper, name } = await recording();
  page.takes.set('t1', new Blob(['the whole video'], { type: 'video/webm' }));
  await keeper.save();
  const again = await setUp(name);
  again.page.store.dispatch({ type: 'task-chosen', task: 'humor' });
  await again.keeper.save();
  const item = (await again.raw())?.items[0];
  expect([item?.record.takes, await item?.takes.get('t1')?.text()]).toEqual([[open], 'the whole video']);
});

test('a last piece that comes after all sessions were removed is not kept', async () => {
  const { keeper, name } = await recording();
  await keeper.clear();
  expect(await keeper.writePiece('c', 't1', 3, new Blob([' late']))).toBe(false);
  expect(await keeper.writePiece('c', 't2', 0, new Blob(['the first of another']))).toBe(false);
  const stored = await openDB(name);
  expect(await stored.count('blobs')).toBe(0);
});

test('where sessions are not kept, neither are pieces', async () => {
  const { keeper } = await setUp(undefined, false);
  expect(await keeper.writePiece('c', 't', 0, new Blob(['x']))).toBe(false);
});

test('a last piece that comes when another session is open belongs to the one that was recorded; that one has it all', async () => {
  const { page, keeper, name } = await recording();
  const old = keeper.sessionId;
  await keeper.startNew();
  await keeper.writePiece('c', 't1', 3, new Blob([' late']));
  expect(page.store.get().items).toEqual([]);
  const kept = await (await SessionStore.open(name)).read(old);
  expect(await new Blob(kept?.items[0]?.pieces.get('t1')).text()).toBe('one two three late');
});
