/** The committed pack on the sample portrait: what a user sees on the first visit. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { blankPicture, type Frame, faceRegion, sampleRegion } from '../model/image.ts';
import { packFolder } from '../node/pack-folder.ts';
import { readPicture } from '../node/picture.ts';
import { createNodeRuntime } from '../node/runtime.ts';
import { STEPS } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { createEngine } from './engine.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const { signal } = new AbortController();

it('reads a smile and explains it in four steps of words', async () => {
  const engine = createEngine(await createNodeRuntime('native', 2), packFolder(join(root, 'public/models/emollm-s')));
  for await (const event of engine.load(signal)) expect(event.type).not.toBe('load-failed');
  const picture = await readPicture(join(root, 'public/samples/astronaut.jpg'));
  if (!picture.ok) throw new Error(picture.error.message);

  const emotions: string[] = [];
  const units: string[] = [];
  const steps: Record<string, string> = {};
  let answer = '';
  const options = { runId: 'run', sourceId: 'sample', task: 'emotion', readings: null, words: null, maxNewTokens: 96 } as const;
  for await (const event of engine.explain(signal, picture.value, options)) {
    if (event.type === 'readings') {
      emotions.push(...event.readings.map((reading) => reading.emotion));
      for (const unit of event.readings[0]?.actionUnits ?? []) if (unit.probability >= 0.5) units.push(unit.code);
    }
    if (event.type === 'text') steps[event.step] = (steps[event.step] ?? '') + event.delta;
    if (event.type === 'answer') answer = event.answer.text;
  }
  await engine.dispose();

  expect(emotions).toEqual(['happiness']);
  expect(units).toContain('AU12');
  expect(answer).toBe('happiness');
  for (const step of STEPS.slice(0, 3)) expect(steps[step]?.split(' ').length, step).toBeGreaterThan(2);
}, 120_000);

it('reads the same smile on WebAssembly, where the face encoder multiplies in 8 bits', async () => {
  const picture = await readPicture(join(root, 'public/samples/astronaut.jpg'));
  if (!picture.ok) throw new Error(picture.error.message);
  const readOn = async (backend: 'native' | 'wasm') => {
    const engine = createEngine(await createNodeRuntime(backend, 1), packFolder(join(root, 'public/models/emollm-s')), {
      without: ['language-model'],
    });
    let encoder = '';
    for await (const event of engine.load(signal)) {
      if (event.type !== 'ready') continue;
      expect(event.info.notes).toEqual([]);
      encoder = event.info.graphs.find(({ graph }) => graph === 'face-encoder')?.dtype ?? '';
    }
    const readings: Reading[] = [];
    for await (const event of engine.read(signal, picture.value, { runId: 'run', sourceId: 'sample', mode: 'still', smoothing: 0 })) {
      if (event.type === 'readings') readings.push(...event.readings);
    }
    await engine.dispose();
    return { encoder, probabilities: Object.values(readings[0]?.probabilities ?? {}) };
  };
  const [native, wasm] = [await readOn('native'), await readOn('wasm')];
  expect([native.encoder, wasm.encoder]).toEqual(['fp16', 'q8']);
  const off = wasm.probabilities.map((probability, index) => Math.abs(probability - (native.probabilities[index] ?? Number.NaN)));
  expect(off).toHaveLength(8);
  expect(Math.max(...off)).toBeGreaterThan(0);
  expect(Math.max(...off)).toBeLessThan(0.03);
}, 120_000);

it('reads thirty small faces in a frame of a camera, and follows each under its own id', async () => {
  const pack = packFolder(join(root, 'public/models/emollm-s'));
  const engine = createEngine(await createNodeRuntime('native', 2), pack, { without: ['language-model'] });
  for await (const event of engine.load(signal)) expect(event.type).not.toBe('load-failed');
  const picture = await readPicture(join(root, 'public/samples/astronaut.jpg'));
  if (!picture.ok) throw new Error(picture.error.message);
  const read = async (frame: Frame, mode: 'live' | 'still') => {
    const readings: Reading[] = [];
    for await (const event of engine.read(signal, frame, { runId: 'run', sourceId: mode, mode, smoothing: 0 })) {
      if (event.type === 'readings') readings.push(...event.readings);
    }
    return readings;
  };
  const [portrait] = await read(picture.value, 'still');
  if (!portrait) throw new Error('no face in the sample');
  // 40 px each, a little further to the right from frame to frame.
  const head = sampleRegion(picture.value, faceRegion(portrait.box, 0, 2), 80, 80);
  const crowd = (time: number): Frame => {
    const frame = { ...blankPicture(1280, 720), time };
    frame.data.fill(128);
    for (let face = 0; face < 30; face++) {
      const left = 60 + 213 * (face % 6) + Math.round(8 * time);
      const top = 30 + 144 * Math.floor(face / 6);
      for (let row = 0; row < 80; row++) frame.data.set(head.data.subarray(320 * row, 320 * (row + 1)), 4 * (1280 * (top + row) + left));
    }
    return frame;
  };
  const first = await read(crowd(0), 'live');
  expect(first).toHaveLength(30);
  for (const time of [0.1, 0.5, 1, 1.6, 2.1]) {
    const readings = await read(crowd(time), 'live');
    expect(
      readings.map(({ faceId }) => faceId),
      `after ${time} s`,
    ).toEqual(first.map(({ faceId }) => faceId));
    for (const { landmarks, emotion } of readings) expect([landmarks.length > 0, emotion]).toEqual([true, portrait.emotion]);
  }
  await engine.dispose();
}, 120_000);
