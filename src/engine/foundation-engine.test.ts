/** An engine with a foundation pack: a tiny one of e2e/fixtures/hub, or one that cannot be had. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { type FoundationFiles, foundationFiles } from '../model/foundation-manifest.ts';
import { hubLayoutManifest } from '../model/hub-layout.ts';
import type { PackSource } from '../model/pack.ts';
import { countingRuntime } from '../node/counting-runtime.fixture.ts';
import { packFolder } from '../node/pack-folder.ts';
import { readPicture } from '../node/picture.ts';
import { createNodeRuntime } from '../node/runtime.ts';
import { wireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import { fail, ok } from '../shared/result.ts';
import { createEngine, type Engine } from './engine.ts';

const MODEL = fileURLToPath(new URL('../../e2e/fixtures/hub/tiny-random/Idefics3', import.meta.url));
const PACK = packFolder(fileURLToPath(new URL('../../public/models/tiny', import.meta.url)));
const { signal } = new AbortController();

function tinyModel(): FoundationFiles {
  const paths = [...readdirSync(MODEL), ...readdirSync(join(MODEL, 'onnx')).map((name) => `onnx/${name}`)];
  const made = hubLayoutManifest('Tiny', paths, JSON.parse(readFileSync(join(MODEL, 'config.json'), 'utf8')));
  if (!made.ok) throw new Error(made.error.detail);
  return { manifest: made.value, read: async (path) => ok(new Uint8Array(readFileSync(join(MODEL, path)))) };
}

const gone: FoundationFiles = {
  ...tinyModel(),
  read: async (path) => fail(wireError('pack-missing', `${path} is not there.`, 'Download it.', path)),
};

let engine: Engine | null = null;
async function load(foundation: FoundationFiles, { source = PACK, fallback = true }: { source?: PackSource; fallback?: boolean } = {}) {
  engine = createEngine(await createNodeRuntime('native', 1), source, { foundation, fallback });
  const events: AnalysisEvent[] = [];
  for await (const event of engine.load(signal)) events.push(event);
  return { engine, events };
}
afterEach(() => engine?.dispose());

async function explain(of: Engine): Promise<AnalysisEvent[]> {
  const frame = await readPicture(join(MODEL, 'golden-dark.png'));
  if (!frame.ok) throw new Error(frame.error.message);
  const events: AnalysisEvent[] = [];
  const options = { runId: 'r', sourceId: 's', task: 'emotion', readings: null, words: '', maxNewTokens: 60 } as const;
  for await (const event of of.explain(signal, frame.value, options)) events.push(event);
  return events;
}

it('answers by the foundation model, says so, and reads nothing of the language model whose place it has', async () => {
  const read: string[] = [];
  const source: PackSource = {
    ...PACK,
    read: (path, onBytes) => {
      read.push(path);
      return PACK.read(path, onBytes);
    },
  };
  const { engine, events } = await load(tinyModel(), { source });
  expect(engine.info().foundation).toMatchObject({ id: 'tiny', device: 'native', dtypes: { decoder_model_merged: 'q4' } });
  expect(engine.info().notes).toEqual([]);
  expect(read.filter((path) => /language-model|scene|projection|tokenizer/.test(path))).toEqual([]);
  const progress = events.filter((event) => event.type === 'load-progress');
  for (const { loadedBytes, totalBytes } of progress) expect(loadedBytes).toBeLessThanOrEqual(totalBytes);

  const told = await explain(engine);
  expect(told.at(-1)?.type).toBe('done');
  const answer = told.find((event) => event.type === 'answer')?.answer;
  expect(answer?.distribution).toHaveLength(8);
  expect(told.some((event) => event.type === 'step')).toBe(true);
  expect(await engine.sceneAffect(signal, { width: 1, height: 1, data: new Uint8ClampedArray(4), time: 0 })).toMatchObject({
    ok: false,
    error: { code: 'model-not-ready' },
  });
}, 60_000);

it('goes on with the pack’s own language model where the foundation model cannot be loaded, and says why', async () => {
  const { engine, events } = await load(gone);
  expect(events.filter((event) => event.type === 'load-failed')).toEqual([]);
  const { foundation, notes, graphs } = engine.info();
  expect(foundation).toBeUndefined();
  expect(notes).toEqual([
    expect.stringMatching(/own language model answers, since Tiny could not be loaded\. .* is not there\. Download it\./),
  ]);
  expect(graphs.filter(({ graph }) => graph === 'text-detector')).toHaveLength(1);
  expect((await explain(engine)).at(-1)?.type).toBe('done');
}, 60_000);

it('keeps no model open that is ready only after the engine was let go', async () => {
  const { runtime, count } = await countingRuntime();
  const model = tinyModel();
  let isAsked = (): void => {};
  let go = (): void => {};
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve;
  });
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  const read: FoundationFiles['read'] = async (path) => {
    isAsked();
    await held;
    return model.read(path);
  };
  const left = createEngine(runtime, PACK, { foundation: { ...model, read } });
  const loading = (async () => {
    for await (const event of left.load(signal)) expect(event.type).not.toBe('load-failed');
  })();
  await asked;
  await left.dispose();
  go();
  await loading;
  expect(count.open).toBe(0);
}, 60_000);

it('reads nothing of a foundation model where the language model is left out', async () => {
  const model = tinyModel();
  const { paths } = foundationFiles(model.manifest, { webgpu: false, shaderF16: false, native: true });
  const foundation = {
    manifest: { ...model.manifest, stated: paths.map((path) => ({ path, bytes: 1_000_000 })) },
    read: vi.fn(model.read),
  };
  engine = createEngine(await createNodeRuntime('native', 1), PACK, { foundation, without: ['language-model'] });
  let last = { loadedBytes: 0, totalBytes: 1 };
  for await (const event of engine.load(signal)) if (event.type === 'load-progress') last = event;
  expect(foundation.read).not.toHaveBeenCalled();
  expect(last.loadedBytes).toBe(last.totalBytes);
}, 60_000);

it('fails to load where nothing may take its place', async () => {
  const { events } = await load(gone, { fallback: false });
  expect(events.at(-1)).toMatchObject({ type: 'load-failed', part: 'language-model', error: { code: 'pack-missing' } });
}, 60_000);
