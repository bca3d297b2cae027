/** The stand-in for the hub answers as the hub does, and our downloading copes with each of its faults. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Hub, LISTING, REVISION, startHub } from '../e2e/hub.ts';
import { downloadFile, type FileNote, type PackFile, type PackSink } from '../src/model/pack-download.ts';
import { hubFileUrl, hubWords, listHubFiles } from '../src/model/pack-hub.ts';

const REPO = 'tiny-random/Idefics3';
const LARGE = 'onnx/decoder_model_merged_q4.onnx';
const signal = new AbortController().signal;

let hub: Hub;
beforeEach(async () => {
  hub = await startHub();
});
afterEach(() => hub.close());

const waits: number[] = [];
const options = {
  fetch: (url: string, init: RequestInit) => fetch(url, init),
  words: hubWords,
  wait: async (ms: number) => {
    waits.push(ms);
  },
};
const repository = (revision = REVISION, repo = REPO) => ({ hubUrl: hub.url, repo, revision });

/** Keeps what comes in memory. */
function memory(): PackSink & { bytes(path: string): Buffer } {
  const notes = new Map<string, FileNote>();
  const chunks = new Map<string, Uint8Array<ArrayBuffer>[]>();
  return {
    note: async ({ path }) => notes.get(path) ?? null,
    keepNote: async ({ path }, note) => {
      notes.set(path, structuredClone(note));
    },
    readChunk: async ({ path }, index) => chunks.get(path)?.[index] ?? null,
    writeChunk: async ({ path }, index, bytes) => {
      const all = chunks.get(path) ?? [];
      all[index] = bytes.slice();
      chunks.set(path, all);
    },
    drop: async ({ path }) => {
      notes.delete(path);
      chunks.delete(path);
    },
    bytes: (path) => Buffer.concat(chunks.get(path) ?? []),
  };
}

async function listed(): Promise<PackFile[]> {
  const files = await listHubFiles(signal, repository(), options);
  if (!files.ok) throw new Error(files.error.message);
  return files.value;
}

async function get(path: string, sink = memory()) {
  const file = (await listed()).find((entry) => entry.path === path);
  if (!file) throw new Error(`not listed: ${path}`);
  const result = await downloadFile(signal, file, sink, { ...options, url: ({ path: at }) => hubFileUrl(repository(), at) }, () => {});
  return { result, sink };
}

test('both pages of the list, with the hashes of what is then sent', async () => {
  const files = await listed();
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(['config.json', 'tokenizer.json', 'onnx/embed_tokens.onnx', LARGE]));
  expect(files.some(({ path }) => path.includes('golden'))).toBe(false);
  expect(files.find(({ path }) => path === LARGE)?.hash.kind).toBe('sha256');
  expect(files.find(({ path }) => path === 'config.json')?.hash.kind).toBe('git-sha1');
  for (const path of ['config.json', LARGE]) {
    const { result, sink } = await get(path);
    expect(result).toEqual({ ok: true, value: undefined });
    expect(sink.bytes(path).equals(await hub.file(REPO, path))).toBe(true);
  }
  const hosts = hub.requests.filter(({ path }) => path === LARGE).map(({ host, status }) => [host, status]);
  expect(hosts).toEqual([
    ['hub', 302],
    ['cdn', 200],
  ]);
});

test('another commit and another repository are not there', async () => {
  expect(await listHubFiles(signal, repository('f'.repeat(40)), options)).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
  const other = await listHubFiles(signal, repository(REVISION, 'tiny-random/Nobody'), options);
  expect(other).toMatchObject({ ok: false, error: { code: 'hub-refused' } });
  expect((await fetch(hubFileUrl(repository('f'.repeat(40)), 'config.json'))).status).toBe(404);
});

test('a cut is gone on from, to the byte; a host without ranges sends it all', async () => {
  hub.faults.set('tokenizer.json', { kind: 'slow', bytesPerSecond: 200_000 });
  const slow = await get('tokenizer.json');
  expect(slow.sink.bytes('tokenizer.json').equals(await hub.file(REPO, 'tokenizer.json'))).toBe(true);

  hub.faults.set(LARGE, { kind: 'cut', afterBytes: 20_000, times: 1 });
  const { result, sink } = await get(LARGE);
  expect(result.ok).toBe(true);
  expect(hub.requests.filter(({ path, host }) => path === LARGE && host === 'cdn').map(({ range, status }) => [range, status])).toEqual([
    [null, 200],
    ['bytes=20000-', 206],
  ]);
  expect(sink.bytes(LARGE).equals(await hub.file(REPO, LARGE))).toBe(true);

  const range = { headers: { range: 'bytes=20000-' } };
  expect((await fetch(hubFileUrl(repository(), LARGE), range)).status).toBe(206);
  hub.faults.set(LARGE, { kind: 'noRange' });
  expect((await fetch(hubFileUrl(repository(), LARGE), range)).status).toBe(200);
});

test('faults: wrong bytes, a pause wanted, a file gone, trouble, offline', async () => {
  hub.faults.set(LARGE, { kind: 'wrongBytes' });
  expect((await get(LARGE)).result).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
  hub.faults.set(LARGE, { kind: 'status', status: 404 });
  expect((await get(LARGE)).result).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
  hub.faults.set(LARGE, { kind: 'status', status: 503 });
  expect((await get(LARGE)).result).toMatchObject({ ok: false, error: { code: 'hub-refused' } });
  hub.faults.clear();

  waits.length = 0;
  hub.faults.set(LISTING, { kind: 'status', status: 429, retryAfterSeconds: 7, times: 1 });
  expect((await listed()).length).toBeGreaterThan(10);
  expect(waits).toEqual([7000]);

  hub.offline = true;
  expect(await listHubFiles(signal, repository(), options)).toMatchObject({ ok: false, error: { code: 'hub-unreachable' } });
  hub.offline = false;
  expect((await get('config.json')).result.ok).toBe(true);
});
