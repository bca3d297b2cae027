/** The controller without a screen: canvases that draw nothing, a camera whose frames the test gives, a worker that reads what it is told. */
import { afterEach, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { MediaFrame } from '../media/frame.ts';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import type { ExplainOptions, ReadOptions } from '../workers/api.ts';
import { SessionController } from './session-controller.ts';
import { StateStore } from './state-store.ts';

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

const info: ModelInfo = { packId: 'tiny', packVersion: '1', packHash: '', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Neutral, but for smiles of a second that begin at the given times. */
function smiling(time: number, smiles: number[]): Reading {
  const smile = Math.max(0, ...smiles.map((from) => 0.9 * Math.max(0, Math.min(1, (time - from) / 0.5, (from + 1 - time) / 0.5))));
  const none = Object.fromEntries(EMOTION_LABELS.map((label) => [label, 0])) as Reading['probabilities'];
  return reading({ time, probabilities: { ...none, happiness: smile, neutral: 1 - smile }, valence: 0, arousal: 0 });
}

async function setUp(explainPeaks: boolean, smiles: number[]) {
  const canvas = () => ({
    width: 0,
    height: 0,
    getContext: () => ({ drawImage: () => {}, clearRect: () => {} }),
    toBlob: (f: BlobCallback) => f(null),
  });
  const video = { play: async () => {}, pause: () => {}, addEventListener: () => {}, removeEventListener: () => {}, readyState: 0 };
  vi.stubGlobal('document', {
    hidden: false,
    addEventListener: () => {},
    removeEventListener: () => {},
    createElement: (name: string) => (name === 'canvas' ? canvas() : { ...video }),
  });
  vi.stubGlobal('createImageBitmap', async ({ width, height }: ImageBitmap) => ({ width, height, close: () => {} }));
  let clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock * 1000);
  const store = new StateStore();
  const begun: string[] = [];
  /** Whether cuts were looked for, frame by frame. */
  const asked: (boolean | undefined)[] = [];
  const finish = new Map<string, () => void>();
  let say: (event: AnalysisEvent) => void = () => {};
  const controller = new SessionController({
    store,
    startAnalyzer: (hear) => {
      say = hear;
      return {
        load: async () => {},
        dispose: () => {},
        requests: async () => null,
        analyzeVideo: async () => {},
        read: async (_signal: AbortSignal, { time }: MediaFrame, { runId, cuts }: ReadOptions) => {
          asked.push(cuts);
          hear({ type: 'readings', runId, time, width: 64, height: 48, readings: [smiling(time, smiles)], times: {} });
        },
        explain: (signal: AbortSignal, _frame: MediaFrame, { runId, task }: ExplainOptions) =>
          new Promise<void>((resolve) => {
            begun.push(runId);
            hear({ type: 'started', runId, task, time: 0 });
            const end = (event: AnalysisEvent) => {
              hear(event);
              resolve();
            };
            finish.set(runId, () => end({ type: 'done', runId }));
            signal.addEventListener('abort', () => end({ type: 'failed', runId, error: { code: 'cancelled', message: '', remedy: '' } }));
          }),
      };
    },
    address: { pack: 'tiny', backend: null, graphBackends: {} },
    backend: 'auto',
    smoothing: 0,
    explainPeaks,
    cameraNoticed: true,
    baseUrl: 'http://localhost/',
  });
  for (const part of ['faces', 'reader', 'language-model'] as const) say({ type: 'ready', part, info });
  await controller.startCamera();
  /** The camera goes on to that time, 25 frames a second. */
  const goOn = async (to: number) => {
    for (; clock < to; clock += 1 / 25) {
      give?.({ image: { width: 64, height: 48, close: () => {} } as ImageBitmap, time: clock });
      await settled();
    }
  };
  const runs = () => store.get().items[0]?.explanations ?? [];
  return { controller, store, goOn, runs, begun, finish, asked };
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
