import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DATA_PATH, parseRange, serve } from './serve.mjs';

let folder = '';
let isolated: Awaited<ReturnType<typeof serve>>;
let plain: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'serve-'));
  const dir = join(folder, 'dist');
  mkdirSync(join(dir, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(dir, 'index.html'), '<!doctype html>page');
  writeFileSync(join(dir, 'assets', 'page-1a2b.js'), 'export {};');
  writeFileSync(join(dir, 'ort.wasm'), '0123456789');
  isolated = await serve({ dir, port: 0 });
  plain = await serve({ dir, port: 0, isolation: false });
});

afterAll(async () => {
  await isolated.close();
  await plain.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the page comes with what threads need, and is asked for again each time', async () => {
  const response = await fetch(isolated.url);
  expect(await response.text()).toBe('<!doctype html>page');
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(response.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin');
  expect(response.headers.get('cache-control')).toBe('no-cache');
});

const policyOf = async (path: string) =>
  new Map(
    ((await fetch(new URL(path, isolated.url))).headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
      const [name = '', ...values] = directive.split(' ');
      return [name, values.join(' ')] as const;
    }),
  );

test('whatever is served may connect to its own host alone, and nothing inline runs', async () => {
  for (const path of ['/', '/assets/page-1a2b.js', '/ort.wasm', '/none.js', '/assets/unpacks-1a2b.js', '/packs-1a2b.js']) {
    const policy = await policyOf(path);
    expect([...policy.values()].join(' '), path).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:|\*/);
    expect(policy.get('connect-src'), path).toBe("'self'");
    expect(policy.get('frame-ancestors'), path).toBe("'none'");
  }
});

test('the packs’ worker alone may ask other hosts, over https or on this machine, in whatever folder it lies', async () => {
  for (const path of ['/assets/packs-1a2b.js', '/apps/emollm/assets/packs-Xy_1-2b.js']) {
    const policy = await policyOf(path);
    expect(policy.get('connect-src')).toBe("'self' https: http://localhost:* http://127.0.0.1:*");
    expect(policy.get('script-src')).toBe("'self' 'wasm-unsafe-eval'");
  }
});

test('of the browser’s own abilities the camera and the clipboard are left, and nobody is told where one came from', async () => {
  const { headers } = await fetch(isolated.url);
  const allowed = (headers.get('permissions-policy') ?? '').split(', ').filter((rule) => !rule.endsWith('=()'));
  expect(allowed).toEqual(['camera=(self)', 'clipboard-write=(self)']);
  expect(headers.get('permissions-policy')).toContain('microphone=()');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test('without isolation none of these headers are sent', async () => {
  const response = await fetch(plain.url);
  expect([...response.headers.keys()].filter((name) => name.startsWith('cross-origin'))).toEqual([]);
});

test('a second folder stands beside the page, and nothing outside of it', async () => {
  const data = join(folder, 'data');
  mkdirSync(join(data, 'a b'), { recursive: true });
  writeFileSync(join(data, 'labels.csv'), 'file,label');
  writeFileSync(join(data, 'a b', 'face.png'), 'png');
  const both = await serve({ dir: join(folder, 'dist'), data, port: 0 });
  const read = async (path: string) => {
    const response = await fetch(new URL(path, both.url));
    return [response.status, await response.text()];
  };
  expect(await read(`${DATA_PATH}labels.csv`)).toEqual([200, 'file,label']);
  expect(await read(`${DATA_PATH}a%20b/face.png`)).toEqual([200, 'png']);
  expect(await read('/labels.csv')).toEqual([404, 'Not found\n']);
  expect(await read(`${DATA_PATH}..%2fsecret.txt`)).toEqual([404, 'Not found\n']);
  expect((await read('/'))[1]).toBe('<!doctype html>page');
  await both.close();
});

test('WebAssembly has its type, hashed names are kept', async () => {
  expect((await fetch(`${isolated.url}ort.wasm`)).headers.get('content-type')).toBe('application/wasm');
  expect((await fetch(`${isolated.url}assets/page-1a2b.js`)).headers.get('cache-control')).toContain('immutable');
});

test('a range gets its bytes, one outside gets 416, an unchanged file 304', async () => {
  const url = `${isolated.url}ort.wasm`;
  const middle = await fetch(url, { headers: { range: 'bytes=2-4' } });
  expect([middle.status, middle.headers.get('content-range'), await middle.text()]).toEqual([206, 'bytes 2-4/10', '234']);
  expect(await (await fetch(url, { headers: { range: 'bytes=-3' } })).text()).toBe('789');
  expect((await fetch(url, { headers: { range: 'bytes=10-' } })).status).toBe(416);
  const etag = (await fetch(url)).headers.get('etag') ?? '';
  expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304);
});

test('ranges that we do not do are answered with the whole file', () => {
  expect(parseRange('bytes=0-1,3-4', 10)).toBeNull();
  expect(parseRange(undefined, 10)).toBeNull();
  expect(parseRange('bytes=4-2', 10)).toBe('unsatisfiable');
  expect(parseRange('bytes=8-99', 10)).toEqual({ start: 8, end: 9 });
});

/** fetch() would tidy the path up before it is sent. */
const statusOf = (path: string): Promise<number | undefined> =>
  new Promise((done, failed) => {
    request({ host: '127.0.0.1', port: isolated.port, path }, (response) => {
      response.resume();
      done(response.statusCode);
    })
      .on('error', failed)
      .end();
  });

test.each(['/../secret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt', '/%', '/assets', '/none.js'])(
  '%s is not found',
  async (path) => {
    expect(await statusOf(path)).toBe(404);
  },
);

test('a busy port moves on to the next, unless it was asked for', async () => {
  const next = await serve({ dir: folder, port: isolated.port });
  expect(next.port).toBeGreaterThan(isolated.port);
  await next.close();
  await expect(serve({ dir: folder, port: isolated.port, exactPort: true })).rejects.toThrow(/EADDRINUSE/);
});
