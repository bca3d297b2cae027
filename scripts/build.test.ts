import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import config from '../vite.node.config.ts';
import { buildNode } from './build.mjs';

const { place } = vi.hoisted(() => ({ place: { root: '' } }));
vi.mock('./house.mjs', async (original) => ({
  ...(await original<typeof import('./house.mjs')>()),
  get ROOT() {
    return place.root;
  },
  /** In the place of vite and tsc. */
  runCommand: async () => {
    mkdirSync(join(place.root, 'dist-node'), { recursive: true });
    return 0;
  },
}));

const KEPT = ['dist-node/chunks/old.js', 'dist-node/types/engine/index.d.ts'];
const there = () => KEPT.map((path) => existsSync(join(place.root, path)));

beforeEach(() => {
  place.root = mkdtempSync(join(tmpdir(), 'build-'));
  for (const path of KEPT) {
    mkdirSync(dirname(join(place.root, path)), { recursive: true });
    writeFileSync(join(place.root, path), '');
  }
});
afterEach(() => rmSync(place.root, { recursive: true, force: true }));

test('a build at a start leaves the types and what a running job loads later', async () => {
  expect(config.build?.emptyOutDir).toBe(false);
  expect(await buildNode({ types: false })).toBe(true);
  expect(there()).toEqual([true, true]);
});

test('a full build begins with an empty folder', async () => {
  expect(await buildNode()).toBe(true);
  expect(there()).toEqual([false, false]);
});
