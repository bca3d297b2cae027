import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Runtime } from '../model/graph.ts';
import type { Frame } from '../model/image.ts';
import type { PackSource } from '../model/pack.ts';
import { packFolder } from '../node/pack-folder.ts';
import { readPicture } from '../node/picture.ts';
import { createNodeRuntime } from '../node/runtime.ts';
import { wireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import { fail, ok } from '../shared/result.ts';
import { createEngine, type Engine, type ExplainOptions } from './engine.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const tiny = packFolder(join(root, 'public/models/tiny'));
const { signal } = new AbortController();

async function collect(events: AsyncIterable<AnalysisEvent>): Promise<AnalysisEvent[]> {
  const all: AnalysisEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const types = (events: readonly AnalysisEvent[]): string[] => events.map((event) => event.type);
const ends = (events: readonly AnalysisEvent[]): string[] => types(events).filter((type) => type === 'done' || type === 'failed');
const find = <T extends AnalysisEvent['type']>(events: readonly AnalysisEvent[], type: T) =>
  events.find((event): event is Extract<AnalysisEvent, { type: T }> => event.type === type);

const makeEngine = async (source: PackSource): Promise<Engine> => createEngine(await createNodeRuntime('native', 1), source);

/** A machine whose GPU computes one graph wrongly, and another one whose CPU does: both backends are the native one, but for that. */
async function faultyRuntime(wrong: { backend: 'webgpu' | 'native'; graph: string }): Promise<Runtime> {
  const runtime = await createNodeRuntime('native', 1);
  const bad = new Uint8Array(readFileSync(join(root, 'public/models/tiny', `${wrong.graph}.onnx`)));
  const { InferenceSession } = runtime.ort;
  const create = async (model: Uint8Array, options: { executionProviders: string[]; onBackend: string }) => {
    const { onBackend, preferredOutputLocation: _, ...rest } = options as typeof options & { preferredOutputLocation?: object };
    const session = await InferenceSession.create(model, rest);
    if (onBackend !== wrong.backend || model.length !== bad.length) return session;
    const run = session.run.bind(session);
    session.run = (async (feeds: Parameters<typeof run>[0]) => {
      const outputs = await run(feeds);
      for (const { data } of Object.values(outputs)) (data as Float32Array).fill(0.5);
      return outputs;
    }) as typeof session.run;
    return session;
  };
  return {
    ...runtime,
    ort: { ...runtime.ort, InferenceSession: { create } as unknown as typeof InferenceSession },
    webgpu: { adapter: 'test', shaderF16: false, software: false },
    backend: 'auto',
    sessionOptions: (backend) => ({ ...runtime.sessionOptions('native'), onBackend: backend }),
  };
}

const goldens = readFileSync(join(root, 'public/models/tiny/parity.json'));
it.each([
  ['is cut short', ok(goldens.subarray(0, 100)), false, `expected ${goldens.length} bytes`],
  ['is of another form', ok(Buffer.from('{}'.padEnd(goldens.length))), true, 'they are of no known form'],
  [
    'is not there',
    fail(wireError('pack-missing', 'The pack file parity.json is not there.', 'Get it.')),
    false,
    'parity.json is not there',
  ],
])('says that no numbers were checked where the file of known answers %s, and loads', async (_, answer, checked, why) => {
  const source: PackSource = { checked, read: async (path, onBytes) => (path === 'parity.json' ? answer : tiny.read(path, onBytes)) };
  const engine = await makeEngine(source);
  expect(types(await collect(engine.load(signal))).filter((type) => type === 'ready')).toHaveLength(3);
  expect(engine.info().notes).toEqual([expect.stringMatching(/^The pack’s known answers could not be read, so no graph’s numbers/)]);
  expect(engine.info().notes[0]).toContain(why);
  await engine.dispose();
});

describe('a machine that computes a graph wrongly, without an error', () => {
  it.each([
    ['webgpu', 'scene-encoder', 'native'],
    ['native', 'face-encoder', 'webgpu'],
  ] as const)(
    'on %s runs the %s elsewhere, and says why',
    async (backend, graph, elsewhere) => {
      const engine = createEngine(await faultyRuntime({ backend, graph }), tiny);
      await collect(engine.load(signal));
      const info = engine.info();
      expect(info.graphs.find((each) => each.graph === graph)?.backend).toBe(elsewhere);
      expect(info.notes).toEqual([expect.stringContaining(`${graph}/`)]);
      expect(info.notes[0]).toContain('off by');
      await engine.dispose();
    },
    60_000,
  );
});

const explainOptions = (overrides: Partial<ExplainOptions> = {}): ExplainOptions => ({
  runId: 'run',
  sourceId: 'picture',
  task: 'emotion',
  readings: null,
  words: null,
  maxNewTokens: 24,
  ...overrides,
});
const still = { runId: 'read', sourceId: 'picture', mode: 'still', smoothing: 0 } as const;

let portrait: Frame;
beforeAll(async () => {
  const read = await readPicture(join(root, 'public/samples/astronaut.jpg'));
  if (!read.ok) throw new Error(read.error.message);
  portrait = read.value;
});

it('says that the language model was left out, and not that it is still loading', async () => {
  const engine = createEngine(await createNodeRuntime('native', 1), tiny, { without: ['language-model'] });
  await collect(engine.load(signal));
  const failed = find(await collect(engine.explain(signal, portrait, explainOptions())), 'failed');
  expect(failed?.error).toMatchObject({ code: 'model-not-ready', message: expect.stringContaining('left out') });
  await engine.dispose();
}, 60_000);

describe('a loaded engine', () => {
  let engine: Engine;
  let loading: AnalysisEvent[];
  beforeAll(async () => {
    engine = await makeEngine(tiny);
    loading = await collect(engine.load(signal));
  }, 120_000);
  afterAll(() => engine.dispose());

  it('became ready part by part, the faces first, and told every byte', () => {
    const ready = loading.flatMap((event) => (event.type === 'ready' ? [event.part] : []));
    expect(ready).toEqual(['faces', 'reader', 'language-model']);
    const progress = loading.filter((event) => event.type === 'load-progress');
    const bytes = progress.map((event) => event.loadedBytes);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(bytes.at(-1)).toBe(progress[0]?.totalBytes);
  });

  it('says what it runs and on what', () => {
    const info = engine.info();
    expect(info).toMatchObject({ packId: 'tiny', threads: 1, notes: [] });
    expect(info.packHash).toMatch(/^[0-9a-f]{64}$/);
    expect(info.graphs.map((graph) => graph.graph)).toContain('language-model');
    expect(new Set(info.graphs.map((graph) => graph.backend))).toEqual(new Set(['native']));
  });

  it('reads the face of a portrait', async () => {
    const events = await collect(engine.read(signal, portrait, still));
    expect(types(events)).toEqual(['started', 'readings', 'done']);
    const readings = find(events, 'readings')?.readings ?? [];
    expect(readings).toHaveLength(1);
    expect(Object.values(readings[0]?.probabilities ?? {}).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1);
  });

  it('explains in four steps, evidence after each, then the answer, and ends once', async () => {
    const events = await collect(engine.explain(signal, portrait, explainOptions()));
    expect(types(events).slice(0, 3)).toEqual(['started', 'readings', 'prompt']);
    const outline = events.flatMap((event) =>
      event.type === 'step' || event.type === 'evidence' ? [`${event.type} ${event.step}`] : event.type === 'answer' ? ['answer'] : [],
    );
    const steps = ['observe', 'cues', 'reason', 'answer'];
    expect(outline).toEqual([...steps.flatMap((step) => [`step ${step}`, `evidence ${step}`]), 'answer']);
    expect(types(events).at(-1)).toBe('done');
    expect(ends(events)).toEqual(['done']);

    const answer = find(events, 'answer')?.answer;
    expect(answer?.distribution.map((entry) => entry.option)).toEqual(engine.manifest?.prompt.tasks.emotion.options);
    expect(answer?.distribution.reduce((sum, entry) => sum + entry.probability, 0)).toBeCloseTo(1);
    expect(answer?.distribution.toSorted((a, b) => b.probability - a.probability)[0]?.option).toBe(answer?.text);
    const text = events.flatMap((event) => (event.type === 'text' ? [event.delta] : [])).join('');
    expect(text).not.toContain('\uFFFD');
    expect(find(events, 'decode-speed')?.tokens).toBeGreaterThan(0);
  }, 60_000);

  it('says the same of the same picture', async () => {
    const said = async () =>
      (await collect(engine.explain(signal, portrait, explainOptions({ task: 'humor', words: 'ha' })))).filter(
        (event) => event.type === 'text',
      );
    expect(await said()).toEqual(await said());
  }, 60_000);

  it('puts the measured evidence and the given words into the prompt, and looks for none of its own', async () => {
    const { readings } = find(await collect(engine.read(signal, portrait, still)), 'readings') ?? { readings: [] };
    const events = await collect(engine.explain(signal, portrait, explainOptions({ task: 'sarcasm', readings, words: 'lovely weather' })));
    expect(types(events)).not.toContain('readings');
    expect(types(events)).not.toContain('words');
    const prompt = find(events, 'prompt');
    expect(prompt?.text).toMatch(
      /^Task: sarcasm\. Options: yes, no\.\nFace 1( \(.+\))?: .*; valence .*\nWords: "lovely weather"\nText: uses words of praise, is short\.$/,
    );
    expect(prompt?.promptTokens).toBeGreaterThan(20);
  }, 60_000);

  it('says in the prompt what given words lean to, and nothing of unknown ones', async () => {
    const promptOf = async (words: string): Promise<string> => {
      const events = await collect(engine.explain(signal, portrait, explainOptions({ task: 'hate', readings: [], words })));
      return events.find((event) => event.type === 'prompt')?.text ?? '';
    };
    expect(await promptOf('Keep calm, stupid')).toMatch(/\nWording: (yes|no) \.\d\d \("(keep|calm|stupid)"/);
    expect(await promptOf('lovely weather')).not.toContain('Wording');
  });

  it('looks for words where the task is about them', async () => {
    const events = await collect(engine.explain(signal, portrait, explainOptions({ task: 'hate', maxNewTokens: 4 })));
    expect(types(events).slice(0, 4)).toEqual(['started', 'readings', 'words', 'prompt']);
  }, 60_000);

  it('takes a whole picture as one face where it is told so, and says where there is none otherwise', async () => {
    const plain: Frame = { width: 64, height: 64, data: new Uint8ClampedArray(64 * 64 * 4).fill(128), time: 0 };
    const asked = async (cropped: boolean) => collect(engine.explain(signal, plain, explainOptions({ cropped, maxNewTokens: 4 })));
    const whole = await asked(true);
    expect(find(whole, 'readings')?.readings).toHaveLength(1);
    expect(find(whole, 'prompt')?.text).toMatch(/\nFace 1 \(close.*\): /);
    const searched = await asked(false);
    expect(find(searched, 'readings')?.readings).toHaveLength(0);
    expect(find(searched, 'prompt')?.text).toContain('\nNo face.');
    expect(ends(searched)).toEqual(['done']);
  }, 60_000);

  it('stops in the middle of a text when it is cancelled, and works on afterwards', async () => {
    const controller = new AbortController();
    const events: AnalysisEvent[] = [];
    for await (const event of engine.explain(controller.signal, portrait, explainOptions())) {
      events.push(event);
      if (event.type === 'text') controller.abort();
    }
    expect(find(events, 'failed')?.error.code).toBe('cancelled');
    expect(types(events).at(-1)).toBe('failed');
    expect(ends(events)).toEqual(['failed']);
    expect(types(events)).not.toContain('answer');
    expect(ends(await collect(engine.explain(signal, portrait, explainOptions({ maxNewTokens: 4 }))))).toEqual(['done']);
  }, 60_000);

  it('reads frames while an explanation is being written', async () => {
    const order: string[] = [];
    let reading: Promise<void> | null = null;
    for await (const event of engine.explain(signal, portrait, explainOptions())) {
      if (event.type === 'text') {
        reading ??= collect(engine.read(signal, portrait, { ...still, mode: 'live', sourceId: 'camera' })).then((events) => {
          order.push(`read ${ends(events)[0]}`);
        });
      }
      if (event.type === 'answer') order.push('answer');
    }
    await reading;
    expect(order).toEqual(['read done', 'answer']);
  }, 60_000);

  it('writes one explanation after the other', async () => {
    const running = new Set<string>();
    let most = 0;
    const follow = async (runId: string) => {
      for await (const event of engine.explain(signal, portrait, explainOptions({ runId, maxNewTokens: 8 }))) {
        if (event.type === 'prompt') running.add(runId);
        if (event.type === 'answer') running.delete(runId);
        most = Math.max(most, running.size);
      }
    };
    await Promise.all([follow('one'), follow('two')]);
    expect(most).toBe(1);
  }, 60_000);

  it('feels a picture as a whole', async () => {
    const affect = await engine.sceneAffect(signal, portrait);
    expect(affect.ok && Math.abs(affect.value.valence) <= 1 && Math.abs(affect.value.arousal) <= 1).toBe(true);
  });
});

describe('an engine whose pack is not whole', () => {
  /** The tiny pack with one file changed on its way. */
  const changed = (path: string, change: (bytes: Uint8Array) => Uint8Array | null): PackSource => ({
    async read(asked, onBytes) {
      const read = await tiny.read(asked, onBytes);
      if (asked !== path || !read.ok) return read;
      const bytes = change(read.value);
      return bytes ? ok(bytes) : fail(wireError('pack-missing', `${path} is not there.`, 'Get it.', path));
    },
  });
  const flipped = (bytes: Uint8Array): Uint8Array => {
    const copy = new Uint8Array(bytes);
    copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
    return copy;
  };
  const loadFailure = async (source: PackSource) => find(await collect((await makeEngine(source)).load(signal)), 'load-failed');

  it('names a file whose bytes are not those of the manifest', async () => {
    const failure = await loadFailure(changed('face-encoder.onnx', flipped));
    expect(failure).toMatchObject({ part: 'reader', error: { code: 'pack-corrupt' } });
    expect(failure?.error.message).toContain('face-encoder.onnx');
  });

  it('names a file that is cut short', async () => {
    const failure = await loadFailure(changed('face-landmarks.onnx', (bytes) => bytes.subarray(0, 1000)));
    expect(failure).toMatchObject({ part: 'faces', error: { code: 'pack-corrupt' } });
    expect(failure?.error.detail).toMatch(/face-landmarks\.onnx: expected \d+ bytes, got 1000/);
  });

  it('says that a file or the manifest is not there', async () => {
    expect(await loadFailure(changed('face-landmarks.onnx', () => null))).toMatchObject({ part: 'faces', error: { code: 'pack-missing' } });
    expect(await loadFailure(packFolder(join(root, 'public/models/no-such-pack')))).toMatchObject({ error: { code: 'pack-missing' } });
  });

  it.each([
    ['{', 'pack-corrupt'],
    ['{"format": 1}', 'pack-corrupt'],
    ['{"format": 2}', 'pack-unsupported'],
  ])('refuses the manifest %j', async (text, code) => {
    expect(await loadFailure(changed('manifest.json', () => new TextEncoder().encode(text)))).toMatchObject({
      part: 'faces',
      error: { code },
    });
  });

  it('still reads faces when the language model is damaged, and says why it cannot explain', async () => {
    const engine = await makeEngine(changed('language-model.onnx', flipped));
    const loading = await collect(engine.load(signal));
    expect(find(loading, 'load-failed')).toMatchObject({ part: 'language-model', error: { code: 'pack-corrupt' } });
    expect(ends(await collect(engine.read(signal, portrait, still)))).toEqual(['done']);
    const explained = await collect(engine.explain(signal, portrait, explainOptions()));
    expect(find(explained, 'failed')?.error).toMatchObject({
      code: 'model-not-ready',
      detail: expect.stringContaining('language-model.onnx'),
    });
    expect(ends(explained)).toEqual(['failed']);
    await engine.dispose();
  }, 60_000);

  it('can be loaded again once the pack is whole', async () => {
    let isBroken = true;
    const engine = await makeEngine(changed('face-landmarks.onnx', (bytes) => (isBroken ? null : bytes)));
    expect(find(await collect(engine.load(signal)), 'load-failed')).toBeDefined();
    expect(find(await collect(engine.read(signal, portrait, still)), 'failed')?.error.code).toBe('model-not-ready');
    isBroken = false;
    expect(types(await collect(engine.load(signal)))).not.toContain('load-failed');
    expect(ends(await collect(engine.read(signal, portrait, still)))).toEqual(['done']);
    await engine.dispose();
  }, 60_000);
});
