import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkPack, checkPacks } from './check-packs.mjs';

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

test('what a system hides in a folder is no file of the pack, and no pack', async () => {
  writeFileSync(join(folder, '.DS_Store'), '');
  expect((await checkPack(folder)).faults).toEqual([]);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ kind: 'foundation', id: 'test' }));
  expect((await checkPack(folder)).faults.filter((fault) => fault.includes('DS_Store'))).toEqual([]);
  mkdirSync(join(folder, '.Trashes'));
  expect(await checkPacks(folder)).toEqual(['there is no pack']);
});

test('a manifest that is not JSON is seen', async () => {
  writeFileSync(join(folder, 'manifest.json'), '{');
  expect((await checkPack(folder)).faults).toHaveLength(1);
});

test('a foundation pack is a manifest alone, pinned to a commit, under a free licence, and named by index.json', async () => {
  const packs = join(folder, 'packs');
  const pack = join(packs, 'big');
  mkdirSync(pack, { recursive: true });
  const manifest = { kind: 'foundation', id: 'big', licence: 'Apache-2.0', hub: { repo: 'a/b', revision: 'c'.repeat(40) } };
  const write = (changes: object) => writeFileSync(join(pack, 'manifest.json'), JSON.stringify({ ...manifest, ...changes }));
  write({});
  writeFileSync(join(packs, 'index.json'), '{ "packs": ["big"] }');
  expect(await checkPacks(packs)).toEqual([]);
  writeFileSync(join(packs, 'index.json'), '{ "packs": ["gone"] }');
  expect(await checkPacks(packs)).toEqual(['index.json does not name big', 'index.json names gone, which is not there']);
  for (const revision of ['c'.repeat(7), '0'.repeat(40), undefined]) {
    write({ hub: { repo: 'a/b', revision } });
    expect((await checkPack(pack)).faults).toEqual(['it is not pinned to a commit']);
  }
  write({ licence: 'gemma', hub: { repo: 'a/b', revision: 'main' } });
  writeFileSync(join(pack, 'weights.onnx'), '');
  expect((await checkPack(pack)).faults).toEqual([
    'it is not pinned to a commit',
    'its licence, gemma, is not known as a free one',
    "weights.onnx lies beside a foundation pack's manifest",
  ]);
});
