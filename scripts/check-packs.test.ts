import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkPack } from './check-packs.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pack-'));
  writeFileSync(join(folder, 'weights.bin'), 'weights');
  writeManifest({ path: 'weights.bin', bytes: 7, sha256: createHash('sha256').update('weights').digest('hex') });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeManifest(...files: { path: string; bytes: number; sha256: string }[]): void {
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ id: 'test', files }));
}

test('a pack as listed has no faults', async () => {
  expect((await checkPack(folder)).faults).toEqual([]);
});

test('a model card need not be listed', async () => {
  writeFileSync(join(folder, 'card.json'), '{}');
  expect((await checkPack(folder)).faults).toEqual([]);
});

test('a changed byte is seen', async () => {
  writeFileSync(join(folder, 'weights.bin'), 'weighty');
  expect((await checkPack(folder)).faults).toEqual(['weights.bin has another sha256 than the manifest says']);
});

test('a file of another length is seen', async () => {
  writeFileSync(join(folder, 'weights.bin'), 'more weights');
  expect((await checkPack(folder)).faults).toEqual(['weights.bin has 12 bytes, the manifest says 7']);
});

test('a missing file and one that is not listed are seen', async () => {
  writeManifest({ path: 'gone.bin', bytes: 1, sha256: '' });
  expect((await checkPack(folder)).faults).toEqual(['gone.bin is missing', 'weights.bin is not in the manifest']);
});

test('a manifest that is not JSON is seen', async () => {
  writeFileSync(join(folder, 'manifest.json'), '{');
  expect((await checkPack(folder)).faults).toHaveLength(1);
});
