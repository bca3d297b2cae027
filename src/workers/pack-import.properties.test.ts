/** Packs that somebody brings: their manifests, and the ZIPs that they come in. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { describe, expect } from 'vitest';
import { damaged, holds, tampered } from '../../scripts/property.ts';
import { parseFoundationManifest } from '../model/foundation-manifest.ts';
import { isSafePath } from '../model/pack-hub.ts';
import { sha256Hex } from '../shared/sha256.ts';
import { openImport } from './pack-import.ts';

const MODELS = join(import.meta.dirname, '../../public/models');
const manifests = readdirSync(MODELS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }): unknown => JSON.parse(readFileSync(join(MODELS, name, 'manifest.json'), 'utf8')));
const foundations = manifests.filter((each) => (each as { kind?: unknown }).kind === 'foundation');
const watch = { signal: new AbortController().signal, onProgress: () => {} };
const machine = { webgpu: true, shaderF16: false };
const config = { model_type: 'idefics3', architectures: ['Idefics3ForConditionalGeneration'] };
const hub = Object.fromEntries(
  ['vision_encoder', 'embed_tokens', 'decoder_model_merged'].map((name) => [`onnx/${name}_q4.onnx`, strToU8('x')]),
);
const words = Array.from({ length: 60 }, (_, index) => `word-${index * index}`);
const sound: Record<string, Uint8Array> = {
  ...hub,
  'config.json': strToU8(JSON.stringify({ ...config, words })),
  'tokenizer.json': strToU8(JSON.stringify({ words: words.toReversed() })),
};
const archive = zipSync({ ...sound, 'tokenizer.json': [sound['tokenizer.json'] ?? new Uint8Array(), { level: 0 }] });
const evil = foundations.map((each): [unknown] => [{ ...(each as object), configs: ['../../etc/passwd'] }]);

/** Refused, or opened with files that are safe and whole. */
async function check(file: Blob): Promise<void> {
  const opened = await openImport(watch, [{ path: 'pack.zip', file }], [], machine);
  if (!opened.ok) return expect(opened.error.code).toMatch(/^(pack-|no-webgpu|file-)/);
  for (const { path, hash } of opened.value.files) {
    expect(isSafePath(path)).toBe(true);
    const before = sound[path];
    if (before) expect(hash.hex, path).toBe(await sha256Hex(new Uint8Array(before)));
  }
}

describe('a pack that is brought', () => {
  holds(
    'has a foundation manifest that is taken, and taken again as it was printed, or refused',
    [fc.oneof(fc.jsonValue(), ...foundations.map(tampered))],
    (input) => {
      const parsed = parseFoundationManifest(input);
      if (!parsed.ok) return expect(parsed.error.code).toMatch(/^pack-/);
      expect(parseFoundationManifest(JSON.parse(JSON.stringify(parsed.value)))).toEqual(parsed);
      for (const path of parsed.value.configs) expect(isSafePath(path)).toBe(true);
    },
    { cases: evil },
  );

  holds(
    'with a manifest that was tampered with is opened or refused',
    [fc.oneof(...foundations.map(tampered))],
    (manifest) => check(new Blob([zipSync({ ...hub, 'manifest.json': strToU8(JSON.stringify(manifest)) })])),
    { runs: 40 },
  );

  holds('as a ZIP that was damaged is opened or refused', [damaged(archive)], (bytes) => check(new Blob([bytes])), { runs: 200 });
});
