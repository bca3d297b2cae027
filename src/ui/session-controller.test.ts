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
vi.mock('../media/picture-file.ts', () => {
  const image = { width: 64, height: 48, close: () => {} };
  const picture = { image, width: 64, height: 48, frame: async () => ({ image, time: 0 }), close: () => {} };
  return { openPicture: async () => ({ ok: true, value: picture }) };
});
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
  const finish = new Map<string, () => void>();
  const { controller, store, ready } = openController({
    explainPeaks,
    worker: (hear) => ({
      read: async (_signal: AbortSignal, { time }: MediaFrame, { runId }: ReadOptions) => {
        hear({ type: 'readings', runId, time, width: 64, height: 48, readings: [smiling(time, smiles)], times: {} });
      },
      explain: (signal: AbortSignal, _frame: MediaFrame, { runId, task }: ExplainOptions) =>
        new Promise<void>((resolve) => {
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
  await controller.camera.start();
  /** The camera goes on to that time, 25 frames a second. */
  const goOn = async (to: number) => {
    for (; clock < to; clock += 1 / 25) {
      give?.({ image: { width: 64, height: 48, close: () => {} } as ImageBitmap, time: clock });
      await settled();
    }
  };
  const runs = () => store.get().items[0]?.explanations ?? [];
  return { controller, store, goOn, runs, finish };
}

test('what the user asks for goes first, and no peak is explained beside it or where that is off', async () => {
  const { controller, goOn, runs, finish } = await setUp(true, [5, 10]);
  await goOn(7);
  controller.explainer.explain();
  await goOn(7.2);
  expect(runs().map(({ auto, phase }) => [auto ?? false, phase])).toEqual([
    [true, 'stopped'],
    [false, 'running'],
  ]);
  // The frame on which the peak began to go.
  expect(runs()[0]?.time).toBeGreaterThan(5.4);
  expect(runs()[0]?.time).toBeLessThan(5.8);
  expect(runs()[0]?.snapshot?.time).toBe(runs()[0]?.time);
  await goOn(12);
  expect(runs()).toHaveLength(2);
  finish.get(runs()[1]?.runId ?? '')?.();
  controller.livePeaks.setOn(false);
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
  expect(controller.readings.track(itemId).peaks.map(({ kind }) => kind)).toEqual(['happiness']);
  expect(controller.moment.present()).toBeCloseTo(7.96, 1);
  expect(controller.moment.addMark()).toMatchObject({ kind: 'event', end: null, text: '' });
  controller.moment.goTo(2);
  expect(controller.moment.present()).toBe(2);
  controller.moment.addMark();
  expect(store.get().items[0]?.marks.map(({ time }) => Math.round(time))).toEqual([2, 8]);
  const [run] = runs();
  if (run) controller.moment.showRun(run);
  expect(store.get().highlight).toEqual({ runId: run?.runId, evidence: null });
  expect(controller.moment.present()).toBe(run?.time);
  expect(controller.moment.endShow()).toBe(true);
  expect(controller.moment.endShow()).toBe(false);
  expect(store.get().highlight).toBeNull();
  expect(controller.moment.present()).toBeCloseTo(7.96, 1);
});

test('a picture whose reading was cut off by loading anew, or that was away when its turn came, is read again', async () => {
  const runs: string[] = [];
  const hears: ((event: AnalysisEvent) => void)[] = [];
  const { controller, store, ready } = openController({
    worker: (hear) => {
      hears.push(hear);
      return { read: async (_signal: AbortSignal, _frame: MediaFrame, { runId }: ReadOptions) => void runs.push(runId) };
    },
  });
  ready();
  const itemId = controller.showFile(
    new File([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)], 'a.png', { type: 'image/png' }),
    null,
  );
  await vi.waitFor(() => expect(runs).toHaveLength(1));
  expect(store.get().items[0]).toMatchObject({ phase: 'reading' });
  controller.reload('wasm');
  hears[0]?.({ type: 'failed', runId: runs[0] ?? '', error: { code: 'cancelled', message: '', remedy: '' } });
  ready();
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  controller.remove(itemId);
  controller.restore();
  await vi.waitFor(() => expect(runs).toHaveLength(3));
});

test('other packs are loaded anew', () => {
  const loads: LoadOptions[] = [];
  const { controller, store, ready } = openController({
    worker: () => ({ load: async (options: LoadOptions) => void loads.push(options) }),
  });
  ready();
  controller.changePacks({ foundation: 'smol', storedPack: 'mine' });
  expect(store.get().model.parts['language-model'].phase).toBe('loading');
  controller.reload('wasm');
  expect(loads.map(({ foundation, backend }) => [foundation, backend])).toEqual([
    [null, 'auto'],
    ['smol', 'auto'],
    ['smol', 'wasm'],
  ]);
});
