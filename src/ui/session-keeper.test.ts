import 'fake-indexeddb/auto';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { openDB } from 'idb';
import { describe, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import type { Action } from './analysis-state.ts';
import { FakePage } from './session.fixture.ts';
import { unpackSession } from './session-archive.ts';
import { MAX_VIDEO_BYTES, SessionKeeper } from './session-keeper.ts';
import { SessionStore } from './session-store.ts';

/** One browser's locks, for tabs that begin and end. */
class FakeLocks {
  readonly held = new Map<string, object>();

  /** The locks as one tab sees them; `end` is its end. */
  tab() {
    const mine = new Set<string>();
    const end = () => {
      for (const name of mine) this.held.delete(name);
    };
    const request = async (name: string, _how: unknown, work: (lock: object | null) => unknown): Promise<unknown> => {
      if (this.held.has(name)) return work(null);
      const lock = {};
      this.held.set(name, lock);
      mine.add(name);
      await work(lock);
      if (this.held.get(name) === lock) this.held.delete(name);
      return undefined;
    };
    const query = async () => ({ held: [...this.held.keys()].map((name) => ({ name })) });
    return { locks: { request, query } as unknown as LockManager, end };
  }
}

let databases = 0;
/** A browser's storage, and tabs that use it. */
function browser() {
  databases += 1;
  const name = `test-${databases}`;
  const locks = new FakeLocks();
  const open = async (options: { enabled?: boolean; own?: string | null; openStore?: () => Promise<SessionStore> } = {}) => {
    const page = new FakePage();
    const tab = locks.tab();
    let own = options.own ?? null;
    const persist = vi.fn();
    const keeper = new SessionKeeper({
      store: page.store,
      source: page,
      openStore: options.openStore ?? (() => SessionStore.open(name)),
      enabled: options.enabled ?? true,
      locks: tab.locks,
      tab: {
        get: () => own,
        set: (id) => {
          own = id;
        },
      },
      persist,
      unpack: unpackSession,
    });
    await keeper.begin();
    return { page, keeper, persist, state: page.store.get, own: () => own, end: tab.end };
  };
  /** What lies there, by the keys of items and pictures. */
  const keys = async (): Promise<string[]> => {
    const db = await openDB(name);
    const all = [...(await db.getAllKeys('items')), ...(await db.getAllKeys('blobs'))].map(String);
    db.close();
    return all;
  };
  return { open, keys, raw: () => SessionStore.open(name) };
}

const on = (event: AnalysisEvent): Action => ({ type: 'event', event });
const PICTURE = new Blob(['a portrait'], { type: 'image/png' });

/** A picture that was read and explained, and a camera with two faces that are one. */
function work(page: FakePage): void {
  const snapshot = { time: 0, width: 640, height: 480, readings: [reading({ faceId: 1 }), reading({ faceId: 2, time: 0 })] };
  page.files.set('p', PICTURE);
  page.thumbnails.set('p', new Blob(['small']));
  page.recorded.set('c', [reading({ faceId: 1, time: 1 }), reading({ faceId: 2, time: 2 })]);
  page.standings.set('c', { snapshot: { ...snapshot, time: 2 }, image: new Blob(['last']) });
  page.frames.set('e2', new Blob(['explained']));
  const actions: Action[] = [
    { type: 'item-added', item: { id: 'p', kind: 'picture', name: '../a "portrait".png' }, select: true },
    { type: 'read-asked', itemId: 'p', runId: 'r' },
    on({ type: 'readings', runId: 'r', times: {}, ...snapshot }),
    on({ type: 'done', runId: 'r' }),
    { type: 'explain-asked', itemId: 'p', runId: 'e1', task: 'emotion', time: 0, snapshot },
    on({ type: 'started', runId: 'e1', task: 'emotion', time: 0 }),
    on({ type: 'prompt', runId: 'e1', text: 'Task: emotion.', promptTokens: 80 }),
    on({ type: 'text', runId: 'e1', step: 'observe', delta: 'One face.' }),
    on({ type: 'evidence', runId: 'e1', step: 'observe', evidence: [{ kind: 'face', faceId: 1 }, { kind: 'scene' }] }),
    on({ type: 'answer', runId: 'e1', answer: { text: 'fear', distribution: [{ option: 'fear', probability: 1 }] }, times: { decode: 9 } }),
    on({ type: 'done', runId: 'e1' }),
    { type: 'item-added', item: { id: 'c', kind: 'camera', name: 'Camera 1' }, select: false },
    { type: 'item-ready', itemId: 'c' },
    { type: 'explain-asked', itemId: 'c', runId: 'e2', task: 'emotion', time: 1, snapshot: null },
    on({ type: 'started', runId: 'e2', task: 'emotion', time: 1 }),
    on({ type: 'text', runId: 'e2', step: 'observe', delta: 'Half a sen' }),
    { type: 'face-named', itemId: 'c', faceId: 2, name: 'Ada' },
    { type: 'faces-merged', itemId: 'c', faceId: 2, into: 1 },
    { type: 'task-chosen', task: 'humor' },
  ];
  for (const action of actions) page.store.dispatch(action);
}

const textOf = (blob: Blob | null | undefined) => blob?.text();

describe('a session comes back', () => {
  test('with its pictures, readings, explanations, names, merges, task and choice; what ran is stopped with what it wrote', async () => {
    const { open } = browser();
    const first = await open();
    work(first.page);
    expect(await first.keeper.save()).toBe(true);
    expect(first.persist).toHaveBeenCalledOnce();
    const before = first.state();
    first.end();

    const { page, state, keeper } = await open({ own: first.own() });
    expect(keeper.sessionId).toBe(first.keeper.sessionId);
    const [picture, camera] = state().items;
    const [was, wasCamera] = before.items;
    expect(picture).toEqual({ ...was, kept: 'whole' });
    expect(picture?.snapshot?.readings[0]?.landmarks).toEqual(Float32Array.of(1.11, 2.5));
    expect(camera?.people).toEqual(wasCamera?.people);
    expect(camera?.explanations).toEqual([{ ...wasCamera?.explanations[0], phase: 'stopped' }]);
    expect(camera).toMatchObject({ phase: 'ready', snapshot: { time: 2, width: 640 } });
    expect([state().task, state().selectedId, state().camera]).toEqual(['humor', 'p', 'off']);
    expect(page.recorded.get('c')).toEqual(first.page.recorded.get('c'));
    expect([await textOf(page.file('p')), page.file('p')?.type]).toEqual(['a portrait', 'image/png']);
    expect(await textOf(page.frames.get('e2'))).toBe('explained');
    const [listed] = await keeper.list();
    expect(listed).toMatchObject({ itemIds: ['p', 'c'], readings: 4 });
    expect(listed?.bytes).toBeGreaterThan(500);
  });

  test('an explanation that was withdrawn is gone from the storage with its frame, and the session no larger for it', async () => {
    const { open, keys, raw } = browser();
    const { page, keeper } = await open();
    work(page);
    page.frames.set('e3', new Blob(['x'.repeat(1000)]));
    page.store.dispatch({ type: 'explain-asked', itemId: 'c', runId: 'e3', task: 'emotion', time: 2, snapshot: null, auto: true });
    await keeper.save();
    const id = keeper.sessionId;
    const withdrawn = async () => (await keys()).filter((key) => key.endsWith('e3'));
    expect(await withdrawn()).toEqual([`${id},c,e3`, `${id},c,frame:e3`]);
    const bytes = async () => (await keeper.list())[0]?.bytes ?? 0;
    const before = await bytes();

    page.store.dispatch({ type: 'explain-withdrawn', runId: 'e3' });
    await keeper.save();
    expect(await withdrawn()).toEqual([]);
    expect(await bytes()).toBeLessThan(before - 1000);
    const store = await raw();
    const kept = (await store.read(id))?.items[1];
    expect(kept?.record.explanations.map(({ runId }) => runId)).toEqual(['e2']);
    expect([...(kept?.frames.keys() ?? [])]).toEqual(['e2']);
    store.close();
  });

  test('the frame of an explanation that is withdrawn while it is fetched is not written', async () => {
    const { open, raw } = browser();
    const { page, keeper } = await open();
    work(page);
    page.store.dispatch({ type: 'explain-asked', itemId: 'c', runId: 'e3', task: 'emotion', time: 2, snapshot: null, auto: true });
    page.explainedFrame = async (runId) => {
      if (runId === 'e3') page.store.dispatch({ type: 'explain-withdrawn', runId });
      return new Blob([runId]);
    };
    await keeper.save();
    const store = await raw();
    expect([...((await store.read(keeper.sessionId))?.items[1]?.frames.keys() ?? [])]).toEqual(['e2']);
    store.close();
  });

  test('a cut loses no readings that were written, and they are appended, not written again', async () => {
    const { open, raw } = browser();
    const { page, keeper, end } = await open();
    work(page);
    await keeper.save();
    const rows = page.recorded.get('c') ?? [];
    const write = vi.spyOn(SessionStore.prototype, 'write');
    for (let time = 3; time < 6; time += 1) {
      rows.push(reading({ time }));
      await keeper.save();
    }
    expect(write.mock.calls.map(([batch]) => batch.readings.map(({ from, rows: each }) => [from, each.length]))).toEqual([
      [[2, 1]],
      [[3, 1]],
      [[4, 1]],
    ]);
    expect(write.mock.calls.flatMap(([batch]) => batch.items)).toEqual([]);
    rows.push(reading({ time: 99 })); // never written: the tab is gone
    end();
    write.mockRestore();
    const after = await (await raw()).read(keeper.sessionId);
    expect(after?.items[1]?.readings.map(({ time }) => time)).toEqual([1, 2, 3, 4, 5]);
    expect((await open()).page.recorded.get('c')).toHaveLength(5);
  });

  test('a large video leaves its readings; a removed item leaves nothing', async () => {
    const { open, raw } = browser();
    const { page, keeper, end } = await open();
    work(page);
    await keeper.save();
    const large = new Blob(['video']);
    Object.defineProperty(large, 'size', { value: MAX_VIDEO_BYTES + 1 });
    page.files.set('v', large);
    page.recorded.set('v', [reading()]);
    page.store.dispatch({ type: 'item-added', item: { id: 'v', kind: 'video', name: 'Clip' }, select: true });
    page.store.dispatch({ type: 'item-deleted', itemId: 'c' });
    expect(await keeper.save()).toBe(true);
    page.recorded.delete('c');
    page.store.dispatch({ type: 'item-forgotten' });
    await keeper.save();
    end();
    const after = await (await raw()).read(keeper.sessionId);
    expect(after?.items.map(({ record }) => record.id)).toEqual(['p', 'v']);
    const { state } = await open();
    expect(state().items.map(({ id, kept }) => [id, kept])).toEqual([
      ['p', 'whole'],
      ['v', 'readings'],
    ]);
  });

  test('what was removed just before the page was closed is gone at the next visit, be it all that there was', async () => {
    const { open, keys } = browser();
    const first = await open();
    work(first.page);
    await first.keeper.save();
    first.page.store.dispatch({ type: 'item-deleted', itemId: 'p' });
    await first.keeper.save(); // it could still be restored
    first.end();
    expect((await keys()).some((key) => key.includes(',p'))).toBe(true);
    const second = await open();
    expect(second.state().items.map(({ id }) => id)).toEqual(['c']);
    expect((await keys()).some((key) => key.includes(',p'))).toBe(false);
    expect(await keys()).not.toEqual([]);
    second.page.store.dispatch({ type: 'item-deleted', itemId: 'c' });
    await second.keeper.save();
    second.end();
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
    expect((await open()).state().items).toEqual([]);
    vi.restoreAllMocks();
    expect(await keys()).toEqual([]);
  });

  test('where something was opened first, that stays, and the old session is in the list', async () => {
    const { open } = browser();
    const first = await open();
    work(first.page);
    await first.keeper.save();
    first.end();
    const second = await open({ enabled: false });
    expect(second.state().items).toEqual([]);
    second.keeper.setEnabled(true);
    work(second.page);
    await second.keeper.save();
    expect(await second.keeper.list()).toHaveLength(2);
  });
});

describe('two tabs', () => {
  test('write sessions of their own; one that is open elsewhere is neither restored, opened nor deleted', async () => {
    const { open } = browser();
    const one = await open();
    work(one.page);
    await one.keeper.save();
    const two = await open();
    expect(two.state().items).toEqual([]);
    work(two.page);
    await two.keeper.save();
    expect((await two.keeper.list()).map(({ id }) => id).sort()).toEqual([one.keeper.sessionId, two.keeper.sessionId].sort());
    expect(await two.keeper.open(one.keeper.sessionId)).toMatchObject({ ok: false, error: { code: 'session-elsewhere' } });
    expect(await two.keeper.delete(one.keeper.sessionId)).toMatchObject({ ok: false, error: { code: 'session-elsewhere' } });
    await two.keeper.clear();
    expect((await two.keeper.list()).map(({ id }) => id)).toEqual([one.keeper.sessionId]);
    one.end();
    expect(await two.keeper.open(one.keeper.sessionId)).toEqual({ ok: true });
    expect(two.state().items).toHaveLength(2);
  });

  test('each brings back its own after a reload, whichever was written last', async () => {
    const { open } = browser();
    const one = await open();
    work(one.page);
    await one.keeper.save();
    const two = await open();
    work(two.page);
    await two.keeper.save();
    one.end();
    expect((await open({ own: one.own() })).keeper.sessionId).toBe(one.keeper.sessionId);
  });
});

describe('sessions in the list', () => {
  test('a new one begins empty, the last one can be opened again', async () => {
    const { open } = browser();
    const { page, keeper, state } = await open();
    work(page);
    const old = keeper.sessionId;
    expect(await keeper.startNew()).toEqual({ ok: true });
    expect(state().items).toEqual([]);
    expect(await keeper.open(old)).toEqual({ ok: true });
    expect(state().items).toHaveLength(2);
    expect(page.recorded.get('c')).toHaveLength(2);
  });

  test('a deleted one is gone, also after a reload, and comes back when that is undone', async () => {
    const { open } = browser();
    const { page, keeper, state, end } = await open();
    work(page);
    await keeper.save();
    const id = keeper.sessionId;
    await keeper.delete(id);
    expect([state().items, await keeper.list()]).toEqual([[], []]);
    end();
    const later = await open();
    expect(later.state().items).toEqual([]);
    await later.keeper.undelete(id);
    expect(await later.keeper.open(id)).toEqual({ ok: true });
    expect(later.state().items).toHaveLength(2);
  });
});

describe('refused or full storage', () => {
  const full = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));

  test('no room: all stays in memory, the page says so, and nothing of it is replaced unasked', async () => {
    const { page, keeper, state } = await browser().open();
    work(page);
    const before = state().items;
    const write = vi.spyOn(SessionStore.prototype, 'write').mockImplementation(full);
    expect(await keeper.save()).toBe(false);
    expect(keeper.keeping()).toMatchObject({ state: 'full', error: { code: 'storage-full' } });
    expect(await keeper.startNew()).toMatchObject({ ok: false, error: { code: 'session-unkept' } });
    expect(state().items).toBe(before);
    expect(page.recorded.get('c')).toHaveLength(2);
    write.mockRestore();
    // Room again: all of it is written.
    expect(await keeper.startNew()).toEqual({ ok: true });
    expect((await keeper.list())[0]).toMatchObject({ itemIds: ['p', 'c'], readings: 4 });
    expect(keeper.keeping().state).toBe('on');
  });

  test('no room for one file: the rest is kept', async () => {
    const { page, keeper } = await browser().open();
    work(page);
    const addBlob = vi.spyOn(SessionStore.prototype, 'addBlob').mockImplementation(full);
    expect(await keeper.save()).toBe(false);
    expect(keeper.keeping()).toMatchObject({ state: 'some', error: { message: expect.stringContaining('portrait') } });
    expect(await keeper.list()).toHaveLength(1);
    addBlob.mockRestore();
  });

  test('the system’s clock is set back by an hour: what failed is tried again soon all the same', async () => {
    const { page, keeper } = await browser().open();
    work(page);
    const write = vi.spyOn(SessionStore.prototype, 'write').mockImplementation(full);
    expect(await keeper.save()).toBe(false);
    write.mockRestore();
    const [date, steady] = [Date.now(), performance.now()];
    const clocks = [vi.spyOn(Date, 'now').mockReturnValue(date - 3_600_000), vi.spyOn(performance, 'now').mockReturnValue(steady + 20_000)];
    expect(await keeper.save()).toBe(true);
    for (const clock of clocks) clock.mockRestore();
  });

  test('a browser that refuses: the page works, and says why nothing is kept', async () => {
    const { page, keeper, state } = await browser().open({ openStore: () => Promise.reject(new Error('SecurityError')) });
    work(page);
    expect(await keeper.save()).toBe(false);
    expect(keeper.keeping()).toMatchObject({ state: 'refused', error: { detail: 'Error: SecurityError' } });
    expect(state().items).toHaveLength(2);
    expect(await keeper.list()).toEqual([]);
    expect(await keeper.startNew(true)).toEqual({ ok: true });
  });

  test('switched off, nothing is written and nothing deleted', async () => {
    const { page, keeper } = await browser().open();
    work(page);
    await keeper.save();
    keeper.setEnabled(false);
    page.store.dispatch({ type: 'item-added', item: { id: 'q', kind: 'picture', name: 'q' }, select: true });
    expect(await keeper.save()).toBe(false);
    expect((await keeper.list())[0]?.itemIds).toEqual(['p', 'c']);
  });
});

describe('archives', () => {
  async function exported(rows = 2) {
    const { page, keeper } = await browser().open();
    work(page);
    const recorded = page.recorded.get('c') ?? [];
    while (recorded.length < rows) recorded.push(reading({ time: recorded.length }));
    const archive = await keeper.export(keeper.sessionId);
    if (!archive.ok) throw new Error(archive.error.message);
    return { bytes: archive.value, page };
  }

  test('another browser opens what was exported, the same in all', async () => {
    const { bytes, page } = await exported(12_000);
    const other = await browser().open();
    expect(await other.keeper.import(new Blob([bytes]))).toEqual({ ok: true });
    const [picture, camera] = other.state().items;
    expect(picture).toEqual({ ...page.store.get().items[0], kept: 'whole' });
    expect(camera?.people).toEqual(page.store.get().items[1]?.people);
    expect(other.page.recorded.get('c')).toEqual(page.recorded.get('c'));
    expect(await textOf(other.page.file('p'))).toBe('a portrait');
    expect(await textOf(other.page.frames.get('e2'))).toBe('explained');
    expect(await other.keeper.list()).toHaveLength(1);
  });

  type Json = { items: { record: { name: string; people: { sameAs: object }; explanations: { runId: string }[] }; type: string }[] };
  const changed = (bytes: Uint8Array, change: (json: Json) => void) => {
    const files = unzipSync(bytes);
    const json = JSON.parse(new TextDecoder().decode(files['session.json'])) as Json;
    change(json);
    return zipSync({ ...files, 'session.json': strToU8(JSON.stringify(json)) });
  };
  const attacks: [string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>][] = [
    ['no ZIP', () => strToU8('PK, but not so')],
    ['cut off', (bytes) => bytes.slice(0, bytes.length / 2)],
    ['an empty one', () => zipSync({})],
    ['a ZIP of something else', () => zipSync({ 'a.txt': strToU8('a') })],
    ['a path that climbs', (bytes) => zipSync({ ...unzipSync(bytes), '../../evil.sh': strToU8('rm') })],
    ['an absolute path', (bytes) => zipSync({ ...unzipSync(bytes), '/item-1/file': strToU8('x') })],
    ['broken JSON', (bytes) => zipSync({ ...unzipSync(bytes), 'session.json': strToU8('{"session":') })],
    ['JSON of something else', (bytes) => zipSync({ ...unzipSync(bytes), 'session.json': strToU8('{"format":1}') })],
    ['wrong readings', (bytes) => zipSync({ ...unzipSync(bytes), 'item-2/readings-1.json': strToU8('[{"faceId":"1"}]') })],
    ['a name that is none', (bytes) => changed(bytes, ({ items }) => items[0] && Object.assign(items[0].record, { name: 5 }))],
    ['a type that runs', (bytes) => changed(bytes, ({ items }) => items[0] && Object.assign(items[0], { type: 'text/html' }))],
    [
      'faces in a ring',
      (bytes) => changed(bytes, ({ items }) => items[1] && Object.assign(items[1].record.people, { sameAs: { 1: 2, 2: 1 } })),
    ],
    ['the same item twice', (bytes) => changed(bytes, ({ items }) => items[0] && items.push(items[0]))],
    ['a bomb', (bytes) => zipSync({ ...unzipSync(bytes), 'item-1/last.jpg': new Uint8Array(8e6) })],
  ];
  test.each(attacks)('%s is refused in plain words, and nothing changes', async (_what, spoil) => {
    const { bytes } = await exported();
    const { page, keeper, state } = await browser().open();
    work(page);
    await keeper.save();
    const [before, sessions] = [state(), await keeper.list()];
    const result = await keeper.import(new Blob([spoil(bytes)]));
    expect(result).toMatchObject({ ok: false, error: { code: 'session-broken', message: expect.stringContaining('Nothing was changed') } });
    expect(state()).toBe(before);
    expect(await keeper.list()).toEqual(sessions);
  });
});
