/** A real loading of tiny models of the same architectures (training/tiny_foundation.py), and the tokens that PyTorch gives. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { countingRuntime } from '../node/counting-runtime.fixture.ts';
import { readPicture } from '../node/picture.ts';
import { createNodeRuntime } from '../node/runtime.ts';
import { wireError } from '../shared/errors.ts';
import { fail, ok } from '../shared/result.ts';
import { type FoundationFiles, type FoundationManifest, foundationFiles } from './foundation-manifest.ts';
import { type FoundationModel, openFoundationModel } from './foundation-model.ts';
import { EngineFailure, type Runtime } from './graph.ts';
import { hubLayoutManifest } from './hub-layout.ts';
import type { Frame } from './image.ts';

const HUB = fileURLToPath(new URL('../../e2e/fixtures/hub/tiny-random/', import.meta.url));
const FAMILIES = ['Idefics3', 'Qwen2-VL'] as const;
type Family = (typeof FAMILIES)[number];

interface Golden {
  picture: string;
  tiles: boolean;
  text: string;
  inputIds: number[];
  ids: number[];
  output: string;
}

const go = () => new AbortController().signal;
const goldensOf = (family: Family): Golden[] =>
  (JSON.parse(readFileSync(join(HUB, family, 'goldens.json'), 'utf8')) as { goldens: Golden[] }).goldens;

/** The folder's manifest, with one dtype for all graphs. */
function manifestOf(family: Family, dtype: 'fp32' | 'q8' | 'q4', tiles = false): FoundationManifest {
  const folder = join(HUB, family);
  const paths = [...readdirSync(folder), ...readdirSync(join(folder, 'onnx')).map((name) => `onnx/${name}`)];
  const made = hubLayoutManifest(family, paths, JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')));
  if (!made.ok) throw new Error(made.error.detail);
  // The hub has no 4-bit form of an embedding table.
  const dtypes = { embed_tokens: dtype === 'q4' ? ('fp32' as const) : dtype, vision_encoder: dtype, decoder_model_merged: dtype };
  return { ...made.value, backends: { cpu: { dtypes, memoryBytes: null } }, pictures: { ...made.value.pictures, tiles } };
}

function filesOf(family: Family, manifest: FoundationManifest): FoundationFiles {
  return { manifest, read: async (path) => ok(new Uint8Array(readFileSync(join(HUB, family, path)))) };
}

async function pictureOf(family: Family, name: string): Promise<Frame> {
  const frame = await readPicture(join(HUB, family, name));
  if (!frame.ok) throw new Error(frame.error.message);
  return frame.value;
}

let opened: FoundationModel | null = null;
async function open(files: FoundationFiles, runtime?: Runtime): Promise<FoundationModel> {
  opened = await openFoundationModel(go(), runtime ?? (await createNodeRuntime('native', 1)), files, () => {});
  return opened;
}
afterEach(async () => {
  await opened?.dispose();
  opened = null;
});

// The last graph's, too: nothing is read behind it that could tell.
it.each(['embed_tokens', 'vision_encoder', 'decoder_model_merged'])(
  'tells why where the weights of %s cannot be read, and opens the next model',
  async (graph) => {
    const manifest = { ...manifestOf('Idefics3', 'fp32'), externalData: { [`${graph}.onnx`]: 1 } };
    const error = wireError('pack-corrupt', 'The stored pack is damaged.', 'Download it again.');
    const whole = filesOf('Idefics3', manifest);
    const read: FoundationFiles['read'] = async (path) => (path.endsWith('_data') ? fail(error) : whole.read(path));
    await expect(open({ manifest, read })).rejects.toMatchObject({ error });
    await expect(open(filesOf('Idefics3', manifestOf('Idefics3', 'fp32')))).resolves.toBeDefined();
  },
);

it('holds one file in memory while it is read, not all of them', async () => {
  const whole = filesOf('Idefics3', manifestOf('Idefics3', 'fp32'));
  let [now, most] = [0, 0];
  const read: FoundationFiles['read'] = async (path) => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((later) => setTimeout(later, 5));
    now -= 1;
    return whole.read(path);
  };
  await open({ ...whole, read });
  expect(most).toBe(1);
});

describe.each(FAMILIES)('a model of the kind of %s', (family) => {
  it.each(['fp32', 'q8', 'q4'] as const)('writes the tokens that PyTorch writes, in %s', async (dtype) => {
    for (const golden of goldensOf(family)) {
      const model = await open(filesOf(family, manifestOf(family, dtype, golden.tiles)));
      const pictures = [await pictureOf(family, golden.picture)];
      const text = await model.ask(go(), { system: null, user: golden.text, pictures, prefix: '' });
      const deltas: string[] = [];
      const ids = await text.write(go(), {
        maxNewTokens: 60,
        noRepeatNgram: 0,
        onText: (delta) => {
          deltas.push(delta);
          return false;
        },
      });
      expect(text.promptTokens).toBe(golden.inputIds.length);
      expect(ids).toEqual(golden.ids);
      expect(deltas.join('')).toBe(golden.output);
      text.dispose();
      await model.dispose();
    }
  });

  it('scores the options behind what it wrote, where it would have gone on', async () => {
    for (const golden of goldensOf(family).filter(({ tiles }) => !tiles)) {
      const model = await open(filesOf(family, manifestOf(family, 'fp32')));
      const pictures = [await pictureOf(family, golden.picture)];
      const text = await model.ask(go(), { system: null, user: golden.text, pictures, prefix: '' });
      let written = '';
      const onText = (delta: string): boolean => {
        written += delta;
        return written.endsWith('Answer:');
      };
      await text.write(go(), { maxNewTokens: 60, noRepeatNgram: 0, onText });
      expect(written.endsWith('Answer:')).toBe(true);
      const options = ['anger', 'happiness', 'sadness'];
      const probabilities = await text.score(go(), '', options);
      expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      expect(options[probabilities.indexOf(Math.max(...probabilities))]).toBe(golden.output.split('Answer: ')[1]);
      expect(Math.max(...probabilities)).toBeGreaterThan(0.98);
      text.dispose();
      await model.dispose();
    }
  });

  it('scores options where nothing was written', async () => {
    const model = await open(filesOf(family, manifestOf(family, 'fp32')));
    const [golden] = goldensOf(family);
    if (!golden) throw new Error('no golden');
    const pictures = [await pictureOf(family, golden.picture)];
    const text = await model.ask(go(), { system: null, user: golden.text, pictures, prefix: 'Answer' });
    const probabilities = await text.score(go(), ':', ['happiness', 'sadness']);
    expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    text.dispose();
  });
});

it('asks no network, not even for a file that the pack does not have', async () => {
  const network = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('the network was asked'));
  const manifest = manifestOf('Idefics3', 'q8');
  await open(filesOf('Idefics3', { ...manifest, configs: manifest.configs.filter((path) => path !== 'generation_config.json') }));
  expect(network).not.toHaveBeenCalled();
  network.mockRestore();
});

it('takes several pictures where the model does', async () => {
  const model = await open(filesOf('Idefics3', manifestOf('Idefics3', 'fp32')));
  const bright = await pictureOf('Idefics3', 'golden-bright.png');
  const dark = await pictureOf('Idefics3', 'golden-dark.png');
  const lengths: number[] = [];
  for (const pictures of [[bright], [bright, dark], [bright, dark, dark]]) {
    const text = await model.ask(go(), { system: 'You read emotion.', user: 'Which?', pictures, prefix: 'Observe:' });
    await text.write(go(), { maxNewTokens: 2, noRepeatNgram: 0, onText: () => false });
    lengths.push(text.promptTokens);
    text.dispose();
  }
  const [one = 0, two = 0, three = 0] = lengths;
  expect(two - one).toBeGreaterThan(0);
  expect(three - two).toBe(two - one);
});

it('stops within a token when it is cancelled, and works on afterwards', async () => {
  const model = await open(filesOf('Idefics3', manifestOf('Idefics3', 'fp32')));
  const [golden] = goldensOf('Idefics3');
  if (!golden) throw new Error('no golden');
  const question = { system: null, user: golden.text, pictures: [await pictureOf('Idefics3', golden.picture)], prefix: '' };
  const stop = new AbortController();
  const text = await model.ask(stop.signal, question);
  let told = 0;
  const cancelled = text.write(stop.signal, {
    maxNewTokens: 60,
    noRepeatNgram: 0,
    onText: (_, tokens) => {
      told = tokens;
      if (tokens === 3) stop.abort();
      return false;
    },
  });
  await expect(cancelled).rejects.toMatchObject({ error: { code: 'cancelled' } });
  expect(told).toBe(3);
  text.dispose();
  const again = await model.ask(go(), question);
  const ids = await again.write(go(), { maxNewTokens: 4, noRepeatNgram: 0, onText: () => false });
  expect(ids).toHaveLength(4);
  again.dispose();
});

it('goes on after a run that failed', async () => {
  const runtime = await createNodeRuntime('native', 1);
  let isFailing = false;
  const failing: Runtime = {
    ...runtime,
    ort: {
      ...runtime.ort,
      InferenceSession: {
        ...runtime.ort.InferenceSession,
        create: async (model: Uint8Array, options: object) => {
          const session = await runtime.ort.InferenceSession.create(model, options);
          const run = session.run.bind(session);
          session.run = ((feeds: never) => (isFailing ? Promise.reject(new Error('std::bad_alloc')) : run(feeds))) as typeof session.run;
          return session;
        },
      } as Runtime['ort']['InferenceSession'],
    },
  };
  const model = await open(filesOf('Idefics3', manifestOf('Idefics3', 'fp32')), failing);
  const question = { system: null, user: 'Which?', pictures: [await pictureOf('Idefics3', 'golden-dark.png')], prefix: '' };
  const write = async () => {
    const text = await model.ask(go(), question);
    try {
      return await text.write(go(), { maxNewTokens: 3, noRepeatNgram: 0, onText: () => false });
    } finally {
      text.dispose();
    }
  };
  expect(await write()).toHaveLength(3);
  isFailing = true;
  await expect(write()).rejects.toMatchObject({ error: { code: 'out-of-memory' } });
  isFailing = false;
  expect(await write()).toHaveLength(3);
});

it('says which file is missing or damaged', async () => {
  const manifest = manifestOf('Idefics3', 'q8');
  const files = filesOf('Idefics3', manifest);
  const missing = wireError('pack-missing', 'A file is not there.', 'Get it.', 'onnx/vision_encoder_quantized.onnx');
  await expect(
    open({ manifest, read: (path) => (path.includes('vision') ? Promise.resolve(fail(missing)) : files.read(path)) }),
  ).rejects.toMatchObject({ error: missing });
  const noise = ok(new Uint8Array(1000).fill(7));
  await expect(
    open({ manifest, read: (path) => (path.includes('decoder') ? Promise.resolve(noise) : files.read(path)) }),
  ).rejects.toBeInstanceOf(EngineFailure);
  // And the next one opens.
  await open(files);
});

it('keeps nothing open of a model of which a file has failed, and gives nothing of it to the next one', async () => {
  const manifest = manifestOf('Idefics3', 'q8');
  const files = filesOf('Idefics3', manifest);
  const missing = wireError('pack-missing', 'A file is not there.', 'Get it.', 'onnx/vision_encoder_quantized.onnx');
  const late: Promise<unknown>[] = [];
  const slow = async (path: string) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return files.read(path);
  };
  const read: FoundationFiles['read'] = (path) => {
    if (path.includes('vision')) return Promise.resolve(fail(missing));
    const reading = path.startsWith('onnx/') ? slow(path) : files.read(path);
    late.push(reading);
    return reading;
  };
  const [first, next] = [await countingRuntime(), await countingRuntime()];
  await expect(open({ manifest, read }, first.runtime)).rejects.toMatchObject({ error: missing });
  await open({ ...files, read: slow }, next.runtime);
  await Promise.all(late);
  expect(first.count.open).toBe(0);
  expect(next.count).toEqual({ opened: 3, open: 3 });
});

it('refuses a machine that the model cannot run on, before anything is read', async () => {
  const manifest = manifestOf('Idefics3', 'q8');
  const gpuOnly = { ...manifest, title: 'Big', backends: { 'webgpu-f16': manifest.backends.cpu } };
  const read = vi.fn();
  await expect(open({ manifest: gpuOnly, read })).rejects.toMatchObject({ error: { code: 'no-webgpu' } });
  expect(read).not.toHaveBeenCalled();
  expect(foundationFiles(gpuOnly, { webgpu: true, shaderF16: false }).device).toBeNull();
  expect(foundationFiles(gpuOnly, { webgpu: true, shaderF16: true }).device).toBe('webgpu');
});
