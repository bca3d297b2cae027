import { expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { OpenedPicture } from '../media/picture-file.ts';
import { wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { ReadOptions } from '../workers/api.ts';
import type { Analyzer } from './analyzer.ts';
import { PictureReader } from './picture-reader.ts';
import type { PictureShelf } from './picture-shelf.ts';
import { StateStore } from './state-store.ts';

vi.mock('./item-thumbnail.ts', () => ({ setThumbnail: async () => {} }));

const INFO: ModelInfo = { packId: 'tiny', packVersion: '1', packHash: '', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };
const ERROR = wireError('picture-broken', 'm', 'r');
const settled = () => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const store = new StateStore();
  const pictures = new Map<string, Result<OpenedPicture>>();
  /** Runs that were begun, and how to end them. */
  const runs: { runId: string; sourceId: string; end: () => void }[] = [];
  const onRead = vi.fn();
  let ids = 0;
  const reader = new PictureReader({
    store,
    shelf: { open: async (itemId: string) => pictures.get(itemId) ?? null } as Partial<PictureShelf> as PictureShelf,
    analyzer: () =>
      ({
        read: (_signal: AbortSignal, _frame: unknown, { runId, sourceId }: ReadOptions) =>
          new Promise<void>((resolve) => runs.push({ runId, sourceId, end: resolve })),
      }) as Partial<Analyzer> as Analyzer,
    newId: (prefix) => `${prefix}-${++ids}`,
    onRead,
  });
  const open = (id: string, picture: Result<OpenedPicture> = opened()) => {
    pictures.set(id, picture);
    store.dispatch({ type: 'item-added', item: { id, kind: 'picture', name: id }, select: true });
    void reader.read(id);
  };
  const say = (event: AnalysisEvent) => store.dispatch({ type: 'event', event });
  const ready = () => {
    say({ type: 'ready', part: 'reader', info: INFO });
    reader.wake();
  };
  const item = (id: string) => store.get().items.find((each) => each.id === id);
  return { store, reader, runs, onRead, open, say, ready, item, pictures };
}

function opened(): Result<OpenedPicture> {
  const frame = async () => ({ image: {} as ImageBitmap, time: 0 });
  return ok({ image: {} as ImageBitmap, width: 64, height: 48, original: { width: 64, height: 48 }, frame, close: () => {} });
}

test('pictures wait until they can be read, and are read one after another', async () => {
  const { runs, open, ready, onRead } = setUp();
  open('a');
  open('b');
  await settled();
  expect(runs).toEqual([]);
  ready();
  await settled();
  expect(runs.map(({ sourceId }) => sourceId)).toEqual(['a']);
  expect(onRead).not.toHaveBeenCalled();
  runs[0]?.end();
  await settled();
  expect(runs.map(({ sourceId }) => sourceId)).toEqual(['a', 'b']);
  expect(onRead).toHaveBeenCalledTimes(1);
});

test('a picture that is damaged says so, and holds up no other; so does one that never will be read', async () => {
  const { runs, open, ready, item } = setUp();
  open('broken', fail(ERROR));
  open('whole');
  ready();
  await settled();
  expect(item('broken')).toMatchObject({ phase: 'failed', error: ERROR });
  expect(runs.map(({ sourceId }) => sourceId)).toEqual(['whole']);

  const other = setUp();
  other.open('a');
  await settled();
  const error = wireError('pack-missing', 'm', 'r');
  other.say({ type: 'load-failed', part: 'faces', error });
  other.reader.wake();
  await settled();
  expect(other.item('a')).toMatchObject({ phase: 'failed', error });
});

test('one that was removed while it waited is not read', async () => {
  const { store, runs, open, ready } = setUp();
  open('a');
  await settled();
  store.dispatch({ type: 'item-deleted', itemId: 'a' });
  ready();
  await settled();
  expect(runs).toEqual([]);
});

test('a picture whose worker was lost is read once more by itself, and not a third time', async () => {
  const { reader, runs, open, ready } = setUp();
  open('a');
  ready();
  await settled();
  expect(reader.beginAnew('explain-1')).toBe(false);
  expect(reader.beginAnew(runs[0]?.runId ?? '')).toBe(true);
  runs[0]?.end();
  await settled();
  expect(runs.map(({ sourceId }) => sourceId)).toEqual(['a', 'a']);
  expect(reader.beginAnew(runs[1]?.runId ?? '')).toBe(false);
  reader.forget('a');
  expect(reader.beginAnew(runs[1]?.runId ?? '')).toBe(true);
});

test('for an explanation, a picture that cannot be decoded any more is told of the run; one that is gone is not', async () => {
  const { store, reader, open, pictures } = setUp();
  open('a');
  expect(await reader.frame('a', 'r')).toMatchObject({ time: 0 });
  const snapshot = { time: 0, width: 64, height: 48, readings: [reading()] };
  store.dispatch({ type: 'explain-asked', itemId: 'a', runId: 'r', task: 'emotion', time: 0, snapshot });
  pictures.delete('a');
  expect(await reader.frame('a', 'r')).toBeNull();
  expect(store.get().items[0]?.explanations[0]?.phase).toBe('queued');
  pictures.set('a', fail(ERROR));
  expect(await reader.frame('a', 'r')).toBeNull();
  expect(store.get().items[0]?.explanations[0]).toMatchObject({ phase: 'failed', error: ERROR });
});
