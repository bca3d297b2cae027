/** `emollm fetch` and the folder that it writes, with a server in the hub's place. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { foundationFiles } from '../model/foundation-manifest.ts';
import { downloadFile, type PackFile } from '../model/pack-download.ts';
import { hubWords } from '../model/pack-hub.ts';
import { FaultyServer, status } from './faulty-server.fixture.ts';
import { fetchPack } from './fetch-pack.ts';
import { FolderSink } from './folder-sink.ts';
import { choosePack, knownFoundation } from './pack-choice.ts';

const ID = 'smolvlm-256m-instruct';
const go = () => new AbortController().signal;

let folder: string;
let server: FaultyServer;
const before = process.env.EMOLLM_PACKS;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emollm-fetch-'));
  process.env.EMOLLM_PACKS = join(folder, 'packs');
  server = new FaultyServer();
  await server.start();
});
afterEach(async () => {
  if (before === undefined) delete process.env.EMOLLM_PACKS;
  else process.env.EMOLLM_PACKS = before;
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** All that the command line needs of a pack, a few bytes each. → their paths */
async function serveRepository(): Promise<string[]> {
  const known = await knownFoundation(ID);
  if (!known.ok || known.value === null) throw new Error('not known');
  const { hub } = known.value;
  const { paths } = foundationFiles(known.value, { webgpu: false, shaderF16: false, native: true });
  const tree = paths.map((path) => {
    const body = Buffer.from(`what is in ${path}`);
    server.files.set(`${hub.repo}/resolve/${hub.revision}/${path}`, body);
    return { type: 'file', path, size: body.length, oid: createHash('sha1').update(`blob ${body.length}\0`).update(body).digest('hex') };
  });
  server.files.set(`api/models/${hub.repo}/tree/${hub.revision}?recursive=true`, Buffer.from(JSON.stringify(tree)));
  return paths;
}

describe('emollm fetch', () => {
  it('writes what the command line needs, and the manifest last: a pack that was cut off is none', async () => {
    const paths = await serveRepository();
    const fetched = () => fetchPack(go(), { id: ID, hub: server.url, to: null }, () => {});
    // The list, two files, then one that is gone.
    server.faults.push(server.send.bind(server), server.send.bind(server), server.send.bind(server), status(404));
    expect(await fetched()).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
    expect(await choosePack(ID)).toMatchObject({ ok: false, error: { code: 'pack-missing', remedy: `Get it first: emollm fetch ${ID}` } });

    expect(await fetched()).toEqual({ ok: true, value: join(folder, 'packs', ID) });
    for (const path of paths) expect(await readFile(join(folder, 'packs', ID, path), 'utf8')).toBe(`what is in ${path}`);
    const chosen = await choosePack(ID);
    expect(chosen.ok && chosen.value.foundation?.manifest.id).toBe(ID);
  });

  it('says where it cannot write', async () => {
    await serveRepository();
    const to = join(folder, 'a-file');
    await writeFile(to, '');
    const fetched = await fetchPack(go(), { id: ID, hub: server.url, to }, () => {});
    expect(fetched).toMatchObject({ ok: false, error: { code: 'storage-refused', message: `The pack cannot be written to ${to}.` } });
  });
});

describe('emollm fetch --to', () => {
  it('refuses a folder that holds other files, and goes on in one of its own', async () => {
    await serveRepository();
    const to = join(folder, 'mine');
    const fetched = () => fetchPack(go(), { id: ID, hub: server.url, to }, () => {});
    await mkdir(to);
    await writeFile(join(to, 'manifest.json'), 'mine');
    expect(await fetched()).toMatchObject({
      ok: false,
      error: { code: 'storage-refused', message: `${to} holds other files, which would be lost.` },
    });
    expect(await readFile(join(to, 'manifest.json'), 'utf8')).toBe('mine');
    expect(server.asked).toEqual([]);

    await rm(join(to, 'manifest.json'));
    await writeFile(join(to, '.DS_Store'), '');
    server.faults.push(server.send.bind(server), status(404));
    expect(await fetched()).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
    expect(await fetched()).toEqual({ ok: true, value: to });
    expect(await fetched()).toEqual({ ok: true, value: to });
  });
});

describe('FolderSink', () => {
  const fileOf = (body: string): PackFile => {
    server.files.set('weights.bin', Buffer.from(body));
    return { path: 'weights.bin', bytes: body.length, hash: { kind: 'sha256', hex: createHash('sha256').update(body).digest('hex') } };
  };
  const load = async (file: PackFile) => {
    const options = { fetch, words: hubWords, url: ({ path }: PackFile) => `${server.url}${path}` };
    expect(await downloadFile(go(), file, new FolderSink(folder), options, () => {})).toMatchObject({ ok: true });
    return readFile(join(folder, file.path), 'utf8');
  };

  it('does not take the file of another commit for this one’s, however alike name and size are', async () => {
    expect(await load(fileOf('weights of 2025'))).toBe('weights of 2025');
    server.etag = '"2"';
    expect(await load(fileOf('weights of 2026'))).toBe('weights of 2026');
    expect(server.asked).toHaveLength(2);
    await load(fileOf('weights of 2026'));
    expect(server.asked).toHaveLength(2);
  });

  it('fetches again what was removed or cut off since', async () => {
    const file = fileOf('weights of 2026');
    await load(file);
    await rm(join(folder, file.path));
    expect(await load(file)).toBe('weights of 2026');
    await truncate(join(folder, file.path), 5);
    expect(await load(file)).toBe('weights of 2026');
  });
});
