import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Runtime } from '../model/graph.ts';
import { parseManifest } from '../model/manifest.ts';
import type { PackSource } from '../model/pack.ts';
import { checkParity } from '../model/parity.ts';
import { TextClassifier, type Wording } from '../model/text-classifier.ts';
import { packFolder } from '../node/pack-folder.ts';
import { createNodeRuntime } from '../node/runtime.ts';
import type { Task } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { promptBody } from './emoprompt.ts';
import { type Shown, traitsOf } from './traits.ts';
import { wordFeatures } from './word-features.ts';

const models = join(dirname(fileURLToPath(import.meta.url)), '../../public/models');
/** Ours; foundation packs have no files here that could be compared. */
const packs = readdirSync(models).filter((name) => !name.endsWith('-wip') && existsSync(join(models, name, 'parity.json')));

interface PromptCase {
  task: Task;
  options: string[] | null;
  faces: { units: Record<string, number>; valence: number; arousal: number; traits: string[] }[];
  faceCount: number;
  words: string | null;
  wording: Wording | null;
  body: string;
}

interface WordingCase {
  text: string;
  task: string;
  options: string[];
  shares: Record<string, number> | null;
  terms: string[];
}

/** A reading with the evidence of a case, and `count - 1` more that the prompt only counts. */
const readingsOf = ({ faces, faceCount }: PromptCase): Reading[] =>
  Array.from({ length: faceCount }, (_, index) => {
    const { units = {}, valence = 0, arousal = 0, traits = [] } = faces[index] ?? {};
    return {
      faceId: index + 1,
      time: 0,
      box: { x: 0, y: 0, width: 1, height: 1 },
      roll: 0,
      score: 1,
      probabilities: { neutral: 1, happiness: 0, surprise: 0, sadness: 0, anger: 0, disgust: 0, fear: 0, contempt: 0 },
      emotion: 'neutral',
      valence,
      arousal,
      actionUnits: Object.entries(units).map(([code, probability]) => ({ code, probability })),
      traits,
      landmarks: new Float32Array(),
    };
  });

describe.each(packs)('the goldens of %s', (name) => {
  it('hold on the native runtime: every graph, embeddings, tokenizer and greedy text', async () => {
    const runtime = await createNodeRuntime('native', 2);
    expect(await checkParity(runtime, packFolder(join(models, name)))).toEqual({ ok: true, value: [] });
  }, 300_000);

  it('are fetched of the graphs that are run, and of no other', async () => {
    const folder = packFolder(join(models, name));
    const read: string[] = [];
    const source: PackSource = {
      read: (path, onBytes) => {
        read.push(path);
        return folder.read(path, onBytes);
      },
    };
    const runtime = await createNodeRuntime('native', 2);
    expect(await checkParity(runtime, source, { graphs: ['face-landmarks'] })).toEqual({ ok: true, value: [] });
    expect(read.filter((path) => !/json$/.test(path))).toEqual(['face-landmarks.onnx']);
  });

  it('give the same prompts here as in training', () => {
    const manifest = parseManifest(JSON.parse(readFileSync(join(models, name, 'manifest.json'), 'utf8')));
    if (!manifest.ok) throw new Error(manifest.error.message);
    const cases: PromptCase[] = JSON.parse(readFileSync(join(models, name, manifest.value.parity), 'utf8')).prompts;
    expect(cases.length).toBeGreaterThan(0);
    for (const item of cases) {
      const { task, options, words, wording } = item;
      expect(promptBody(manifest.value, { task, options, words, wording, readings: readingsOf(item) })).toBe(item.body);
    }
  });

  it('say of words here what training says', () => {
    const manifest = JSON.parse(readFileSync(join(models, name, 'manifest.json'), 'utf8'));
    const cases: { text: string; features: string[] }[] = JSON.parse(readFileSync(join(models, name, manifest.parity), 'utf8')).features;
    expect(new Set(cases.flatMap((item) => item.features)).size).toBe(12); // each of the phrases somewhere
    for (const { text, features } of cases) expect(wordFeatures(text), text).toEqual(features);
  });

  it('say here how a face is shown as training says it', () => {
    const manifest = JSON.parse(readFileSync(join(models, name, 'manifest.json'), 'utf8'));
    const cases: (Shown & { traits: string[] })[] = JSON.parse(readFileSync(join(models, name, manifest.parity), 'utf8')).traits;
    expect(new Set(cases.flatMap((item) => item.traits)).size).toBe(7); // each of them somewhere
    for (const { traits, ...shown } of cases) expect(traitsOf(shown), JSON.stringify(shown)).toEqual(traits);
  });

  it('let words lean here as in training', () => {
    const read = (file: string): Uint8Array => readFileSync(join(models, name, file));
    const manifest = parseManifest(JSON.parse(readFileSync(join(models, name, 'manifest.json'), 'utf8')));
    if (!manifest.ok || !manifest.value.text.classifier) throw new Error('no classifier');
    const classifier = new TextClassifier(read(manifest.value.text.classifier));
    const cases: WordingCase[] = JSON.parse(readFileSync(join(models, name, manifest.value.parity), 'utf8')).wording;
    expect(cases.filter((item) => item.shares !== null).length).toBeGreaterThan(2);
    expect(cases.some((item) => item.shares === null)).toBe(true);
    for (const { text, task, options, shares, terms } of cases) {
      const found = classifier.read(text, task, options);
      expect(found?.terms ?? []).toEqual(terms);
      expect(found === null).toBe(shares === null);
      for (const { option, share } of found?.shares ?? []) expect(share).toBeCloseTo(shares?.[option] ?? Number.NaN, 6);
    }
  });
});

it('there is a pack to check', () => {
  expect(packs).toContain('tiny');
});

it('the goldens hold for no GPU on which they could not be run', async () => {
  const native = await createNodeRuntime('native', 2);
  const broken: Runtime = {
    ...native,
    webgpu: { adapter: 'broken', shaderF16: false, software: false },
    graphBackends: { 'scene-encoder': 'webgpu' },
    sessionOptions: (backend) => (backend === 'webgpu' ? { executionProviders: ['none such'] } : native.sessionOptions(backend)),
  };
  const source = packFolder(join(models, 'tiny'));
  await expect(checkParity(broken, source, { graphs: ['scene-encoder'] })).rejects.toThrow(/^WebGPU could not run the scene-encoder graph/);
  // Where nobody asked for it by name, the pack may run wherever it can.
  const choosing: Runtime = { ...broken, graphBackends: {}, backend: 'auto' };
  expect(await checkParity(choosing, source, { graphs: ['scene-encoder'] })).toEqual({ ok: true, value: [] });
});
