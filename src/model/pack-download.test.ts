import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultyServer, status } from '../node/faulty-server.fixture.ts';
import {
  CHUNK_BYTES,
  type DownloadOptions,
  downloadFile,
  downloadFiles,
  type FileNote,
  type PackFile,
  type PackSink,
} from './pack-download.ts';
import { hubWords } from './pack-hub.ts';

/** Two chunks and a bit. */
const SIZE = 2 * CHUNK_BYTES + 4321;
const content = (seed: number, size = SIZE): Buffer =>
  Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8) * seed) & 255));
const BODY = content(7);

function fileOf(body: Buffer, path = 'a.bin'): PackFile {
  return { path, bytes: body.length, hash: { kind: 'sha256', hex: createHash('sha256').update(body).digest('hex') } };
}

class TestSink implements PackSink {
  readonly chunks = new Map<string, Uint8Array<ArrayBuffer>[]>();
  readonly notes = new Map<string, FileNote>();
  full = false;
  writes = 0;

  async note(file: PackFile): Promise<FileNote | null> {
    return structuredClone(this.notes.get(file.path) ?? null);
  }

  async keepNote(file: PackFile, note: FileNote): Promise<void> {
    this.notes.set(file.path, structuredClone(note));
  }

  async readChunk(file: PackFile, index: number, length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.chunks.get(file.path)?.[index]?.slice(0, length) ?? null;
  }

  async writeChunk(file: PackFile, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.full) throw new DOMException('full', 'QuotaExceededError');
    this.writes += 1;
    const chunks = this.chunks.get(file.path) ?? [];
    chunks[index] = bytes.slice();
    this.chunks.set(file.path, chunks);
  }

  async drop(file: PackFile): Promise<void> {
    this.chunks.delete(file.path);
    this.notes.delete(file.path);
  }

  stored(file: PackFile): Buffer {
    return Buffer.concat(this.chunks.get(file.path) ?? []);
  }
}

let server: FaultyServer;
let sink: TestSink;
let waits: number[];

beforeEach(async () => {
  server = new FaultyServer();
  await server.start();
  server.files.set('a.bin', BODY);
  sink = new TestSink();
  waits = [];
});
afterEach(() => server.close());

const options = (more: Partial<DownloadOptions> = {}): DownloadOptions => ({
  fetch,
  words: hubWords,
  url: ({ path }) => `${server.url}${path}`,
  wait: async (ms) => void waits.push(ms),
  ...more,
});
const load = (file = fileOf(BODY), signal = new AbortController().signal, more: Partial<DownloadOptions> = {}) =>
  downloadFile(signal, file, sink, options(more), () => {});

/** There is room for two chunks. */
const fillAtTheEnd = (bytes: number): void => {
  if (bytes > 2 * CHUNK_BYTES) sink.full = true;
};

describe('downloadFile', () => {
  it('stores a file in chunks, checked, and does not ask for it again', async () => {
    const told: number[] = [];
    expect(await downloadFile(new AbortController().signal, fileOf(BODY), sink, options(), (bytes) => told.push(bytes))).toEqual({
      ok: true,
      value: undefined,
    });
    expect(sink.stored(fileOf(BODY)).equals(BODY)).toBe(true);
    expect(sink.notes.get('a.bin')).toMatchObject({
      verified: true,
      bytes: SIZE,
      chunks: [expect.any(String), expect.any(String), expect.any(String)],
    });
    expect(told.at(-1)).toBe(SIZE);
    sink.readChunk = () => Promise.reject(new Error('what is verified is not read again'));
    expect(await load()).toMatchObject({ ok: true });
    expect(server.asked).toHaveLength(1);
  });

  it('knows a file outside of LFS by git’s name for it', async () => {
    const hex = createHash('sha1').update(`blob ${SIZE}\0`).update(BODY).digest('hex');
    const file: PackFile = { path: 'a.bin', bytes: SIZE, hash: { kind: 'git-sha1', hex } };
    expect(await load(file)).toMatchObject({ ok: true });
    await sink.drop(file);
    expect(
      await load({ ...file, hash: { kind: 'git-sha1', hex: hex.replace(/./, (digit) => (digit === '0' ? '1' : '0')) } }),
    ).toMatchObject({
      ok: false,
      error: { code: 'pack-corrupt' },
    });
  });

  it('goes on to the byte where a cut left it, also in another session', async () => {
    server.faults.push(server.cutAfter(CHUNK_BYTES + 1000));
    const stop = new AbortController();
    // The first session ends while it waits to try again.
    const first = await load(fileOf(BODY), stop.signal, { wait: async () => stop.abort() });
    expect(first).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    const kept = sink.stored(fileOf(BODY)).length;
    expect(kept).toBeGreaterThan(CHUNK_BYTES);
    expect(sink.notes.get('a.bin')).toMatchObject({ verified: false, bytes: kept });

    expect(await load()).toMatchObject({ ok: true });
    expect(server.asked.map(({ range }) => range)).toEqual([null, `bytes=${kept}-`]);
    expect(sink.stored(fileOf(BODY)).equals(BODY)).toBe(true);
  });

  it('passes over what it has where the server ignores ranges', async () => {
    server.ranges = false;
    server.faults.push(server.cutAfter(CHUNK_BYTES + 1000));
    expect(await load()).toMatchObject({ ok: true });
    expect(server.asked).toHaveLength(2);
    expect(sink.stored(fileOf(BODY)).equals(BODY)).toBe(true);
  });

  it('takes a file that another host packs on its way, which a browser does not tell', async () => {
    // As fetch gives it across origins: the packed length is told, the packing is not.
    const fetch = async (): Promise<Response> => {
      const response = new Response(new Uint8Array(BODY), { headers: { 'content-length': '1234' } });
      Object.defineProperty(response, 'type', { value: 'cors' });
      return response;
    };
    expect(await load(fileOf(BODY), new AbortController().signal, { fetch })).toEqual({ ok: true, value: undefined });
    expect(sink.stored(fileOf(BODY)).equals(BODY)).toBe(true);
  });

  it('does not glue two versions of a file together', async () => {
    const old = content(3);
    server.files.set('a.bin', old);
    server.faults.push(server.cutAfter(CHUNK_BYTES + 1000));
    const stop = new AbortController();
    await load(fileOf(BODY), stop.signal, { wait: async () => stop.abort() });
    server.files.set('a.bin', BODY);
    server.etag = '"2"';
    expect(await load()).toMatchObject({ ok: true });
    expect(server.asked.map(({ range }) => range?.slice(0, 7) ?? null)).toEqual([null, 'bytes=1', null]);
    // Two of the old version, and the three of the new one: none was added to the old.
    expect(sink.writes).toBe(2 + 3);
    expect(sink.stored(fileOf(BODY)).equals(BODY)).toBe(true);
  });

  it.each(['W/"1"', '"1-gzip"', '"1;br"'])(
    'goes on where the tag alone is written otherwise, as behind a packing server: %s',
    async (etag) => {
      server.faults.push(server.cutAfter(CHUNK_BYTES + 1000), (request, response, body) => {
        server.etag = etag;
        server.send(request, response, body);
      });
      expect(await load()).toMatchObject({ ok: true });
      expect(server.asked).toHaveLength(2);
    },
  );

  it('begins anew where a server sends another part than was asked for', async () => {
    server.faults.push(server.cutAfter(CHUNK_BYTES + 1000), (_request, response, body) => {
      response.writeHead(206, { etag: '"1"', 'content-range': `bytes 0-${SIZE - 1}/${SIZE}` }).end(body);
    });
    expect(await load()).toMatchObject({ ok: true });
    expect(sink.stored(fileOf(BODY)).equals(BODY)).toBe(true);
  });

  it('says that a file has changed where it has less now than was stored of it', async () => {
    server.faults.push(server.cutAfter(CHUNK_BYTES + 1000));
    const stop = new AbortController();
    await load(fileOf(BODY), stop.signal, { wait: async () => stop.abort() });
    server.files.set('a.bin', content(7, 500));
    expect(await load()).toMatchObject({ ok: false, error: { code: 'pack-corrupt', detail: expect.stringContaining('got 500') } });
  });

  it('gives up on a file that is another one each time', async () => {
    for (let i = 0; i < 30; i += 1) {
      server.faults.push((request, response, body) => {
        server.etag = `"${i}"`;
        server.cutAfter(1000)(request, response, body);
      });
    }
    expect(await load()).toMatchObject({ ok: false, error: { code: 'pack-corrupt', detail: expect.stringContaining('changes') } });
    expect(server.asked.length).toBeLessThan(10);
  });

  it('finds by the hash what no tag told, and begins anew once', async () => {
    server.etag = null;
    server.files.set('a.bin', content(3));
    server.faults.push(server.cutAfter(CHUNK_BYTES + 1000));
    const stop = new AbortController();
    await load(fileOf(BODY), stop.signal, { wait: async () => stop.abort() });
    server.files.set('a.bin', BODY);
    expect(await load()).toMatchObject({ ok: true });
    expect(sink.stored(fileOf(BODY)).equals(BODY)).toBe(true);
  });

  it('keeps nothing of a file that is another than its list says', async () => {
    server.files.set('a.bin', content(3));
    const caches: unknown[] = [];
    const asking = (url: string, init: RequestInit) => {
      caches.push(init.cache);
      return fetch(url, init);
    };
    expect(await load(undefined, undefined, { fetch: asking })).toMatchObject({
      ok: false,
      error: { code: 'pack-corrupt', detail: expect.stringContaining('sha256') },
    });
    // The second time not from the browser's cache, whose fault it may have been.
    expect(caches).toEqual([undefined, 'no-store']);
    expect(sink.notes.size + sink.chunks.size).toBe(0);
  });

  it.each([
    ['shorter', SIZE - 5],
    ['longer', SIZE + 5],
  ])('refuses a file that is %s than its list says, before it has come', async (_how, size) => {
    server.files.set('a.bin', content(7, size));
    expect(await load()).toMatchObject({
      ok: false,
      error: { code: 'pack-corrupt', detail: expect.stringContaining(`${SIZE} bytes, got ${size}`) },
    });
  });

  it('stops reading where more comes than was said', async () => {
    server.faults.push((_request, response) => void response.writeHead(200).end(Buffer.concat([BODY, Buffer.alloc(10)])));
    expect(await load()).toMatchObject({ ok: false, error: { code: 'pack-corrupt', detail: expect.stringContaining('more than') } });
  });

  it('asks for a damaged chunk alone', async () => {
    await load();
    const [, middle] = sink.chunks.get('a.bin') ?? [];
    if (middle) middle[5] = (middle[5] ?? 0) ^ 1;
    // Whoever read it found it damaged.
    sink.notes.set('a.bin', { ...(sink.notes.get('a.bin') as FileNote), verified: false });
    expect(await load()).toMatchObject({ ok: true });
    expect(server.asked[1]?.range).toBe(`bytes=${CHUNK_BYTES}-${2 * CHUNK_BYTES - 1}`);
    expect(server.asked).toHaveLength(2);
    expect(sink.stored(fileOf(BODY)).equals(BODY)).toBe(true);
    expect(sink.notes.get('a.bin')?.verified).toBe(true);
  });

  it('forgets nothing of what lies behind a damaged chunk where it cannot be had now', async () => {
    await load();
    const [, middle] = sink.chunks.get('a.bin') ?? [];
    if (middle) middle[5] = (middle[5] ?? 0) ^ 1;
    sink.notes.set('a.bin', { ...(sink.notes.get('a.bin') as FileNote), verified: false });
    server.files.delete('a.bin');
    expect(await load()).toMatchObject({ ok: false });
    expect(sink.notes.get('a.bin')).toMatchObject({ bytes: SIZE, verified: false });
    server.files.set('a.bin', BODY);
    const before = server.asked.length;
    expect(await load()).toMatchObject({ ok: true });
    expect(server.asked.slice(before).map(({ range }) => range)).toEqual([`bytes=${CHUNK_BYTES}-${2 * CHUNK_BYTES - 1}`]);
  });

  it('waits as long as a busy host asks, and goes on', async () => {
    server.faults.push(status(429, { 'retry-after': '7' }), status(503), status(429, { 'retry-after': '1' }));
    expect(await load()).toMatchObject({ ok: true });
    expect(waits).toEqual([7000, 1000, 1000]);
  });

  it('waits until the moment that a host names, and asks again after a request that took too long', async () => {
    server.faults.push(status(503, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }), status(408));
    expect(await load()).toMatchObject({ ok: true });
    const [first = 0, second] = waits;
    expect(first).toBeGreaterThan(50_000);
    expect(first).toBeLessThanOrEqual(60_000);
    expect(second).toBe(1000);
  });

  it('goes on for as long as something comes, however often it is cut', async () => {
    for (let i = 0; i < 9; i += 1) server.faults.push(server.cutAfter(200_000));
    expect(await load()).toMatchObject({ ok: true });
    expect(server.asked).toHaveLength(10);
    expect(new Set(waits)).toEqual(new Set([500]));
  });

  it('does not sit out a pause of an hour', async () => {
    server.faults.push(status(429, { 'retry-after': '3600' }));
    expect(await load()).toMatchObject({ ok: false, error: { code: 'hub-refused' } });
    expect(waits).toEqual([]);
  });

  it.each([
    [404, 'pack-missing', 1],
    [410, 'pack-missing', 1],
    [401, 'hub-refused', 1],
    [403, 'hub-refused', 1],
    [429, 'hub-refused', 4],
    [500, 'hub-refused', 4],
  ])('gives up on HTTP %i with %s after %i requests', async (code, expected, requests) => {
    for (let i = 0; i < 9; i += 1) server.faults.push(status(code));
    expect(await load()).toMatchObject({ ok: false, error: { code: expected, detail: expect.stringContaining(String(code)) } });
    expect(server.asked).toHaveLength(requests);
  });

  it('follows redirects, takes no web page for a file, and says that a host does not answer', async () => {
    server.faults.push((_request, response) => void response.writeHead(302, { location: `${server.url}moved/a.bin` }).end());
    server.files.set('moved/a.bin', BODY);
    expect(await load()).toMatchObject({ ok: true });
    await sink.drop(fileOf(BODY));
    server.faults.push((_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'));
    expect(await load()).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
    expect(await load(undefined, undefined, { url: () => 'http://127.0.0.1:1/a.bin' })).toMatchObject({
      ok: false,
      error: { code: 'hub-unreachable' },
    });
  });

  it('takes a line over which nothing comes as cut', async () => {
    server.faults.push((_request, response) => void response.writeHead(200, { 'content-length': SIZE }).write(BODY.subarray(0, 100)));
    expect(await load(undefined, undefined, { stallMs: 80 })).toMatchObject({ ok: true });
    expect(server.asked.map(({ range }) => range)).toEqual([null, 'bytes=100-']);
  });

  it('says that there is no room, also where the last chunk finds none', async () => {
    sink.full = true;
    expect(await load()).toMatchObject({ ok: false, error: { code: 'storage-full' } });
    sink.full = false;
    expect(await downloadFile(new AbortController().signal, fileOf(BODY), sink, options(), fillAtTheEnd)).toMatchObject({
      ok: false,
      error: { code: 'storage-full' },
    });
    expect(sink.notes.get('a.bin')?.verified ?? false).toBe(false);
  });

  it.each([
    ['ENOSPC', 'storage-full'],
    ['EACCES', 'storage-refused'],
  ])('tells a full disk from one that may not be written to: %s', async (code, expected) => {
    sink.writeChunk = () => Promise.reject(Object.assign(new Error(code), { code }));
    expect(await load()).toMatchObject({ ok: false, error: { code: expected } });
  });

  it('goes on receiving while a chunk is written, one chunk ahead at most', async () => {
    let received = 0;
    let writing = false;
    let overlaps = false;
    const ahead: number[] = [];
    const write = sink.writeChunk.bind(sink);
    sink.writeChunk = async (file, index, bytes) => {
      overlaps ||= writing;
      writing = true;
      const waited = Date.now();
      while (received < Math.min(SIZE, (index + 1) * CHUNK_BYTES + 1) && Date.now() - waited < 2000) await setTimeout(1);
      await setTimeout(30); // the last one is waited for, too
      ahead.push(received - index * CHUNK_BYTES - bytes.length);
      await write(file, index, bytes);
      writing = false;
    };
    const loaded = await downloadFile(new AbortController().signal, fileOf(BODY), sink, options(), (bytes) => {
      received = bytes;
    });
    expect(loaded).toMatchObject({ ok: true });
    expect({ writing, overlaps }).toEqual({ writing: false, overlaps: false });
    expect(ahead).toHaveLength(3);
    expect(ahead[0]).toBeGreaterThan(0);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(CHUNK_BYTES);
    expect(sink.stored(fileOf(BODY)).equals(BODY)).toBe(true);
  });

  it('stores the right bytes or nothing that counts, after any sequence of faults', async () => {
    const other = content(3);
    const fault = fc.oneof(
      fc.record({ kind: fc.constant('cut' as const), at: fc.integer({ min: 0, max: SIZE }) }),
      fc.record({ kind: fc.constant('changed' as const), at: fc.integer({ min: 0, max: SIZE }) }),
      fc.record({ kind: fc.constant('damage' as const), at: fc.integer({ min: 0, max: SIZE - 1 }) }),
      fc.record({ kind: fc.constant('no-ranges' as const), at: fc.constant(0) }),
      fc.record({ kind: fc.constant('no-tags' as const), at: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 5 }), async (faults) => {
        sink = new TestSink();
        server.etag = '"1"';
        server.ranges = true;
        server.faults.length = 0;
        for (const { kind, at } of faults) {
          server.files.set('a.bin', kind === 'changed' ? other : BODY);
          if (kind === 'no-ranges') server.ranges = false;
          if (kind === 'no-tags' || server.etag === null) server.etag = null;
          else server.etag = kind === 'changed' ? '"2"' : '"1"';
          if (kind === 'damage') {
            const chunk = sink.chunks.get('a.bin')?.[Math.floor(at / CHUNK_BYTES)];
            if (chunk && chunk.length > at % CHUNK_BYTES) chunk[at % CHUNK_BYTES] = (chunk[at % CHUNK_BYTES] ?? 0) ^ 1;
            const note = sink.notes.get('a.bin');
            if (note) note.verified = false;
          } else server.faults.push(server.cutAfter(at));
          const stop = new AbortController();
          const loaded = await load(fileOf(BODY), stop.signal, { wait: async () => stop.abort() });
          const counts = sink.notes.get('a.bin')?.verified ?? false;
          expect(counts).toBe(loaded.ok);
          if (counts) expect(sink.stored(fileOf(BODY)).equals(BODY)).toBe(true);
        }
        server.files.set('a.bin', BODY);
        if (server.etag !== null) server.etag = '"1"';
        server.faults.length = 0;
        expect(await load()).toMatchObject({ ok: true });
        expect(sink.stored(fileOf(BODY)).equals(BODY)).toBe(true);
      }),
      { numRuns: 12 },
    );
  });
});

describe('downloadFiles', () => {
  it('tells one progress over all files, and ends at the first that cannot be had', async () => {
    const small = content(5, 1000);
    server.files.set('b.bin', small);
    const told: [number, string][] = [];
    const files = [fileOf(small, 'b.bin'), fileOf(BODY), fileOf(small, 'none.bin')];
    const loaded = await downloadFiles(new AbortController().signal, files, sink, options(), (bytes, path) => told.push([bytes, path]));
    expect(loaded).toMatchObject({ ok: false, error: { code: 'pack-missing', message: expect.stringContaining('none.bin') } });
    expect(told.at(-1)).toEqual([SIZE + 1000, 'a.bin']);
    expect(told.map(([bytes]) => bytes)).toEqual(told.map(([bytes]) => bytes).sort((a, b) => a - b));
  });
});
