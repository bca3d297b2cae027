import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  cannotRun,
  type FoundationManifest,
  foundationBytes,
  foundationFiles,
  isFoundationManifest,
  parseFoundationManifest,
} from './foundation-manifest.ts';
import { hubLayoutManifest } from './hub-layout.ts';

const MODELS = fileURLToPath(new URL('../../public/models/', import.meta.url));
const { packs } = JSON.parse(readFileSync(join(MODELS, 'index.json'), 'utf8')) as { packs: string[] };
const manifests = packs
  .map((id) => JSON.parse(readFileSync(join(MODELS, id, 'manifest.json'), 'utf8')) as unknown)
  .filter((manifest) => isFoundationManifest(manifest));

function parsed(input: unknown): FoundationManifest {
  const result = parseFoundationManifest(input);
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

it('offers foundation packs, each with a manifest that can be read', () => {
  expect(manifests.length).toBeGreaterThanOrEqual(5);
  for (const manifest of manifests) expect(() => parsed(manifest)).not.toThrow();
});

describe('the SmolVLM 256M manifest', () => {
  const manifest = parsed(manifests.find((each) => (each as { id: string }).id === 'smolvlm-256m-instruct'));

  it('gives each machine the files in the precision that it can use', () => {
    const onGpu = foundationFiles(manifest, { webgpu: true, shaderF16: true });
    expect(onGpu.device).toBe('webgpu');
    expect(onGpu.paths).toContain('onnx/decoder_model_merged_q4f16.onnx');
    expect(onGpu.paths).toContain('tokenizer.json');
    expect(foundationFiles(manifest, { webgpu: true, shaderF16: false }).paths).toContain('onnx/embed_tokens.onnx');
    const onCpu = foundationFiles(manifest, { webgpu: false, shaderF16: false });
    expect(onCpu).toMatchObject({ device: 'wasm', dtypes: { vision_encoder: 'q8' } });
    expect(onCpu.paths).toContain('onnx/vision_encoder_quantized.onnx');
  });

  it('tells a size where pages state it, and none where they do not', () => {
    const bytes = foundationBytes(manifest, foundationFiles(manifest, { webgpu: true, shaderF16: true }).paths);
    expect(bytes).toBeGreaterThan(300e6);
    expect(bytes).toBeLessThan(350e6);
    expect(foundationBytes(manifest, foundationFiles(manifest, { webgpu: false, shaderF16: false }).paths)).toBeNull();
  });
});

it('names external data with the ONNX files that have it', () => {
  const manifest = parsed(manifests.find((each) => (each as { id: string }).id === 'gemma-4-e2b-it'));
  const { paths } = foundationFiles(manifest, { webgpu: true, shaderF16: true });
  expect(paths).toContain('onnx/decoder_model_merged_q4f16.onnx_data');
  expect(foundationFiles(manifest, { webgpu: false, shaderF16: false })).toMatchObject({ device: null, paths: [] });
});

it('refuses a revision that is no commit, a path that leaves the repository, and a later format', () => {
  const [first] = manifests as { hub: object }[];
  const refused = (changes: object) => parseFoundationManifest({ ...first, ...changes });
  expect(refused({ hub: { repo: 'a/b', revision: 'main' } })).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
  expect(refused({ configs: ['../secrets.json'] })).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
  expect(refused({ format: 2 })).toMatchObject({ ok: false, error: { code: 'pack-unsupported' } });
});

it('refuses what would lead out of the hub’s layout, or fill the memory before a file is read', () => {
  const [first] = manifests as { hub: object }[];
  const refused = (changes: object) => expect(parseFoundationManifest({ ...first, ...changes })).toMatchObject({ ok: false });
  for (const repo of ['../..', 'a/..', './b', 'a/b/c']) refused({ hub: { repo, revision: 'a'.repeat(40) } });
  for (const path of ['a//b', 'a/', 'a/./b', 'a/..', '/a', 'x'.repeat(501)]) refused({ configs: [path] });
  refused({ externalData: { 'decoder_model_merged_q4.onnx': 4e9 } });
});

it('says why a machine cannot run a model, also where no machine can', () => {
  const manifest = parsed(manifests[0]);
  const told = (backends: FoundationManifest['backends']) => cannotRun({ ...manifest, backends });
  const some = { dtypes: {}, memoryBytes: null };
  expect(told({ webgpu: some }).message).toMatch(/needs WebGPU\.$/);
  expect(told({ 'webgpu-f16': some, cpu: some }).message).toMatch(/16-bit shaders/);
  expect(told({ cpu: some })).toMatchObject({ code: 'pack-unsupported', message: expect.not.stringContaining('WebGPU') });
});

describe('a folder laid out like the hub’s, without a manifest', () => {
  const folder = fileURLToPath(new URL('../../e2e/fixtures/hub/tiny-random/Qwen2-VL/', import.meta.url));
  const config: unknown = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  const paths = [...readdirSync(folder), ...readdirSync(join(folder, 'onnx')).map((name) => `onnx/${name}`)];

  it('becomes one from what it has', () => {
    const made = hubLayoutManifest('Qwen2 VL', paths, config);
    if (!made.ok) throw new Error(made.error.detail);
    expect(made.value).toMatchObject({
      id: 'qwen2-vl',
      pictures: { most: 1 },
      backends: { wasm: { dtypes: { decoder_model_merged: 'q4' } } },
    });
    expect(made.value.backends['webgpu-f16']?.dtypes.decoder_model_merged).toBe('q4f16');
  });

  it('is taken with a graph beside it that no class opens', () => {
    const made = hubLayoutManifest('x', [...paths, 'onnx/vision encoder.old-2.onnx'], config);
    expect(made.ok && Object.keys(made.value.backends.wasm?.dtypes ?? {})).toHaveLength(3);
  });

  it('is refused where a graph is missing', () => {
    const made = hubLayoutManifest(
      'x',
      paths.filter((path) => !path.includes('vision')),
      config,
    );
    expect(made).toMatchObject({ ok: false, error: { code: 'pack-unsupported', detail: 'onnx/ has no vision_encoder' } });
  });
});
