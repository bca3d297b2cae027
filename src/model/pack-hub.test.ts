import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultyServer, status } from '../node/faulty-server.fixture.ts';
import { hubFileUrl, hubWords, isSafePath, listHubFiles } from './pack-hub.ts';
import type { FetchOptions } from './patient-fetch.ts';

const REVISION = 'a'.repeat(40);
const TREE = `api/models/org/name/tree/${REVISION}?recursive=true`;
const options: FetchOptions = { fetch, words: hubWords, wait: async () => {} };
const LARGE = {
  type: 'file',
  path: 'onnx/model_q4.onnx',
  size: 134,
  oid: 'b'.repeat(40),
  lfs: { oid: 'c'.repeat(64), size: 5_000_000_000 },
};
let server: FaultyServer;

beforeEach(async () => {
  server = new FaultyServer();
  await server.start();
});
afterEach(() => server.close());

const serve = (list: unknown): void => void server.files.set(TREE, Buffer.from(typeof list === 'string' ? list : JSON.stringify(list)));
const list = () => listHubFiles(new AbortController().signal, { hubUrl: server.url, repo: 'org/name', revision: REVISION }, options);

describe('listHubFiles', () => {
  it('takes sizes and hashes as the hub states them, page after page', async () => {
    const second = `${TREE}&cursor=2`;
    server.files.set(second, Buffer.from(JSON.stringify([LARGE])));
    server.faults.push((_request, response) => {
      const small = [
        { type: 'directory', path: 'onnx', size: 0, oid: 'd'.repeat(40) },
        { type: 'file', path: 'config.json', size: 7350, oid: 'e'.repeat(40) },
      ];
      response.writeHead(200, { link: `<${server.url}${second}>; rel="next"` }).end(JSON.stringify(small));
    });
    expect(await list()).toEqual({
      ok: true,
      value: [
        { path: 'config.json', bytes: 7350, hash: { kind: 'git-sha1', hex: 'e'.repeat(40) } },
        { path: 'onnx/model_q4.onnx', bytes: 5_000_000_000, hash: { kind: 'sha256', hex: 'c'.repeat(64) } },
      ],
    });
    expect(server.asked.map(({ path }) => path)).toEqual([TREE, second]);
  });

  it.each([
    ['no JSON', '<html>'],
    ['no list', { error: 'x' }],
    ['a path out of the folder', [{ ...LARGE, path: '../../etc/passwd' }]],
    ['no hash', [{ type: 'file', path: 'a', size: 1, oid: '' }]],
    ['a hash that is none', [{ ...LARGE, lfs: { oid: 'zz', size: 1 } }]],
  ])('refuses %s', async (_what, tree) => {
    serve(tree);
    expect(await list()).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
  });

  it('takes a hash with its kind before it, as LFS writes it', async () => {
    serve([{ ...LARGE, lfs: { ...LARGE.lfs, oid: `sha256:${LARGE.lfs.oid}` } }]);
    expect(await list()).toMatchObject({ ok: true, value: [{ hash: { kind: 'sha256', hex: LARGE.lfs.oid } }] });
  });

  it('does not follow a list without an end', async () => {
    for (let i = 0; i < 50; i += 1) {
      server.faults.push((_request, response) => void response.writeHead(200, { link: `<${server.url}${TREE}>; rel="next"` }).end('[]'));
    }
    expect(await list()).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
    expect(server.asked.length).toBeLessThan(30);
  });

  it('names the host that does not answer, and what was asked of it', async () => {
    const away = { hubUrl: 'http://127.0.0.1:1/', repo: 'org/name', revision: REVISION };
    expect(await listHubFiles(new AbortController().signal, away, options)).toMatchObject({
      ok: false,
      error: { code: 'hub-unreachable', message: 'The host 127.0.0.1:1 does not answer.', detail: expect.stringMatching(/^org\/name: /) },
    });
  });

  it('says what the hub says, and does not follow its list to another host', async () => {
    expect(await list()).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
    server.faults.push(status(401));
    expect(await list()).toMatchObject({ ok: false, error: { code: 'hub-refused' } });
    server.faults.push((_request, response) => void response.writeHead(200, { link: '<http://127.0.0.1:1/x>; rel="next"' }).end('[]'));
    expect(await list()).toEqual({ ok: true, value: [] });
  });
});

describe('paths', () => {
  it('encodes what a URL cannot hold', () => {
    const repository = { hubUrl: 'https://hub.example/', repo: 'org/name', revision: REVISION };
    expect(hubFileUrl(repository, 'onnx/a b#.onnx')).toBe(`https://hub.example/org/name/resolve/${REVISION}/onnx/a%20b%23.onnx`);
  });

  it.each(['../a', 'a/../b', '/a', 'a//b', 'C:\\a', 'a\\..\\b', '', 'a/', 'a\u0000b', './a'])(
    'takes %j for no path in a folder',
    (path) => {
      expect(isSafePath(path)).toBe(false);
    },
  );

  it('takes usual paths', () => {
    expect(['config.json', 'onnx/model_q4.onnx', '..a/b..'].map(isSafePath)).toEqual([true, true, true]);
  });
});
