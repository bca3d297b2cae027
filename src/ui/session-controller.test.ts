/** The controller without a screen: canvases that draw nothing, a camera whose frames the test gives, a worker that reads what it is told. */
import { afterEach, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { MediaFrame } from '../media/frame.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import type { ExplainOptions, LoadOptions, ReadOptions } from '../workers/api.ts';
import { openController } from './controller.fixture.ts';

let give: ((frame: MediaFrame) => void) | null = null;
vi.mock('../media/camera.ts', () => ({
  openCamera: async () => ({ ok: true, value: { stream: {}, deviceId: 'd', label: 'Camera', mirrored: true, stop: () => {} } }),
}));
vi.mock('../media/live-frames.ts', () => ({
  followFrames: (_element: unknown, onFrame: (frame: MediaFrame) => void) => {
    give = onFrame;
    return () => {};
  },
}));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Neutral, but for smiles of a second that begin at the given times. */
function smiling(time: number, smiles: number[]): Reading {
  const smile = Math.max(0, ...smiles.map((from) => 0.9 * Math.max(0, Math.min(1, (time - from) / 0.5, (from + 1 - time) / 0.5))));
  const none = Object.fromEntries(EMOTION_LABELS.map((label) => [label, 0])) as Reading['probabilities'];
  return reading({ time, probabilities: { ...none, happiness: smile, neutral: 1 - smile }, valence: 0, arousal: 0 });
}

async function setUp(explainPeaks: boolean, smiles: number[]) {
  let clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock * 1000);
  const begun: string[] = [];
  const told: ExplainOptions['words'][] = [];
  /** Whether cuts were looked for, frame by frame. */
  const asked: (boolean | undefined)[] = [];
  const finish = new Map<string, () => void>();
  const { controller, store, ready } = openController({
    explainPeaks,
    worker: (hear) => ({
      read: async (_signal: AbortSignal, { time }: MediaFrame, { runId, cuts }: ReadOptions) => {
        asked.push(cuts);
        hear({ type: 'readings', runId, time, width: 64, height: 48, readings: [smiling(time, smiles)], times: {} });
      },
      explain: (signal: AbortSignal, _frame: MediaFrame, { runId, task, words }: ExplainOptions) =>
        new Promise<void>((resolve) => {
          begun.push(runId);
          told.push(words);
          hear({ type: 'started', runId, task, time: 0 });
          const end = (event: AnalysisEvent) => {
            hear(event);
            resolve();
          };
          finish.set(runId, () => end({ type: 'done', runId }));
          signal.addEventListener('abort', () => end({ type: 'failed', runId, error: { code: 'cancelled', message: '', remedy: '' } }));
        }),
    }),
  });
  ready();
  await controller.startCamera();
  /** The camera goes on to that time, 25 frames a second. */
  const goOn = async (to: number) => {
    for (; clock < to; clock += 1 / 25) {
      give?.({ image: { width: 64, height: 48, close: () => {} } as ImageBitmap, time: clock });
      await settled();
    }
  };
  const runs = () => store.get().items[0]?.explanations ?? [];
  return { controller, store, goOn, runs, begun, told, finish, asked };
}

test('a peak is explained by itself, tied to its frame; the next one after a pause, newest first', async () => {
  const { controller, goOn, runs, begun, finish, asked } = await setUp(true, [5, 10, 14]);
  await goOn(9);
  // A camera that is swung is no film that is cut.
  expect(new Set(asked)).toEqual(new Set([false]));
  const [first, ...others] = runs();
  expect(others).toEqual([]);
  expect(first).toMatchObject({ auto: true, phase: 'running' });
  expect(first?.time).toBeGreaterThan(5.4);
  expect(first?.time).toBeLessThan(5.8);
  expect(first?.snapshot?.time).toBe(first?.time);
  expect(controller.frames.get(first?.runId ?? '')).not.toBeNull();
  // Two more smiles while it is written: the newest waits.
  await goOn(16);
  finish.get(first?.runId ?? '')?.();
  await goOn(25.5);
  expect(begun).toHaveLength(1);
  await goOn(26.5);
  expect(begun).toHaveLength(2);
  expect(runs()[1]?.time).toBeGreaterThan(14.4);
  expect(runs()[1]?.time).toBeLessThan(14.8);
});

test('what the user asks for goes first, and no peak is explained beside it or where that is off', async () => {
  const { controller, goOn, runs, finish } = await setUp(true, [5, 10]);
  await goOn(7);
  controller.explain();
  await goOn(7.2);
  expect(runs().map(({ auto, phase }) => [auto ?? false, phase])).toEqual([
    [true, 'stopped'],
    [false, 'running'],
  ]);
  await goOn(12);
  expect(runs()).toHaveLength(2);
  finish.get(runs()[1]?.runId ?? '')?.();
  controller.setExplainPeaks(false);
  await goOn(30);
  expect(runs()).toHaveLength(2);
  const off = await setUp(false, [5]);
  await off.goOn(9);
  expect(off.runs()).toEqual([]);
});

test('words that were typed go with what is asked for, not with a peak; other words are another question', async () => {
  const { controller, store, goOn, runs, told, finish } = await setUp(true, [5]);
  const itemId = store.get().items[0]?.id ?? '';
  const type = (words: string | null) => store.dispatch({ type: 'words-set', itemId, words });
  type('as if');
  await goOn(9);
  finish.get(runs()[0]?.runId ?? '')?.();
  await goOn(9.2);
  controller.explain();
  await goOn(9.4);
  controller.explain();
  controller.explain();
  expect(runs()).toHaveLength(3);
  type('');
  controller.explain();
  type(null);
  controller.explain();
  controller.explain();
  for (let at = 1; at < 5; at += 1) {
    finish.get(runs()[at]?.runId ?? '')?.();
    await goOn(9.4 + at / 5);
  }
  expect(told).toEqual([null, 'as if', 'as if', '', null]);
  expect(runs().map(({ wordsGiven }) => wordsGiven)).toEqual([undefined, 'as if', 'as if', '', undefined]);
});

test('what waits is explained, though its frame made way meanwhile for others that were looked at', async () => {
  const { controller, store, goOn, runs, begun, finish } = await setUp(false, []);
  const picture = () => {
    const made = { width: 64, height: 48, close: () => Object.assign(made, { width: 0 }) };
    return made;
  };
  vi.stubGlobal('createImageBitmap', async ({ width }: ImageBitmap) =>
    width === 0 ? Promise.reject(new DOMException('closed', 'InvalidStateError')) : picture(),
  );
  const create = document.createElement.bind(document);
  document.createElement = ((name: string) =>
    Object.assign(create(name), { toBlob: (done: BlobCallback) => done(Object.assign(new Blob(['jpeg']), { width: 64 })) })) as never;
  await goOn(1);
  controller.explain();
  store.dispatch({ type: 'task-chosen', task: 'humor' });
  controller.explain();
  await settled();
  for (let other = 0; other < 12; other += 1) controller.frames.keep(`other${other}`, picture() as unknown as ImageBitmap);
  expect(controller.frames.get(runs()[1]?.runId ?? '')).toBeNull();
  finish.get(begun[0] ?? '')?.();
  await settled();
  await settled();
  expect(runs().map(({ phase }) => phase)).toEqual(['done', 'running']);
});

test('of a camera session the timeline finds the peaks, goes to a moment and back, and shows an explained frame', async () => {
  const { controller, store, goOn, runs } = await setUp(true, [5]);
  await goOn(8);
  const itemId = store.get().items[0]?.id ?? '';
  expect(controller.track(itemId).peaks.map(({ kind }) => kind)).toEqual(['happiness']);
  expect(controller.present()).toBeCloseTo(7.96, 1);
  expect(controller.addMark()).toMatchObject({ kind: 'event', end: null, text: '' });
  controller.goTo(2);
  expect(controller.present()).toBe(2);
  controller.addMark();
  expect(store.get().items[0]?.marks.map(({ time }) => Math.round(time))).toEqual([2, 8]);
  const [run] = runs();
  if (run) controller.showRun(run);
  expect(store.get().highlight).toEqual({ runId: run?.runId, evidence: null });
  expect(controller.present()).toBe(run?.time);
  expect(controller.endShow()).toBe(true);
  expect(controller.endShow()).toBe(false);
  expect(store.get().highlight).toBeNull();
  expect(controller.present()).toBeCloseTo(7.96, 1);
});

test('no camera is asked for before the notice was read', async () => {
  const { controller, store } = await setUp(false, []);
  controller.stopCamera();
  const before = store.get().items.length;
  controller.cameraNoticed = false;
  await controller.startCamera();
  expect(store.get()).toMatchObject({ cameraNotice: true, camera: 'off' });
  expect(store.get().items).toHaveLength(before);

  store.dispatch({ type: 'camera-notice', open: false });
  controller.cameraNoticed = true;
  await controller.startCamera();
  expect(store.get()).toMatchObject({ cameraNotice: false, camera: 'on' });
  expect(store.get().items).toHaveLength(before + 1);
});

test('thumbnails that were made while the first one was awaited are given up, but for the last', async () => {
  const { goOn, store } = await setUp(false, []);
  const made: string[] = [];
  const revoked: string[] = [];
  vi.spyOn(URL, 'createObjectURL').mockImplementation(() => `blob:${made.push('') - 1}`);
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation((url) => void revoked.push(url));
  const pending: BlobCallback[] = [];
  const context = { drawImage: () => {}, clearRect: () => {} };
  document.createElement = (() => ({ getContext: () => context, toBlob: (done: BlobCallback) => pending.push(done) })) as never;
  await goOn(0.1);
  for (const done of pending) done(new Blob(['jpeg']));
  await settled();
  expect(made).toHaveLength(3);
  expect(revoked).toEqual(['blob:0', 'blob:1']);
  expect(store.get().items[0]?.thumbnail).toBe('blob:2');
});

test('other packs are loaded anew and stay chosen; a pack beside the page’s is loaded without them', async () => {
  const loads: LoadOptions[] = [];
  const { controller, store } = openController({ worker: () => ({ load: async (options: LoadOptions) => void loads.push(options) }) });
  const smol = { foundation: 'smol', storedPack: 'mine' };
  controller.changePacks(smol);
  expect(store.get().model.parts['language-model'].phase).toBe('loading');
  controller.reload('wasm');
  expect(loads.map(({ foundation, storedPack, backend }) => [foundation, storedPack, backend])).toEqual([
    [null, null, 'auto'],
    ['smol', 'mine', 'auto'],
    ['smol', 'mine', 'wasm'],
  ]);
  expect(controller.loadOptions('other')).toMatchObject({ packUrl: 'http://localhost/models/other/', foundation: null, storedPack: null });
});
