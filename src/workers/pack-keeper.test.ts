import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CHUNK_BYTES } from '../model/pack-download.ts';
import { FaultyServer, status } from '../node/faulty-server.fixture.ts';
import type { DownloadProgress } from '../shared/packs.ts';
import { FakeChannel, FakeDisk } from './browser-storage.fixture.ts';
import { PackKeeper } from './pack-keeper.ts';
import { openPack } from './pack-load.ts';
import { openPackStore } from './pack-store.ts';

const MODELS = join(import.meta.dirname, '../../public/models');
const tiny = (path: string): Buffer => readFileSync(join(MODELS, 'tiny', path));
const TINY = JSON.parse(tiny('manifest.json').toString()) as { files: { path: string }[] };
const TINY_FILES = ['manifest.json', ...TINY.files.map(({ path }) => path)];

/** A foundation pack as small as can be, under the name of a real one. */
const REVISION = 'a'.repeat(40);
const MANIFEST = {
  ...(JSON.parse(readFileSync(join(MODELS, 'smolvlm-256m-instruct/manifest.json'), 'utf8')) as object),
  hub: { repo: 'org/Small-Model', revision: REVISION },
  files: [],
  configs: ['config.json'],
  externalData: {},
  stated: [],
  backends: { wasm: { dtypes: { decoder_model_merged: 'q4' }, memoryBytes: 123 } },
};
const ID = 'smolvlm-256m-instruct';
const GRAPH = 'onnx/decoder_model_merged_q4.onnx';
const LARGE = Buffer.from(Uint8Array.from({ length: CHUNK_BYTES + 77 }, (_, index) => (index * 31) & 255));
const CONFIG = Buffer.from('{"model_type":"smolvlm"}');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const gitSha1 = (bytes: Uint8Array): string => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

let server: FaultyServer;
let disk: FakeDisk;
let quota: number;

beforeEach(async () => {
  server = new FaultyServer();
  await server.start();
  serveHub(LARGE);
  server.files.set('models/index.json', Buffer.from(JSON.stringify({ packs: [ID, 'tiny'] })));
  server.files.set(`models/${ID}/manifest.json`, Buffer.from(JSON.stringify(MANIFEST)));
  for (const path of TINY_FILES) server.files.set(`models/tiny/${path}`, tiny(path));
  disk = new FakeDisk();
  quota = 1e9;
  vi.stubGlobal('navigator', {
    storage: { getDirectory: async () => disk.root, estimate: async () => ({ quota, usage: disk.used }), persisted: async () => true },
  });
});
afterEach(() => {
  server.close();
  vi.unstubAllGlobals();
});

function serveHub(graph: Buffer): void {
  const tree = [
    { type: 'file', path: 'config.json', size: CONFIG.length, oid: gitSha1(CONFIG) },
    { type: 'file', path: GRAPH, size: 134, oid: 'b'.repeat(40), lfs: { oid: sha256(graph), size: graph.length } },
    { type: 'file', path: 'README.md', size: 5, oid: 'c'.repeat(40) },
  ];
  server.files.set(`hub/api/models/org/Small-Model/tree/${REVISION}?recursive=true`, Buffer.from(JSON.stringify(tree)));
  server.files.set(`hub/org/Small-Model/resolve/${REVISION}/config.json`, CONFIG);
  server.files.set(`hub/org/Small-Model/resolve/${REVISION}/${GRAPH}`, graph);
}

async function open(): Promise<PackKeeper> {
  const keeper = new PackKeeper();
  await keeper.open({ modelsUrl: `${server.url}models/`, hubUrl: `${server.url}hub/` });
  return keeper;
}
const entry = async (keeper: PackKeeper, id: string) => {
  const listed = await keeper.list();
  return listed.ok ? listed.value.find((pack) => pack.id === id) : listed.error;
};
const hubAsked = () => server.asked.filter(({ path }) => path.startsWith('hub/')).map(({ path, range }) => [path.split('/').at(-1), range]);
const quiet = (): void => {};

describe('a pack of the hub', () => {
  it('is told of before anything is asked of the hub; planned, fetched, read, removed', async () => {
    const keeper = await open();
    expect(await entry(keeper, ID)).toMatchObject({
      kind: 'foundation',
      origin: 'hub',
      state: 'absent',
      totalBytes: null,
      memoryBytes: 123,
    });
    expect(hubAsked()).toEqual([]);
    const total = LARGE.length + CONFIG.length;
    const plan = { totalBytes: total, missingBytes: total, files: 2, freeBytes: 1e9, dtypes: { decoder_model_merged: 'q4' } };
    expect(await keeper.plan(ID)).toEqual({ ok: true, value: plan });
    const told: DownloadProgress[] = [];
    expect(await keeper.download(ID, (progress) => told.push(progress))).toEqual({ ok: true, value: undefined });
    expect(told.at(-1)).toEqual({ loadedBytes: total, totalBytes: total, path: GRAPH });
    expect(await entry(keeper, ID)).toMatchObject({ state: 'stored', storedBytes: total, totalBytes: total });
    const store = await openPackStore();
    const read = await store.read(ID, GRAPH);
    expect(read.ok && sha256(read.value)).toBe(sha256(LARGE));
    expect(await store.manifest(ID)).toEqual({ ok: true, value: MANIFEST });
    // Nothing is fetched twice, and the hub's list is kept with the pack.
    const before = hubAsked().length;
    await keeper.download(ID, quiet);
    expect(hubAsked()).toHaveLength(before);
    await keeper.remove(ID);
    expect(await entry(keeper, ID)).toMatchObject({ state: 'absent', storedBytes: 0 });
    expect(disk.used).toBe(0);
  });

  it('says at once of a model that this device cannot run that it cannot, and can still delete what came of it', async () => {
    await (await open()).download(ID, quiet);
    expect(await entry(await open(), ID)).toMatchObject({
      state: 'stored',
      cannotRun: null,
      notes: [expect.stringContaining('not calibrated'), expect.anything()],
    });
    // As where the graphics card that it needs is no longer given.
    const { wasm } = MANIFEST.backends;
    const manifest = { ...MANIFEST, backends: { 'webgpu-f16': wasm } };
    server.files.set(`models/${ID}/manifest.json`, Buffer.from(JSON.stringify(manifest)));
    const later = await open();
    const storedBytes = LARGE.length + CONFIG.length;
    expect(await entry(later, ID)).toMatchObject({ totalBytes: null, storedBytes, cannotRun: { code: 'no-webgpu' } });
    await later.remove(ID);
    expect(await entry(later, ID)).toMatchObject({ storedBytes: 0 });
  });

  it('stays in part when it is stopped, cannot be read so, and goes on where it was', async () => {
    const keeper = await open();
    const stopped = await keeper.download(ID, ({ path }) => {
      if (path === GRAPH && server.faults.length === 0) keeper.stop(ID);
    });
    expect(stopped).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    const partial = await entry(keeper, ID);
    expect(partial).toMatchObject({ state: 'partial' });
    expect(await (await openPackStore()).read(ID, 'config.json')).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
    // Also after a reload.
    const later = await open();
    expect(await later.download(ID, quiet)).toMatchObject({ ok: true });
    expect(hubAsked().at(-1)?.[1]).toMatch(/^bytes=[1-9]\d*-$/);
    expect(await entry(later, ID)).toMatchObject({ state: 'stored' });
  });

  it('is not called stored where its record could not be written, and is then gone on with', async () => {
    const keeper = await open();
    const { PackShelf } = await import('./pack-store.ts');
    vi.spyOn(PackShelf.prototype, 'keepRecord').mockRejectedValueOnce(new DOMException('full', 'QuotaExceededError'));
    expect(await keeper.download(ID, quiet)).toMatchObject({ ok: false });
    expect(await entry(keeper, ID)).toMatchObject({ state: 'partial' });
    expect(await keeper.download(ID, quiet)).toMatchObject({ ok: true });
    expect(await entry(keeper, ID)).toMatchObject({ state: 'stored' });
    vi.restoreAllMocks();
  });

  it('is repaired where it was damaged, chunk by chunk', async () => {
    const keeper = await open();
    await keeper.download(ID, quiet);
    const stored = disk.root.file('emollm-packs-1', encodeURIComponent(`pack:${ID}`), sha256(LARGE));
    stored.bytes[CHUNK_BYTES + 3] = 1 ^ (stored.bytes[CHUNK_BYTES + 3] ?? 0);
    stored.bytes[8] = 1 ^ (stored.bytes[8] ?? 0);
    const store = await openPackStore();
    expect(await store.read(ID, GRAPH)).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
    expect(await entry(keeper, ID)).toMatchObject({ state: 'partial' });
    const before = hubAsked().length;
    expect(await keeper.download(ID, quiet)).toMatchObject({ ok: true });
    expect(
      hubAsked()
        .slice(before)
        .map(([, range]) => range),
    ).toEqual([`bytes=0-${CHUNK_BYTES - 1}`, `bytes=${CHUNK_BYTES}-`]);
    expect(await store.read(ID, GRAPH)).toMatchObject({ ok: true });
  });

  it('is fetched again where the browser has cleared its bytes away', async () => {
    const keeper = await open();
    await keeper.download(ID, quiet);
    const packs = await disk.root.getDirectoryHandle('emollm-packs-1');
    await (await packs.getDirectoryHandle(encodeURIComponent(`pack:${ID}`))).removeEntry(sha256(LARGE));
    expect(await entry(keeper, ID)).toMatchObject({ state: 'partial', storedBytes: CONFIG.length });
    expect(await keeper.download(ID, quiet)).toMatchObject({ ok: true });
    expect(await (await openPackStore()).read(ID, GRAPH)).toMatchObject({ ok: true });
  });

  it('is not begun where there is no room, in numbers; and says what could go', async () => {
    const keeper = await open();
    await keeper.importFiles(await folder(), quiet);
    quota = disk.used + 1000;
    const before = hubAsked().length;
    expect(await keeper.download(ID, quiet)).toMatchObject({
      ok: false,
      error: {
        code: 'storage-full',
        message: 'There is no room for this pack: 2 MB are missing, 1 MB are free.',
        remedy: expect.stringContaining('tiny-imported (8 MB)'),
      },
    });
    expect(
      hubAsked()
        .slice(before)
        .map(([path]) => path),
    ).toEqual([`${REVISION}?recursive=true`]);
  });

  it('says what the hub says; the list stays', async () => {
    const keeper = await open();
    await keeper.list();
    server.faults.push(status(403));
    expect(await keeper.plan(ID)).toMatchObject({ ok: false, error: { code: 'hub-refused' } });
    serveHub(Buffer.from('another file'));
    server.files.set(`hub/org/Small-Model/resolve/${REVISION}/${GRAPH}`, Buffer.from('Another file'));
    expect(await keeper.download(ID, quiet)).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
    expect(await entry(keeper, ID)).toMatchObject({ state: 'partial' });
  });

  it('is listed from what is stored where the page’s server is gone', async () => {
    await (await open()).download(ID, quiet);
    server.files.clear();
    const keeper = await open();
    expect(await keeper.list()).toMatchObject({ ok: true, value: [{ id: ID, state: 'stored', title: 'SmolVLM 256M' }] });
  });
});

/** The tiny pack as files of a chosen folder. */
async function folder(name = 'my pack/'): Promise<{ path: string; file: Blob }[]> {
  return TINY_FILES.map((path) => ({ path: `${name}${path}`, file: new Blob([new Uint8Array(tiny(path))]) }));
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Read a little at a time, as a file on disk is. */
const inPieces = (bytes: Uint8Array): Blob =>
  new Blob(
    Array.from(
      { length: Math.ceil(bytes.length / 65_536) },
      (_, index) => new Uint8Array(bytes.slice(index * 65_536, (index + 1) * 65_536)),
    ),
  );

const zip = (files: Record<string, Uint8Array>, level: 0 | 1 = 0) => [{ path: 'pack.zip', file: new Blob([zipSync(files, { level })]) }];

describe('a pack from disk', () => {
  it('comes as a folder, beside the page’s own of that name, and is read from the store', async () => {
    const keeper = await open();
    expect(await keeper.importFiles(await folder(), quiet)).toMatchObject({
      ok: true,
      value: { id: 'tiny-imported', kind: 'own', origin: 'imported', state: 'stored' },
    });
    expect(await entry(keeper, 'tiny')).toMatchObject({ origin: 'site', state: 'absent' });
    const read = await (await openPackStore()).read('tiny-imported', 'vocabulary.txt');
    expect(read.ok && sha256(read.value)).toBe(sha256(tiny('vocabulary.txt')));
  });

  it('comes as a ZIP, with other files in it', async () => {
    const keeper = await open();
    const files = Object.fromEntries(TINY_FILES.map((path) => [`deep/${path}`, new Uint8Array(tiny(path))]));
    const told: DownloadProgress[] = [];
    const imported = await keeper.importFiles(
      zip({ ...files, 'deep/inner.zip': new Uint8Array(9), 'README.md': new Uint8Array(3) }, 1),
      (progress) => told.push(progress),
    );
    expect(imported).toMatchObject({ ok: true, value: { id: 'tiny-imported', state: 'stored' } });
    expect(told.at(-1)?.loadedBytes).toBe(told.at(-1)?.totalBytes);
  });

  it('may be a repository of the hub, without a manifest of ours: one that is listed, told by its name, or any other', async () => {
    const keeper = await open();
    const files = [
      { path: 'Small-Model/config.json', file: new Blob([CONFIG]) },
      { path: `Small-Model/${GRAPH}`, file: new Blob([LARGE]) },
    ];
    expect(await keeper.importFiles(files, quiet)).toMatchObject({ ok: true, value: { id: ID, origin: 'imported', state: 'stored' } });
    expect(hubAsked()).toEqual([]);
    const other = ['config.json', 'tokenizer.json', 'onnx/vision_encoder.onnx', 'onnx/embed_tokens.onnx', 'onnx/decoder_model_merged.onnx'];
    const own = other.map((path) => ({ path: `My-Own/${path}`, file: new Blob([path === 'config.json' ? CONFIG : path]) }));
    expect(await keeper.importFiles(own, quiet)).toMatchObject({ ok: true, value: { id: 'my-own', kind: 'foundation', state: 'stored' } });
  });

  it('keeps its own name where the page has a pack of ours with that name', async () => {
    const keeper = await open();
    const graphs = ['tokenizer.json', 'onnx/vision_encoder.onnx', 'onnx/embed_tokens.onnx', 'onnx/decoder_model_merged.onnx'];
    const files = ['config.json', ...graphs].map((path) => ({
      path: `tiny/${path}`,
      file: new Blob([path === 'config.json' ? CONFIG : path]),
    }));
    expect(await keeper.importFiles(files, quiet)).toMatchObject({
      ok: true,
      value: { id: 'tiny-imported', kind: 'foundation', origin: 'imported', state: 'stored' },
    });
    expect(await entry(keeper, 'tiny')).toMatchObject({ kind: 'own', origin: 'site' });
  });

  it('leaves a listed model alone that only its folder’s name says it to be', async () => {
    const keeper = await open();
    await keeper.download(ID, quiet);
    const others = [
      'config.json',
      'tokenizer.json',
      'onnx/vision_encoder.onnx',
      'onnx/embed_tokens.onnx',
      'onnx/decoder_model_merged.onnx',
    ];
    const files = others.map((path) => ({ path: `${ID}/${path}`, file: new Blob([path === 'config.json' ? CONFIG : path]) }));
    expect(await keeper.importFiles(files, quiet)).toMatchObject({ ok: true, value: { id: `${ID}-imported`, origin: 'imported' } });
    expect(await entry(keeper, ID)).toMatchObject({ origin: 'hub', state: 'stored' });
    expect(await (await openPackStore()).read(ID, GRAPH)).toMatchObject({ ok: true });
  });

  it('goes on with the hub by the hub’s own hashes, where coming from disk was broken off by the end of the page', async () => {
    const other = Buffer.from('{"model_type":"other"}');
    const files = [
      { path: 'config.json', bytes: other.length, hash: { kind: 'sha256' as const, hex: sha256(other) } },
      { path: GRAPH, bytes: LARGE.length, hash: { kind: 'sha256' as const, hex: sha256(LARGE) } },
    ];
    const shelf = (await openPackStore()).shelf({ id: ID });
    await shelf.keepComing({ kind: 'foundation', origin: 'imported', manifest: JSON.stringify(MANIFEST), files });
    const keeper = await open();
    expect(await keeper.download(ID, quiet)).toMatchObject({ ok: true });
    const read = await (await openPackStore()).read(ID, 'config.json');
    expect(read.ok && Buffer.from(read.value).toString()).toBe(CONFIG.toString());
  });

  it('is not asked of a hub that cannot have it', async () => {
    const keeper = await open();
    const paths = ['config.json', 'tokenizer.json', 'onnx/vision_encoder.onnx', 'onnx/embed_tokens.onnx', 'onnx/decoder_model_merged.onnx'];
    const files = paths.map((path) => ({ path: `My-Own/${path}`, file: new Blob([path === 'config.json' ? CONFIG : path]) }));
    await keeper.importFiles(files, quiet);
    const stored = disk.root.file('emollm-packs-1', encodeURIComponent('pack:my-own'), sha256(Buffer.from('tokenizer.json')));
    stored.bytes[1] = 1 ^ (stored.bytes[1] ?? 0);
    await (await openPackStore()).read('my-own', 'tokenizer.json');
    expect(await keeper.download('my-own', quiet)).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
    expect(hubAsked()).toEqual([]);
  });

  it('stays as it was where a newer one is damaged', async () => {
    const keeper = await open();
    await keeper.importFiles(await folder(), quiet);
    const { used } = disk;
    const name = (path: string) => (path.endsWith('manifest.json') ? JSON.stringify({ ...TINY, title: 'Newer' }) : null);
    const newer = (await folder()).map(({ path, file }) => ({ path, file: new Blob([name(path) ?? file]) }));
    const damaged = await Promise.all(
      newer.map(async ({ path, file }) => {
        if (!path.endsWith('vocabulary.txt')) return { path, file };
        const bytes = new Uint8Array(await file.arrayBuffer());
        bytes[1] = 1 ^ (bytes[1] ?? 0);
        return { path, file: new Blob([bytes]) };
      }),
    );
    // What is stored of it is damaged as well, so that the file is wanted.
    const stored = disk.root.file('emollm-packs-1', encodeURIComponent('pack:tiny-imported'), sha256(tiny('vocabulary.txt')));
    stored.bytes[1] = 1 ^ (stored.bytes[1] ?? 0);
    await (await openPackStore()).read('tiny-imported', 'vocabulary.txt');
    expect(await keeper.importFiles(damaged, quiet)).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
    expect(await entry(keeper, 'tiny-imported')).toMatchObject({ origin: 'imported', state: 'partial' });
    expect(await (await openPackStore()).shelf({ id: 'tiny-imported' }).coming()).toBeNull();
    expect(disk.used).toBeLessThan(used);
  });

  it('does not cost what the hub had sent before, where it fails', async () => {
    const keeper = await open();
    await keeper.download(ID, ({ path }) => path === GRAPH && keeper.stop(ID));
    const begun = await entry(keeper, ID);
    expect(begun).toMatchObject({ state: 'partial' });
    quota = disk.used + CHUNK_BYTES + 50;
    const files = [
      { path: 'Small-Model/config.json', file: new Blob([CONFIG]) },
      { path: `Small-Model/${GRAPH}`, file: new Blob([LARGE.map((byte) => 255 - byte)]) },
    ];
    expect(await keeper.importFiles(files, quiet)).toMatchObject({ ok: false, error: { code: 'storage-full' } });
    expect(await entry(keeper, ID)).toEqual(begun);
  });

  it('is stopped while its files are read to know them by, and while they are written; nothing of it stays', async () => {
    const keeper = await open();
    const files = [
      { path: 'Small-Model/config.json', file: new Blob([CONFIG]) },
      { path: `Small-Model/${GRAPH}`, file: inPieces(LARGE) },
    ];
    const total = LARGE.length + CONFIG.length;
    for (const checking of [true, undefined]) {
      const told: DownloadProgress[] = [];
      const imported = keeper.importFiles(files, (progress) => {
        told.push(progress);
        if (progress.path === GRAPH && progress.checking === checking) keeper.stopImports();
      });
      expect(await imported).toMatchObject({ ok: false, error: { code: 'cancelled', remedy: expect.stringContaining('Nothing') } });
      expect(told.at(-1)?.checking).toBe(checking);
      expect(told.at(-1)?.loadedBytes).toBeLessThan(total);
      expect(disk.used).toBe(0);
      expect(await entry(keeper, ID)).toMatchObject({ state: 'absent', storedBytes: 0 });
    }
    // It is none of a later one.
    const told: DownloadProgress[] = [];
    expect(await keeper.importFiles(files, (progress) => told.push(progress))).toMatchObject({ ok: true, value: { state: 'stored' } });
    expect(told.findLast(({ checking }) => checking)).toEqual({ loadedBytes: total, totalBytes: total, path: GRAPH, checking: true });
    expect(told.at(-1)).toEqual({ loadedBytes: total, totalBytes: total, path: GRAPH });
  });

  it('is stopped in the middle of a ZIP, and what was here before it is as it was', async () => {
    const keeper = await open();
    await keeper.importFiles(await folder(), quiet);
    const before = [disk.used, await entry(keeper, 'tiny-imported')];
    const files: Record<string, Uint8Array> = Object.fromEntries(TINY_FILES.map((path) => [path, new Uint8Array(tiny(path))]));
    const noise = randomBytes(CHUNK_BYTES);
    const extra = { path: 'extra.bin', bytes: noise.length, sha256: sha256(noise) };
    files['manifest.json'] = text(JSON.stringify({ ...TINY, title: 'Newer', files: [...TINY.files, extra] }));
    const newer = zip({ ...files, 'extra.bin': new Uint8Array(noise) }, 1);
    const stopped = await keeper.importFiles(newer, ({ path }) => path === 'extra.bin' && keeper.stopImports());
    expect(stopped).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect([disk.used, await entry(keeper, 'tiny-imported')]).toEqual(before);
    expect(await (await openPackStore()).shelf({ id: 'tiny-imported' }).coming()).toBeNull();
  });

  it('leaves nothing but what the hub had sent, where it is stopped', async () => {
    const keeper = await open();
    await keeper.download(ID, ({ path }) => path === GRAPH && keeper.stop(ID));
    const before = [disk.used, await entry(keeper, ID)];
    const files = [
      { path: 'Small-Model/config.json', file: new Blob([CONFIG]) },
      { path: `Small-Model/${GRAPH}`, file: inPieces(LARGE.map((byte) => 255 - byte)) },
    ];
    const stop = ({ loadedBytes, checking }: DownloadProgress) => !checking && loadedBytes > CHUNK_BYTES / 2 && keeper.stopImports();
    expect(await keeper.importFiles(files, stop)).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect([disk.used, await entry(keeper, ID)]).toEqual(before);
    expect(await keeper.download(ID, quiet)).toMatchObject({ ok: true });
  });

  it('is refused where its ZIP has been damaged, though nobody says what its files must be', async () => {
    const keeper = await open();
    const paths = ['config.json', 'tokenizer.json', 'onnx/vision_encoder.onnx', 'onnx/embed_tokens.onnx', 'onnx/decoder_model_merged.onnx'];
    const files = Object.fromEntries(
      paths.map((path) => [`My-Own/${path}`, path === 'config.json' ? new Uint8Array(CONFIG) : text(`the ${path}`)]),
    );
    const bytes = zipSync(files, { level: 0 });
    const at = Buffer.from(bytes).indexOf('the onnx/embed_tokens');
    bytes[at] = 1 ^ (bytes[at] ?? 0);
    expect(await keeper.importFiles([{ path: 'my.zip', file: new Blob([bytes]) }], quiet)).toMatchObject({
      ok: false,
      error: { code: 'pack-corrupt' },
    });
    expect(disk.used).toBe(0);
  });

  const pick = async (change: (files: Record<string, Uint8Array>) => void) => {
    const files: Record<string, Uint8Array> = Object.fromEntries(TINY_FILES.map((path) => [path, new Uint8Array(tiny(path))]));
    change(files);
    return zip(files);
  };

  it.each<[string, (files: Record<string, Uint8Array>) => void, string]>([
    ['a path out of its folder', (files) => Object.assign(files, { '../evil.txt': text('x') }), 'pack-corrupt'],
    ['an absolute path', (files) => Object.assign(files, { '/etc/passwd': text('x') }), 'pack-corrupt'],
    ['a file that is missing', (files) => delete files['vocabulary.txt'], 'pack-missing'],
    ['a file that is cut short', (files) => Object.assign(files, { 'vocabulary.txt': tiny('vocabulary.txt').subarray(9) }), 'pack-corrupt'],
    ['a file that was changed', (files) => files['vocabulary.txt']?.fill(65, 0, 2), 'pack-corrupt'],
    ['no manifest', (files) => delete files['manifest.json'], 'pack-missing'],
    ['a manifest that is none', (files) => Object.assign(files, { 'manifest.json': text('{') }), 'pack-corrupt'],
    ['a future format', (files) => Object.assign(files, { 'manifest.json': text('{"format":9}') }), 'pack-unsupported'],
  ])('is refused with %s, and nothing of it stays', async (_what, change, code) => {
    const keeper = await open();
    expect(await keeper.importFiles(await pick(change), quiet)).toMatchObject({ ok: false, error: { code } });
    expect(disk.used).toBe(0);
  });

  it('is refused where the archive is no archive, is cut off, or says to hold less than it does', async () => {
    const keeper = await open();
    const [good] = await pick(() => {});
    const bytes = new Uint8Array((await good?.file.arrayBuffer()) ?? new ArrayBuffer(0));
    expect(await keeper.importFiles([{ path: 'a.zip', file: new Blob([bytes.slice(0, 90_000)]) }], quiet)).toMatchObject({
      ok: false,
      error: { code: 'pack-corrupt' },
    });
    // The directory's entry of a stored file is made to say less than what comes out of it.
    const lying = zipSync({ 'manifest.json': text(' '.repeat(3_000_000)) });
    const view = new DataView(lying.buffer);
    for (let at = 0; at < lying.length - 4; at += 1) if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 500, true);
    expect(await keeper.importFiles([{ path: 'a.zip', file: new Blob([lying]) }], quiet)).toMatchObject({
      ok: false,
      error: { code: 'pack-corrupt', detail: expect.stringContaining('larger than it says') },
    });
    expect(disk.used).toBe(0);
  });

  it('is a damaged one for good: it must be opened again', async () => {
    const keeper = await open();
    await keeper.importFiles(await folder(), quiet);
    const hash = sha256(tiny('vocabulary.txt'));
    const stored = disk.root.file('emollm-packs-1', encodeURIComponent('pack:tiny-imported'), hash);
    stored.bytes[1] = 1 ^ (stored.bytes[1] ?? 0);
    await (await openPackStore()).read('tiny-imported', 'vocabulary.txt');
    expect(await keeper.download('tiny-imported', quiet)).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
    expect(await keeper.importFiles(await folder(''), quiet)).toMatchObject({ ok: true, value: { state: 'stored' } });
  });
});

it('goes on with the hub with which it began, where packs come from another by now', async () => {
  const keeper = await open();
  const download = keeper.download(ID, quiet);
  await vi.waitFor(() => expect(server.asked).not.toEqual([]));
  await keeper.open({ modelsUrl: `${server.url}models/`, hubUrl: `${server.url}mirror/` });
  expect(await download).toMatchObject({ ok: true });
  expect(server.asked.filter(({ path }) => path.startsWith('mirror/'))).toEqual([]);
});

it('keeps what it holds in memory when it is opened again, for another hub', async () => {
  vi.stubGlobal('BroadcastChannel', FakeChannel);
  vi.stubGlobal('navigator', {});
  const keeper = await open();
  expect((await keeper.storage()).place).toBe('memory');
  await keeper.download(ID, quiet);
  await keeper.open({ modelsUrl: `${server.url}models/`, hubUrl: `${server.url}mirror/` });
  expect(await entry(keeper, ID)).toMatchObject({ state: 'stored' });
});

it('fetches where the browser lends no locks', async () => {
  const request = async () => {
    throw new DOMException('Access to the Locks API is denied in this context.', 'SecurityError');
  };
  Object.assign(navigator, { locks: { request } });
  const keeper = await open();
  expect(await keeper.download('tiny', quiet)).toMatchObject({ ok: true });
});

it('fetches a pack of the page’s server whole, for later, in the place of another of its packs', async () => {
  const keeper = await open();
  expect(await keeper.download('tiny', quiet)).toMatchObject({ ok: true });
  expect(await entry(keeper, 'tiny')).toMatchObject({ kind: 'own', origin: 'site', state: 'stored' });
  expect(await keeper.storage()).toEqual({ place: 'opfs', usedBytes: disk.used, quotaBytes: 1e9, persisted: true });
  expect(await keeper.plan('nothing')).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
  const load = { packUrl: `${server.url}models/other/`, wasmUrl: '', backend: 'wasm', graphBackends: {}, threads: 1 } as const;
  server.files.clear();
  const { source } = await openPack({ ...load, storedPack: 'tiny' });
  const read = await source.read('vocabulary.txt', () => {});
  expect(read.ok && sha256(read.value)).toBe(sha256(tiny('vocabulary.txt')));
  const gone = await openPack({ ...load, storedPack: 'mine' });
  expect(await gone.source.read('manifest.json', () => {})).toMatchObject({
    ok: false,
    error: { remedy: expect.stringContaining('from disk') },
  });
});
