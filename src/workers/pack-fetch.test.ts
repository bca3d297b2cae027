import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPack, type PackSource } from '../model/pack.ts';
import { CHUNK_BYTES } from '../model/pack-download.ts';
import { FaultyServer } from '../node/faulty-server.fixture.ts';
import { FakeDisk } from './browser-storage.fixture.ts';
import { sitePack } from './pack-fetch.ts';
import { openPackStore, type PackStore } from './pack-store.ts';

const FOLDER = join(import.meta.dirname, '../../public/models/tiny');
const MANIFEST = JSON.parse(readFileSync(join(FOLDER, 'manifest.json'), 'utf8')) as {
  version: string;
  files: { path: string; bytes: number; sha256: string }[];
};
/** More than one chunk. */
const LARGE = 'language-model-weights-1.bin';
const SMALL = 'vocabulary.txt';
const original = (path: string): Buffer => readFileSync(join(FOLDER, path));

let server: FaultyServer;
let disk: FakeDisk;
let packUrl: string;

beforeEach(async () => {
  server = new FaultyServer();
  await server.start();
  packUrl = `${server.url}models/tiny/`;
  for (const { path } of MANIFEST.files) serve(path, original(path));
  serve('manifest.json', original('manifest.json'));
  disk = new FakeDisk();
  vi.stubGlobal('navigator', { storage: { getDirectory: async () => disk.root, estimate: async () => ({ quota: 1e9, usage: 0 }) } });
});
afterEach(() => {
  server.close();
  vi.unstubAllGlobals();
});

const serve = (path: string, body: Buffer): void => void server.files.set(`models/tiny/${path}`, body);
const open = async () => {
  const store: PackStore = await openPackStore();
  return { store, pack: await sitePack(packUrl, store) };
};
/** Large arrays are compared by their hash: what differs in them nobody wants to read. */
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const read = async (source: PackSource, path: string, onBytes: (bytes: number) => void = () => {}) => {
  const result = await source.read(path, onBytes);
  return result.ok ? sha(result.value) : result.error;
};
const asked = (path: string) => server.asked.filter((one) => one.path === `models/tiny/${path}`).map(({ range }) => range);
const stored = (path: string) =>
  disk.root.file(
    'emollm-packs-1',
    encodeURIComponent('site:/models/tiny/'),
    MANIFEST.files.find((file) => file.path === path)?.sha256 ?? '',
  );

/** The same pack in another version, with another vocabulary. */
function update(): Buffer {
  const words = Buffer.from('other\nwords\n');
  const files = MANIFEST.files.map((file) =>
    file.path === SMALL ? { ...file, bytes: words.length, sha256: createHash('sha256').update(words).digest('hex') } : file,
  );
  serve('manifest.json', Buffer.from(JSON.stringify({ ...MANIFEST, version: 'next', files })));
  serve(SMALL, words);
  return words;
}

describe('sitePack', () => {
  it('fetches a file once, gives its bytes right away, and from then on out of the store', async () => {
    const first = await open();
    const told: number[] = [];
    expect(await read(first.pack.source, LARGE, (bytes) => told.push(bytes))).toBe(sha(original(LARGE)));
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(original(LARGE).length);
    await first.pack.written();
    const again = await open();
    expect(await read(again.pack.source, LARGE)).toBe(sha(original(LARGE)));
    expect(asked(LARGE)).toEqual([null]);
    expect(asked('manifest.json')).toEqual([null, null]);
  });

  it('writes nothing before it is told that loading is over, and gives what is not written again', async () => {
    const { pack } = await open();
    expect(await read(pack.source, LARGE)).toBe(sha(original(LARGE)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(() => stored(LARGE)).toThrow();
    expect(await read(pack.source, LARGE)).toBe(sha(original(LARGE)));
    expect(asked(LARGE)).toEqual([null]);
    await pack.written();
    expect(Buffer.from(stored(LARGE).bytes).equals(original(LARGE))).toBe(true);
  });

  it('fetches, after a visit that ended while it was written, what is missing of a file', async () => {
    const first = await open();
    await read(first.pack.source, LARGE);
    await read(first.pack.source, SMALL);
    await first.pack.written();
    const sink = first.store.shelf({ site: packUrl }).sink();
    const { bytes, sha256 } = MANIFEST.files.find(({ path }) => path === LARGE) ?? { bytes: 0, sha256: '' };
    const file = { path: LARGE, bytes, hash: { kind: 'sha256' as const, hex: sha256 } };
    const note = await sink.note(file);
    stored(LARGE).bytes = stored(LARGE).bytes.slice(0, CHUNK_BYTES);
    await sink.keepNote(file, { chunks: note?.chunks.slice(0, 1) ?? [], bytes: CHUNK_BYTES, etag: note?.etag ?? null, verified: false });

    const { pack } = await open();
    expect(await read(pack.source, LARGE)).toBe(sha(original(LARGE)));
    expect(await read(pack.source, SMALL)).toBe(sha(original(SMALL)));
    expect([asked(LARGE), asked(SMALL)]).toEqual([[null, `bytes=${CHUNK_BYTES}-`], [null]]);
  });

  it('asks for the list past the browser’s cache, as for the files: an old one would have the files of a new version refused', async () => {
    const asks = vi.spyOn(globalThis, 'fetch');
    const { pack } = await open();
    await read(pack.source, SMALL);
    expect(asks.mock.calls.map(([, init]) => init?.cache)).toEqual(['no-cache', 'no-store']);
    // Where nothing is kept the browser's cache is all there is.
    asks.mockClear();
    vi.stubGlobal('navigator', {});
    await read((await open()).pack.source, SMALL);
    expect(asks.mock.calls.map(([, init]) => init?.cache)).toEqual(['no-cache', undefined]);
    asks.mockRestore();
  });

  it('goes on after a cut where the file broke off', async () => {
    server.faults.push((request, response, body) => server.send(request, response, body), server.cutAfter(CHUNK_BYTES + 500));
    const { pack } = await open();
    expect(await read(pack.source, LARGE)).toBe(sha(original(LARGE)));
    expect(asked(LARGE)).toHaveLength(2);
    expect(Number(/\d+/.exec(asked(LARGE)[1] ?? '')?.[0])).toBeGreaterThanOrEqual(CHUNK_BYTES);
  });

  it('repairs a damaged chunk with that chunk alone', async () => {
    const first = await open();
    await read(first.pack.source, LARGE);
    await first.pack.written();
    stored(LARGE).bytes[3] = (stored(LARGE).bytes[3] ?? 0) ^ 1;
    const { pack } = await open();
    expect(await read(pack.source, LARGE)).toBe(sha(original(LARGE)));
    expect(asked(LARGE)).toEqual([null, `bytes=0-${CHUNK_BYTES - 1}`]);
    await pack.written();
    expect(Buffer.from(stored(LARGE).bytes).equals(original(LARGE))).toBe(true);
  });

  it('takes a file that comes packed', async () => {
    const { pack } = await open();
    server.faults.push((_request, response, body) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body)));
    expect(await read(pack.source, SMALL)).toBe(sha(original(SMALL)));
  });

  it('opens without a server once it was loaded whole, and says so', async () => {
    const first = await open();
    for (const { path } of MANIFEST.files) expect(await read(first.pack.source, path)).toEqual(expect.any(String));
    await first.pack.keep();
    server.files.clear();
    const { pack } = await open();
    expect(pack.notes).toEqual([expect.stringContaining('this browser has kept')]);
    expect(await openPack(pack.source)).toMatchObject({ ok: true, value: { manifest: { id: 'tiny' } } });
    for (const { path } of MANIFEST.files) expect(await read(pack.source, path)).toEqual(expect.any(String));
  });

  it('refuses a wrong file and keeps nothing of it', async () => {
    const wrong = original(SMALL);
    wrong[9] = (wrong[9] ?? 0) ^ 1;
    serve(SMALL, wrong);
    const { pack } = await open();
    expect(await read(pack.source, SMALL)).toMatchObject({ code: 'pack-corrupt', message: expect.stringContaining(SMALL) });
    await pack.written();
    expect(() => stored(SMALL)).toThrow();
    serve(SMALL, original(SMALL));
    expect(await read(pack.source, SMALL)).toEqual(expect.any(String));
  });

  it.each([
    ['of a future format', JSON.stringify({ ...MANIFEST, format: 2 }), 'format 2'],
    ['cut off', original('manifest.json').toString().slice(0, 900), 'cannot be read'],
    ['with other labels', original('manifest.json').toString().replace('"contempt"', '"boredom"'), 'not valid'],
  ])('a manifest %s is refused with its reason; the last good one goes on, where there is one', async (_what, text, reason) => {
    serve('manifest.json', Buffer.from(text));
    const none = await open();
    expect(await openPack(none.pack.source)).toMatchObject({ ok: false, error: { message: expect.stringContaining(reason) } });

    serve('manifest.json', original('manifest.json'));
    const good = await open();
    await read(good.pack.source, SMALL);
    await good.pack.keep();
    serve('manifest.json', Buffer.from(text));
    const { pack } = await open();
    expect(pack.notes).toEqual([expect.stringMatching(new RegExp(`refused: .*${reason}.* last good one`))]);
    expect(await openPack(pack.source)).toMatchObject({ ok: true, value: { manifest: { version: MANIFEST.version } } });
  });

  it('holds two versions until the new one works: then the old one’s own files go', async () => {
    const old = await open();
    await read(old.pack.source, SMALL);
    await read(old.pack.source, LARGE);
    await old.pack.keep();
    const words = update();
    const { pack } = await open();
    expect(await read(pack.source, SMALL)).toBe(sha(words));
    expect(await read(pack.source, LARGE)).toEqual(expect.any(String));
    expect(asked(LARGE)).toEqual([null]);
    const good = await pack.lastGood();
    expect(good && (await read(good.source, SMALL))).toBe(sha(original(SMALL)));
    await pack.keep();
    expect(() => stored(SMALL)).toThrow();
    expect(stored(LARGE).bytes.length).toBe(original(LARGE).length);
    expect(await pack.lastGood()).toBeNull();
  });

  it('goes on without storing where there is no room, and says so once', async () => {
    disk.room = 900_000;
    const { pack } = await open();
    expect(await read(pack.source, LARGE)).toBe(sha(original(LARGE)));
    expect(await read(pack.source, SMALL)).toEqual(expect.any(String));
    await pack.written();
    expect(pack.notes).toEqual([expect.stringContaining('no room')]);
    expect(asked(LARGE)).toEqual([null]);
  });

  it('waits for a store that does not answer for half a minute in all, lets its locks go, and says so', async () => {
    const { pack } = await open();
    const held = new Set<string>();
    const request = async (name: string, _: unknown, work: (lock: object) => Promise<unknown>) => {
      held.add(name);
      return work({}).finally(() => held.delete(name));
    };
    vi.stubGlobal('navigator', { ...navigator, locks: { request } });
    expect(await read(pack.source, SMALL)).toBe(sha(original(SMALL)));
    expect(await read(pack.source, LARGE)).toBe(sha(original(LARGE)));
    vi.useFakeTimers();
    const folder = await disk.root.getDirectoryHandle('emollm-packs-1');
    folder.getDirectoryHandle = () => new Promise(() => {});
    try {
      const written = pack.written();
      await vi.advanceTimersByTimeAsync(29_000);
      expect(held.size).toBe(2);
      await vi.advanceTimersByTimeAsync(2000);
      await written;
    } finally {
      vi.useRealTimers();
    }
    expect(held.size).toBe(0);
    expect(pack.notes).toEqual([expect.stringContaining('does not answer')]);
  });

  it('asks once how much room there is, and counts what it keeps', async () => {
    const estimate = vi.fn(async () => ({ quota: original(LARGE).length + CHUNK_BYTES + 10, usage: 0 }));
    vi.stubGlobal('navigator', { storage: { getDirectory: async () => disk.root, estimate } });
    const { pack } = await open();
    expect(await read(pack.source, LARGE)).toBe(sha(original(LARGE)));
    expect(await read(pack.source, SMALL)).toEqual(expect.any(String));
    await pack.written();
    expect(stored(LARGE).bytes.length).toBe(original(LARGE).length);
    expect(() => stored(SMALL)).toThrow();
    expect(pack.notes).toEqual([expect.stringContaining('no room')]);
    expect(estimate).toHaveBeenCalledTimes(1);
  });

  it('keeps the room of a file that did not come, and has it for the next try', async () => {
    const estimate = async () => ({ quota: original(LARGE).length + CHUNK_BYTES + 10, usage: 0 });
    vi.stubGlobal('navigator', { storage: { getDirectory: async () => disk.root, estimate } });
    const { pack } = await open();
    server.files.delete(`models/tiny/${LARGE}`);
    expect(await read(pack.source, LARGE)).toMatchObject({ code: 'pack-missing' });
    serve(LARGE, original(LARGE));
    expect(await read(pack.source, LARGE)).toBe(sha(original(LARGE)));
    await pack.written();
    expect(stored(LARGE).bytes.length).toBe(original(LARGE).length);
    expect(pack.notes).toEqual([]);
  });

  it('says that a file is not there, also where a web page comes in its place, or that it cannot be had', async () => {
    const { pack } = await open();
    server.files.delete(`models/tiny/${SMALL}`);
    expect(await read(pack.source, SMALL)).toMatchObject({ code: 'pack-missing' });
    server.faults.push((_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'));
    expect(await read(pack.source, LARGE)).toMatchObject({ code: 'pack-missing', detail: expect.stringContaining('web page') });
    server.close();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const gone = read(pack.source, LARGE);
    await vi.runAllTimersAsync();
    for (let turn = 0; turn < 20; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await vi.runAllTimersAsync();
    }
    vi.useRealTimers();
    expect(await gone).toMatchObject({ code: 'file-unreadable' });
  });
});
