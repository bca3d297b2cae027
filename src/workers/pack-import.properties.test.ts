/** Packs that somebody brings: their manifests, and the ZIPs that they come in. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { describe, expect } from 'vitest';
import { damaged, holds, tampered } from '../../scripts/property.ts';
import { parseFoundationManifest } from '../model/foundation-manifest.ts';
import { isSafePath } from '../model/pack-hub.ts';
import { openImport } from './pack-import.ts';

const MODELS = join(import.meta.dirname, '../../public/models');
const manifests = readdirSync(MODELS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }): unknown => JSON.parse(readFileSync(join(MODELS, name, 'manifest.json'), 'utf8')));
const foundations = manifests.filter((each) => (each as { kind?: unknown }).kind === 'foundation');
const machine = { webgpu: true, shaderF16: false };
const config = { model_type: 'idefics3', architectures: ['Idefics3ForConditionalGeneration'] };
const hub = Object.fromEntries(
  ['vision_encoder', 'embed_tokens', 'decoder_model_merged'].map((name) => [`onnx/${name}_q4.onnx`, strToU8('x')]),
);
const archive = zipSync({ ...hub, 'config.json': strToU8(JSON.stringify(config)), 'tokenizer.json': strToU8('{}') });

async function check(file: Blob): Promise<void> {
  const opened = await openImport([{ path: 'pack.zip', file }], [], machine);
  if (!opened.ok) return expect(opened.error.code).toMatch(/^(pack-|no-webgpu|file-)/);
  for (const { path } of opened.value.files) expect(isSafePath(path)).toBe(true);
}

describe('a pack that is brought', () => {
  holds(
    'has a foundation manifest that is taken, and taken again as it was printed, or refused',
    [fc.oneof(fc.jsonValue(), ...foundations.map(tampered))],
    (input) => {
      const parsed = parseFoundationManifest(input);
      if (parsed.ok) expect(parseFoundationManifest(JSON.parse(JSON.stringify(parsed.value)))).toEqual(parsed);
      else expect(parsed.error.code).toMatch(/^pack-/);
    },
  );

  holds(
    'with a manifest that was tampered with is opened or refused',
    [fc.oneof(...foundations.map(tampered))],
    (manifest) => check(new Blob([zipSync({ ...hub, 'manifest.json': strToU8(JSON.stringify(manifest)) })])),
    { runs: 40 },
  );

  holds('as a ZIP that was damaged is opened or refused', [damaged(archive)], (bytes) => check(new Blob([bytes])), { runs: 60 });
});
