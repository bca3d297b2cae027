import { afterEach, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { SessionReading } from '../export/session.ts';
import type { MediaFrame } from '../media/frame.ts';
import { wireError } from '../shared/errors.ts';
import type { ModelInfo } from '../shared/events.ts';
import type { ReadOptions } from '../workers/api.ts';
import type { Analyzer } from './analyzer.ts';
import { KnownFrames } from './known-frames.ts';
import { LiveReader } from './live-reader.ts';
import { LiveReadings } from './live-readings.ts';
import { PerformanceLog } from './performance-log.ts';
import { PictureMode } from './picture-mode.ts';
import { ReadingLog } from './reading-log.ts';
import type { Places, StagePainter } from './stage-painter.ts';
import { StateStore } from './state-store.ts';
import { newJob } from './video-job.ts';

const INFO: ModelInfo = { packId: 'tiny', packVersion: '1', packHash: '', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };
const grabbed = vi.fn();
vi.mock('../media/live-frames.ts', () => ({ grabFrame: async () => grabbed() }));
afterEach(() => {
  vi.restoreAllMocks();
  grabbed.mockReset();
});
const settled = () => new Promise((resolve) => setImmediate(resolve));

function setUp({ kind = 'camera' as 'camera' | 'video', isReady = true, recorded = null as SessionReading[] | 'ahead' | null } = {}) {
  let clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
  const store = new StateStore();
  store.dispatch({ type: 'item-added', item: { id: 'c', kind, name: 'c' }, select: true });
  if (isReady) store.dispatch({ type: 'event', event: { type: 'ready', part: 'reader', info: INFO } });
  const asked: ReadOptions[] = [];
  const held: unknown[] = [];
  const revealed: Places[] = [];
  const placed: Places[] = [];
  const painter: Partial<StagePainter> = {
    hold: (image) => held.push(image),
    reveal: (places) => revealed.push(places),
    setPlaces: (places) => placed.push(places),
  };
  const live = new LiveReadings();
  const log = new ReadingLog();
  const pictureMode = new PictureMode();
  const figures = new PerformanceLog();
  const onRead = vi.fn();
  const onFailed = vi.fn();
  let now = recorded;
  const recordedAt = () => now;
  let ids = 0;
  const reader = new LiveReader({
    store,
    painter: painter as StagePainter,
    live,
    log,
    known: new KnownFrames(log, recordedAt),
    performance: figures,
    pictureMode,
    analyzer: () =>
      ({
        read: async (_signal: AbortSignal, _frame: MediaFrame, options: ReadOptions) => void asked.push(options),
      }) as Partial<Analyzer> as Analyzer,
    newId: (prefix) => `${prefix}-${++ids}`,
    smoothing: () => 0.4,
    recordedAt,
    onRead,
    onFailed,
  });
  const closed = vi.fn();
  const frame = (time: number): MediaFrame => ({ image: { width: 64, height: 48, close: closed } as unknown as ImageBitmap, time });
  const answer = (time: number) => ({
    type: 'readings' as const,
    runId: asked.at(-1)?.runId ?? '',
    time,
    width: 64,
    height: 48,
    readings: [reading({ time })],
    times: {},
  });
  return {
    ...{ store, reader, live, log, pictureMode, figures, asked, held, revealed, placed, closed, onRead, onFailed, frame, answer },
    pass: (ms: number) => {
      clock += ms;
    },
    setRecorded: (next: typeof recorded) => {
      now = next;
    },
  };
}

test('a frame is shown with its readings, and not before they are there', async () => {
  const { reader, live, log, asked, held, revealed, onRead, frame, answer } = setUp();
  expect(reader.awaited).toBeNull();
  await reader.read(frame(3));
  expect([held.length, revealed.length, live.snapshot, reader.awaited]).toEqual([1, 0, null, 3]);
  expect(asked).toMatchObject([{ sourceId: 'c', mode: 'live', smoothing: 0.4, cuts: false }]);
  expect(reader.hear(answer(3))).toBe(true);
  expect([revealed[0]?.length, live.snapshot?.time, reader.awaited]).toEqual([1, 3, null]);
  expect(log.times('c')).toEqual([3]);
  expect(onRead).toHaveBeenCalledExactlyOnceWith('c', []);
});

test('of a video, cuts are looked for and noted; events of others are none of its own', async () => {
  const { store, reader, asked, frame, answer } = setUp({ kind: 'video' });
  await reader.read(frame(3));
  expect(asked[0]?.cuts).toBe(true);
  reader.hear({ ...answer(3), cut: { time: 3, after: 2.96 } });
  expect(store.get().items[0]?.cuts).toHaveLength(1);
  expect(reader.hear({ type: 'done', runId: 'read-1' })).toBe(false);
  expect(reader.hear({ type: 'ready', part: 'reader', info: INFO })).toBe(false);
});

test('what comes late of a source that was left is shown nowhere', async () => {
  const { reader, log, onRead, onFailed, frame, answer } = setUp();
  await reader.read(frame(3));
  const late = answer(3);
  reader.leave();
  expect(reader.awaited).toBeNull();
  expect(reader.hear(late)).toBe(true);
  expect(reader.hear({ type: 'failed', runId: 'live-1', error: wireError('internal', 'm', 'r') })).toBe(true);
  await reader.read(frame(4));
  expect(reader.hear(late)).toBe(true);
  expect([log.times('c'), reader.awaited, onRead.mock.calls.length, onFailed.mock.calls.length]).toEqual([[], 4, 0, 0]);
});

test('before faces can be read a frame is let go; one that fails is told of', async () => {
  const early = setUp({ isReady: false });
  await early.reader.read(early.frame(1));
  expect([early.asked.length, early.closed.mock.calls.length]).toEqual([0, 1]);
  const { reader, onFailed, frame } = setUp();
  await reader.read(frame(1));
  const error = wireError('internal', 'm', 'r');
  reader.hear({ type: 'failed', runId: 'live-1', error });
  expect(onFailed).toHaveBeenCalledExactlyOnceWith('c', error);
  expect(reader.awaited).toBeNull();
});

test('the first frame that is read after an interruption ends the stretch that was not', async () => {
  const { store, reader, frame, answer } = setUp();
  store.dispatch({ type: 'interrupted', interruption: { fault: 'worker-died', change: { kind: 'none' } } });
  store.dispatch({ type: 'unread', itemId: 'c', from: 2, to: null });
  for (const time of [4, 5]) {
    await reader.read(frame(time));
    reader.hear(answer(time));
  }
  expect(store.get().interruption?.unread).toEqual({ itemId: 'c', from: 2, to: 4 });
});

test('the picture flows where readings are too slow for the eye, and while one is waited for too long', async () => {
  const { reader, pictureMode, figures, pass, frame, answer } = setUp();
  reader.frameGiven();
  await reader.read(frame(1));
  pass(300);
  reader.frameGiven();
  expect(pictureMode.flowing()).toBe(false);
  pass(200);
  reader.frameGiven();
  expect(pictureMode.flowing()).toBe(true);
  pictureMode.restart();
  reader.hear(answer(1));
  expect(pictureMode.flowing()).toBe(true);
  expect(figures.figures(500).age?.median).toBe(500);
});

test('what a job has read is shown as it was read; what it is yet to read is covered all over', async () => {
  const { store, reader, live, asked, closed, revealed, setRecorded, frame } = setUp({ kind: 'video' });
  store.dispatch({ type: 'paused', paused: false });
  setRecorded([reading({ time: 2 })]);
  await reader.read(frame(2));
  expect(live.snapshot).toMatchObject({ time: 2, readings: [{ time: 2 }] });
  setRecorded('ahead');
  await reader.read(frame(3));
  expect(live.snapshot).toMatchObject({ time: 3, readings: [] });
  expect([revealed[0]?.length, revealed[1], asked.length, closed.mock.calls.length]).toEqual([1, null, 0, 2]);
  // Between frames that were read so seldom, a face may come and go.
  const job = { ...newJob({ from: 0, to: 10, framesPerSecond: 1 }, 0, 5), reached: 10 };
  store.dispatch({ type: 'jobs-set', itemId: 'c', jobs: [job] });
  setRecorded([reading({ time: 2 })]);
  await reader.read(frame(2));
  expect(revealed[2]).toBeNull();
});

test('a job that comes to the frame on the stage gives it readings, while it stands still', async () => {
  const { store, reader, live, placed, setRecorded, frame } = setUp({ kind: 'video', recorded: 'ahead' });
  const element = { currentTime: 3, paused: true } as HTMLVideoElement;
  store.dispatch({ type: 'paused', paused: true });
  await reader.read(frame(3));
  reader.readByJob('c', element);
  expect(live.snapshot?.readings).toEqual([]);
  setRecorded([reading({ time: 3 })]);
  reader.readByJob('other', element);
  store.dispatch({ type: 'paused', paused: false });
  reader.readByJob('c', element);
  expect(live.snapshot?.readings).toEqual([]);
  store.dispatch({ type: 'paused', paused: true });
  reader.readByJob('c', element);
  expect([live.snapshot?.readings.length, placed[0]?.length]).toEqual([1, 1]);
});

test('a frame that came to rest before anything could be read is read as soon as it can be', async () => {
  const { store, reader, live, asked, setRecorded, frame } = setUp({ kind: 'video' });
  const element = { currentTime: 3, paused: true } as HTMLVideoElement;
  grabbed.mockImplementation(() => frame(3));
  reader.readStanding({ ...element, paused: false });
  await settled();
  expect(asked).toEqual([]);
  reader.readStanding(element);
  await settled();
  expect(asked).toHaveLength(1);
  // By a job, too.
  store.dispatch({ type: 'paused', paused: true });
  setRecorded([reading({ time: 3 })]);
  reader.readByJob('c', element);
  await settled();
  expect([asked.length, live.snapshot?.readings.length]).toEqual([1, 1]);
});
