import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from './house.mjs';
import { buildShell, SHELL } from './shell.mjs';

let folder = '';
let script = '';
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shell-test-'));
  for (const path of [
    'index.html',
    'app.webmanifest',
    'assets/main-1a2b.js',
    'assets/main-1a2b.js.map',
    'ort/ort.wasm',
    'icons/icon-192.png',
  ])
    write(path, path);
  for (const pack of ['own', 'tiny'])
    for (const path of ['manifest.json', 'weights.bin', 'card.json']) write(`models/${pack}/${path}`, path);
  write('models/index.json', '{}');
  await buildShell(folder);
  script = readFileSync(join(folder, SHELL), 'utf8');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kept = (): string[] => [...script.matchAll(/["']?url["']?:\s*["'`]([^"'`]+)["'`]/g)].map(([, url = '']) => url);

test('the page’s own files and every pack’s manifest are kept, and no weights', () => {
  expect(kept().sort()).toEqual([
    'app.webmanifest',
    'assets/main-1a2b.js',
    'icons/icon-192.png',
    'index.html',
    'models/index.json',
    'models/own/manifest.json',
    'models/tiny/manifest.json',
    'ort/ort.wasm',
  ]);
});

test('each with its hash, so that a file of another version is never taken', () => {
  for (const url of kept()) {
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, url)))
      .digest('base64');
    expect(script, url).toContain(`sha256-${digest}`);
  }
});

test('it is a plain script, which every browser takes', () => {
  expect(script).not.toMatch(/^\s*(import|export)\b/m);
});

test('the icons are there in the sizes that the web app manifest states, and all its addresses are relative', async () => {
  const read = (path: string) => readFileSync(join(ROOT, 'public', path));
  const manifest = JSON.parse(read('app.webmanifest').toString('utf8')) as {
    start_url: string;
    scope: string;
    icons: { src: string; sizes: string; purpose?: string }[];
  };
  for (const { src, sizes } of manifest.icons.filter((icon) => icon.sizes !== 'any')) {
    const { width, height } = await sharp(read(src)).metadata();
    expect(`${width}x${height}`, src).toBe(sizes);
  }
  expect(manifest.icons.some(({ purpose }) => purpose === 'maskable')).toBe(true);
  for (const address of [manifest.start_url, manifest.scope, ...manifest.icons.map(({ src }) => src)]) expect(address).not.toMatch(/^\/|:/);
});
