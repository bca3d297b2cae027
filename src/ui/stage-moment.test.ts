import { expect, test, vi } from 'vitest';
import { explanation, reading } from '../export/session.fixture.ts';
import type { Explanation, Item } from './analysis-state.ts';
import type { CameraSession } from './camera-session.ts';
import type { CameraTakes } from './camera-takes.ts';
import type { ExplainedFrames } from './explained-frames.ts';
import type { ItemStage } from './item-stage.ts';
import { LiveReadings } from './live-readings.ts';
import type { LiveSource } from './live-source.ts';
import { ReadingLog } from './reading-log.ts';
import { StageMoment } from './stage-moment.ts';
import type { StagePainter } from './stage-painter.ts';
import { StateStore } from './state-store.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));
/** Whole frames by run, and those that have to be unpacked. */
const whole = { close: () => {} } as unknown as ImageBitmap;
const unpacked = { close: () => {} } as unknown as ImageBitmap;

interface Setting {
  kind?: Item['kind'];
  hasFile?: boolean;
  isOn?: boolean;
  isResting?: boolean;
}

function setUp({ kind = 'camera', hasFile = kind !== 'camera', isOn = true, isResting = false }: Setting = {}) {
  const store = new StateStore();
  const live = new LiveReadings();
  const log = new ReadingLog();
  store.dispatch({ type: 'item-added', item: { id: 'a', kind, name: 'a' }, select: true });
  store.dispatch({ type: 'paused', paused: false });
  const element = { currentTime: 4, readyState: 0, duration: Number.NaN };
  const peeked: (ImageBitmap | null)[] = [];
  const woken: number[] = [];
  const takes = { end: vi.fn(), show: vi.fn(async () => {}) };
  const moment = new StageMoment({
    store,
    painter: { peek: (image) => peeked.push(image), endPeek: () => peeked.push(null) } as Partial<StagePainter> as StagePainter,
    live,
    log,
    source: { element } as unknown as LiveSource,
    stage: {
      get item() {
        return store.get().items[0] ?? null;
      },
      isResting: () => isResting,
      wake: (_item, from) => woken.push(from) > 0,
      places: () => null,
    } as Partial<ItemStage> as ItemStage,
    camera: { open: isOn ? { itemId: 'a', deviceId: null } : null } as Partial<CameraSession> as CameraSession,
    takes: takes as Partial<CameraTakes> as CameraTakes,
    frames: {
      has: (runId) => runId === 'whole' || runId === 'packed',
      get: (runId) => (runId === 'whole' ? whole : null),
      open: async (runId) => (runId === 'packed' ? unpacked : null),
    } as Partial<ExplainedFrames> as ExplainedFrames,
    hasFile: () => hasFile,
    newId: (prefix) => `${prefix}-1`,
  });
  const show = (time: number) => live.show({ time, width: 64, height: 48, readings: [reading({ time })] });
  return { store, moment, log, element, peeked, woken, takes, show };
}

const run = (runId: string, time = 3) => ({ ...explanation({ runId, time }), snapshot: null }) as unknown as Explanation;
const evidence = [{ kind: 'scene' }] as const;

test('the present is what was read last, of a video that is open the frame on show; a picture has none', () => {
  const { moment, show } = setUp();
  expect(moment.present()).toBeNull();
  show(9);
  expect(moment.present()).toBe(9);
  const video = setUp({ kind: 'video' });
  video.show(9);
  expect(video.moment.present()).toBe(9);
  video.element.readyState = 1;
  expect(video.moment.present()).toBe(4);
  const resting = setUp({ kind: 'video', isResting: true });
  resting.element.readyState = 1;
  resting.show(9);
  expect(resting.moment.present()).toBe(9);
  const picture = setUp({ kind: 'picture' });
  picture.show(0);
  expect([picture.moment.present(), picture.moment.addMark()]).toEqual([null, null]);
});

test('a recording is as long as what was read of it; the video on the stage, as its file', () => {
  const { store, moment, log, element } = setUp({ kind: 'video' });
  const item = () => store.get().items[0] as Item;
  expect(moment.extent(item())).toEqual({ from: 0, to: 0 });
  log.add('a', 2, [reading({ time: 2 })]);
  log.add('a', 6, [reading({ time: 6 })]);
  expect(moment.extent(item())).toEqual({ from: 2, to: 6 });
  element.duration = 30;
  expect(moment.extent(item())).toEqual({ from: 0, to: 30 });
  expect(moment.extent({ ...item(), id: 'elsewhere' })).toEqual({ from: 0, to: 0 });
});

test('of a camera session its recorded frame is shown, and the present again; a camera that is on goes on', () => {
  const { store, moment, takes, show } = setUp();
  show(9);
  moment.goTo(2);
  expect([moment.present(), takes.show.mock.calls, store.get().paused]).toEqual([2, [[store.get().items[0], 2]], false]);
  expect(moment.addMark()).toEqual({ id: 'mark-1', kind: 'event', time: 2, end: null, text: '' });
  expect(store.get().items[0]?.marks).toHaveLength(1);
  moment.goTo(null);
  expect([moment.present(), takes.end.mock.calls.length]).toEqual([9, 1]);
  const off = setUp({ isOn: false });
  off.moment.goTo(2);
  expect(off.store.get().paused).toBe(true);
});

test('a video is wound there; one that rests is opened there, and one without its file tells the moment alone', () => {
  const playing = setUp({ kind: 'video' });
  playing.moment.goTo(12);
  playing.moment.goTo(null);
  expect([playing.element.currentTime, playing.moment.time, playing.woken]).toEqual([12, null, []]);
  const resting = setUp({ kind: 'video', isResting: true });
  resting.store.dispatch({ type: 'paused', paused: true });
  resting.moment.goTo(12);
  expect([resting.woken, resting.store.get().paused, resting.element.currentTime]).toEqual([[12], false, 4]);
  const gone = setUp({ kind: 'video', hasFile: false });
  const told = vi.fn();
  const stop = gone.moment.onTime(told);
  gone.moment.goTo(12);
  expect([gone.moment.present(), gone.woken, gone.element.currentTime]).toEqual([12, [], 4]);
  gone.moment.goTo(12);
  stop();
  gone.moment.goTo(13);
  expect(told).toHaveBeenCalledOnce();
});

test('an explained frame is shown where there is no file to go to it in, until one goes back', async () => {
  const { store, moment, peeked } = setUp();
  moment.showRun(run('whole'));
  expect([peeked, moment.present(), store.get().highlight]).toEqual([[whole], 3, { runId: 'whole', evidence: null }]);
  expect(moment.endShow()).toBe(true);
  expect([peeked, store.get().highlight, moment.endShow()]).toEqual([[whole, null], null, false]);
  moment.showRun(run('packed'));
  await settled();
  expect(peeked).toEqual([whole, null, unpacked]);
  moment.showRun(run('given up'));
  expect([moment.time, store.get().highlight]).toEqual([3, null]);

  const video = setUp({ kind: 'video' });
  video.moment.showRun(run('whole'));
  expect([video.element.currentTime, video.peeked]).toEqual([3, []]);
});

test('evidence is pointed to on the frame that was explained; one that is unpacked too late is not shown', async () => {
  const { store, moment, peeked } = setUp();
  moment.point(run('packed'), evidence);
  expect(store.get().highlight).toEqual({ runId: 'packed', evidence });
  moment.point(run('packed'), null);
  await settled();
  expect([peeked, store.get().highlight]).toEqual([[null], null]);
  moment.point(run('whole'), evidence);
  expect(peeked.at(-1)).toBe(whole);
  // Looking at evidence is not being elsewhere.
  expect(moment.endShow()).toBe(false);
});

test('after evidence was pointed to, the explained or recorded frame that one had gone to is shown again', () => {
  const { store, moment, peeked, takes } = setUp();
  const item = store.get().items[0] as Item;
  store.dispatch({ type: 'explain-asked', itemId: 'a', runId: 'whole', task: 'emotion', time: 3, snapshot: null });
  moment.showRun(run('whole'));
  moment.point(run('whole'), evidence);
  moment.point(run('whole'), null);
  expect([peeked.at(-1), moment.time, store.get().highlight]).toEqual([whole, 3, { runId: 'whole', evidence: null }]);
  expect(moment.endShow()).toBe(true);
  moment.point(run('whole'), null);
  expect([peeked.at(-1), store.get().highlight, takes.show.mock.calls]).toEqual([null, null, []]);
  store.dispatch({ type: 'replay', time: 2 });
  moment.point(run('whole'), evidence);
  moment.point(run('whole'), null);
  expect(takes.show.mock.calls).toEqual([[expect.objectContaining({ id: item.id }), 2]]);
});
