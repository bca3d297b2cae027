import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CHUNK_BYTES, type PackFile } from '../model/pack-download.ts';
import { FakeCaches, FakeChannel, FakeDisk } from './browser-storage.fixture.ts';
import { openPackStore, type PackShelf, type PackStore } from './pack-store.ts';

const body = (size: number, seed = 1): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: size }, (_, index) => (index * 31 + seed) & 255);
const LARGE = body(CHUNK_BYTES + 100);
const SMALL = body(10, 2);
const fileOf = (path: string, bytes: Uint8Array): PackFile => ({
  path,
  bytes: bytes.length,
  hash: { kind: 'sha256', hex: createHash('sha256').update(bytes).digest('hex') },
});
const FILES = [fileOf('onnx/model.onnx', LARGE), fileOf('config.json', SMALL)];
const RECORD = { kind: 'foundation' as const, origin: 'hub' as const, manifest: '{"id":"a"}', files: FILES };

let disk = new FakeDisk();
let fakes = new FakeCaches();
afterEach(() => {
  vi.unstubAllGlobals();
  disk = new FakeDisk();
  fakes = new FakeCaches();
});

/** What the browser lends. */
function lend(place: 'opfs' | 'cache' | 'memory'): void {
  const refuse = async () => {
    throw new DOMException('refused', 'SecurityError');
  };
  vi.stubGlobal('navigator', { storage: { getDirectory: place === 'opfs' ? async () => disk.root : refuse } });
  vi.stubGlobal('BroadcastChannel', FakeChannel);
  vi.stubGlobal('caches', place === 'memory' ? { open: refuse } : fakes);
}

/** Of a large array the hash: what differs in it nobody wants to read. */
async function readHash(store: PackStore, id: string, path: string): Promise<unknown> {
  const read = await store.read(id, path);
  return read.ok ? createHash('sha256').update(read.value).digest('hex') : read.error;
}

async function keep(shelf: PackShelf, files = [LARGE, SMALL]): Promise<void> {
  const sink = shelf.sink();
  for (const [index, bytes] of files.entries()) {
    const file = FILES[index] as PackFile;
    const chunks: string[] = [];
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const chunk = bytes.slice(at, at + CHUNK_BYTES);
      await sink.writeChunk(file, at / CHUNK_BYTES, chunk);
      chunks.push(createHash('sha256').update(chunk).digest('hex'));
    }
    await sink.keepNote(file, { chunks, bytes: bytes.length, etag: null, verified: bytes.length === file.bytes });
  }
  await shelf.keepRecord(RECORD);
}

describe.each(['opfs', 'cache', 'memory'] as const)('a store in %s', (place) => {
  const open = async (): Promise<PackStore> => {
    lend(place);
    return openPackStore(true);
  };

  it('gives back what was kept, whole and checked, and lists it', async () => {
    const store = await open();
    expect(store.place).toBe(place);
    await keep(store.shelf({ id: 'a' }));
    expect(await readHash(store, 'a', 'onnx/model.onnx')).toBe(FILES[0]?.hash.hex);
    expect(await store.manifest('a')).toEqual({ ok: true, value: { id: 'a' } });
    expect(await store.ids()).toEqual(['a']);
    expect(await store.files('a')).toMatchObject([
      { path: 'onnx/model.onnx', storedBytes: LARGE.length, verified: true },
      { path: 'config.json', storedBytes: SMALL.length, verified: true },
    ]);
    await store.remove('a');
    expect(await store.ids()).toEqual([]);
    expect(await store.read('a', 'config.json')).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
  });

  it('knows how much of a file that was cut off is here, and gives none of it', async () => {
    const store = await open();
    await keep(store.shelf({ id: 'a' }), [LARGE.slice(0, CHUNK_BYTES + 7)]);
    expect((await store.files('a'))[0]).toMatchObject({ storedBytes: CHUNK_BYTES + 7, verified: false });
    expect(await store.read('a', 'onnx/model.onnx')).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
  });

  it('finds a damaged file when it is read, and does not count it as stored any more', async () => {
    const store = await open();
    const shelf = store.shelf({ id: 'a' });
    await keep(shelf);
    const [file] = FILES;
    await shelf.sink().writeChunk(file as PackFile, 0, LARGE.slice(0, CHUNK_BYTES).fill(0, 5, 9));
    expect(await store.read('a', 'onnx/model.onnx')).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
    expect((await store.files('a'))[0]).toMatchObject({ verified: false });
    expect(await store.read('a', 'config.json')).toMatchObject({ ok: true });
  });

  it('throws away what is of another version, and keeps packs apart', async () => {
    const store = await open();
    const shelf = store.shelf({ id: 'a' });
    await keep(shelf);
    await keep(store.shelf({ site: 'https://example.org/models/a/' }));
    await shelf.keepOnly(FILES.slice(1));
    expect((await shelf.stored(FILES)).map(({ verified }) => verified)).toEqual([false, true]);
    expect((await store.shelf({ site: 'https://example.org/models/a/' }).stored(FILES)).map(({ verified }) => verified)).toEqual([
      true,
      true,
    ]);
    expect(await shelf.record()).toEqual(RECORD);
    expect(await store.ids()).toEqual(['a']);
  });
});

describe('a store in the browser’s file system', () => {
  it('lives with what is none of its own, and with a record that was cut off while it was written', async () => {
    lend('opfs');
    const store = await openPackStore();
    await keep(store.shelf({ id: 'a' }));
    const packs = await disk.root.getDirectoryHandle('emollm-packs-1');
    await packs.getFileHandle('%E0%A4%A', { create: true });
    await packs.getDirectoryHandle('other', { create: true });
    const folder = await packs.getDirectoryHandle(encodeURIComponent('pack:a'));
    const record = folder.file('pack.json');
    record.bytes = record.bytes.slice(0, 20);
    expect(await store.ids()).toEqual(['a']);
    expect(await store.read('a', 'config.json')).toEqual({ ok: true, value: SMALL });
    folder.file('pack.json.new').bytes = new TextEncoder().encode('{"kind":');
    expect(await store.files('a')).toEqual([]);
  });

  it('does not call a file damaged that there was no memory to read', async () => {
    lend('opfs');
    const store = await openPackStore();
    await keep(store.shelf({ id: 'a' }));
    const packs = await disk.root.getDirectoryHandle('emollm-packs-1');
    const stored = (await packs.getDirectoryHandle(encodeURIComponent('pack:a'))).file(FILES[0]?.hash.hex ?? '');
    const there = await stored.getFile();
    const arrayBuffer = () => Promise.reject(new DOMException('no memory', 'NotReadableError'));
    stored.getFile = async () => Object.assign(Object.create(there) as File, { size: there.size, arrayBuffer });
    const read = await store.read('a', 'onnx/model.onnx');
    expect(read).toMatchObject({ ok: false, error: { code: 'file-unreadable' } });
    expect((await store.files('a'))[0]).toMatchObject({ verified: true });
  });

  it('does not count a file as stored that has lost its end', async () => {
    lend('opfs');
    const store = await openPackStore();
    await keep(store.shelf({ id: 'a' }));
    const packs = await disk.root.getDirectoryHandle('emollm-packs-1');
    const folder = await packs.getDirectoryHandle(encodeURIComponent('pack:a'));
    const stored = folder.file(FILES[0]?.hash.hex ?? '');
    stored.bytes = stored.bytes.slice(0, 99);
    expect(await store.read('a', 'onnx/model.onnx')).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
    expect((await store.files('a')).map(({ verified }) => verified)).toEqual([false, true]);
  });

  it('is passed over where it lists its folder and lets nothing be written', async () => {
    lend('opfs');
    disk.root.getDirectoryHandle = async () => {
      throw new DOMException('no', 'UnknownError');
    };
    expect((await openPackStore()).place).toBe('cache');
  });
});

it('reads what the packs’ worker keeps in memory from another worker', async () => {
  lend('memory');
  const keeper = await openPackStore(true);
  await keep(keeper.shelf({ id: 'shared' }));
  const reader = await openPackStore();
  expect(await readHash(reader, 'shared', 'onnx/model.onnx')).toBe(FILES[0]?.hash.hex);
  expect(await reader.read('nothing', 'onnx/model.onnx')).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
});
