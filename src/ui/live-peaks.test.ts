import { afterEach, expect, test, vi } from 'vitest';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import { LivePeaks } from './live-peaks.ts';
import { PEAK_PAUSE, type Peak } from './peaks.ts';
import { StateStore } from './state-store.ts';

const INFO: ModelInfo = { packId: 'tiny', packVersion: '1', packHash: '', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };
afterEach(() => {
  vi.restoreAllMocks();
});
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A camera session whose frames are on show one by one, each with an image of its own. */
function setUp({ isOn = true, isReady = true } = {}) {
  let clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock * 1000);
  const store = new StateStore();
  const say = (event: AnalysisEvent) => store.dispatch({ type: 'event', event });
  store.dispatch({ type: 'item-added', item: { id: 'c', kind: 'camera', name: 'Camera' }, select: true });
  const ready = () => say({ type: 'ready', part: 'language-model', info: INFO });
  if (isReady) ready();
  const live = { snapshot: null as { time: number; width: number; height: number; readings: [] } | null };
  const closed: number[] = [];
  /** By run: the time of the frame that is kept for it. */
  const kept = new Map<string, number>();
  const begun: { runId: string; time: number }[] = [];
  const peaks = new LivePeaks({
    store,
    live,
    painter: {
      copy: async () => {
        const at = live.snapshot?.time ?? 0;
        return { width: at, close: () => closed.push(at) } as unknown as ImageBitmap;
      },
    },
    explainer: {
      newRun: () => `explain-${begun.length + 1}`,
      keep: (runId, image) => {
        kept.set(runId, image.width);
        return image;
      },
      add: ({ runId }, _image, time) => {
        begun.push({ runId, time });
      },
    },
    isOn,
  });
  const frame = async (time: number, hasPeak = false) => {
    clock = time;
    live.snapshot = { time, width: 64, height: 48, readings: [] };
    const peak: Peak = { faceId: 1, onset: time - 0.5, time: time - 0.2, strength: 1, kind: 'happiness' };
    peaks.heed('c', hasPeak ? [peak] : []);
    await settled();
  };
  const end = (runId: string) => say({ type: 'done', runId });
  const runs = () => store.get().items[0]?.explanations ?? [];
  return { store, peaks, frame, end, runs, begun, kept, closed, ready };
}

test('a peak is explained by itself, tied to its frame', async () => {
  const { frame, runs, begun, kept } = setUp();
  await frame(1);
  expect(begun).toEqual([]);
  await frame(5, true);
  expect(begun).toEqual([{ runId: 'explain-1', time: 5 }]);
  expect(runs()).toMatchObject([{ auto: true, phase: 'queued', time: 5, snapshot: { time: 5 } }]);
  expect(kept.get('explain-1')).toBe(5);
});

test('the next one comes after a pause, the newest of those that waited; the others’ frames are freed', async () => {
  const { frame, end, begun, kept, closed } = setUp();
  await frame(5, true);
  await frame(10, true);
  await frame(14, true);
  await frame(15);
  end('explain-1');
  await frame(15 + PEAK_PAUSE - 0.1);
  expect(begun).toHaveLength(1);
  await frame(15 + PEAK_PAUSE);
  expect(begun.map(({ time }) => time)).toEqual([5, 14]);
  expect(kept.get('explain-2')).toBe(14);
  expect(closed).toEqual([10]);
});

test('none is explained while that is off, while there is no language model, nor while an explained frame is looked at', async () => {
  const off = setUp({ isOn: false });
  await off.frame(5, true);
  off.peaks.setOn(true);
  await off.frame(6);
  expect(off.begun).toEqual([]);
  await off.frame(7, true);
  expect(off.begun).toHaveLength(1);

  const early = setUp({ isReady: false });
  await early.frame(5, true);
  early.ready();
  await early.frame(6);
  expect(early.begun).toEqual([]);

  const looking = setUp();
  looking.store.dispatch({ type: 'highlight', target: { runId: 'x', evidence: null } });
  await looking.frame(5, true);
  looking.store.dispatch({ type: 'highlight', target: null });
  await looking.frame(6);
  expect(looking.begun).toEqual([]);
});

test('what waits is given up when it is switched off, and when something else goes first', async () => {
  for (const giveUp of ['off', 'clear'] as const) {
    const { peaks, frame, end, begun, closed } = setUp();
    await frame(5, true);
    await frame(10, true);
    if (giveUp === 'off') {
      peaks.setOn(false);
      peaks.setOn(true);
    } else peaks.clear();
    end('explain-1');
    await frame(60);
    expect(begun).toHaveLength(1);
    expect(closed).toEqual([10]);
  }
});
