/** The queue with a decoder that gives the frames that the test lets through, and, at the end, with the browser's storage. */
import 'fake-indexeddb/auto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { SessionReading } from '../export/session.ts';
import type { ModelInfo } from '../shared/events.ts';
import type { Reading } from '../shared/readings.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { VideoOptions } from '../workers/client.ts';
import { FakePage } from './session.fixture.ts';
import { unpackSession } from './session-archive.ts';
import { SessionKeeper } from './session-keeper.ts';
import { SessionStore } from './session-store.ts';
import type { JobWish } from './video-job.ts';
import { VideoJobs } from './video-jobs.ts';
import type { ReadVideo, VideoEvent } from './video-reader.ts';

afterEach(() => vi.restoreAllMocks());

const info: ModelInfo = { packId: 'tiny', packVersion: '1', packHash: '', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };
const whole: JobWish = { from: 0, to: null, framesPerSecond: 5 };
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const LENGTH = 4;

interface DecoderRun {
  options: Omit<VideoOptions, 'runId'>;
  /** Lets so many frames through; all that are left where nothing is said. */
  give: (count?: number) => void;
  say: (event: VideoEvent) => void;
  end: (result: Result<void>) => void;
}

/** A decoder for videos of four seconds in which one face goes to the right. */
function decoder() {
  const runs: DecoderRun[] = [];
  const read: ReadVideo = (signal, _file, options, hear) =>
    new Promise((resolve) => {
      const { from, framesPerSecond, begin } = options;
      const to = Math.min(options.to ?? LENGTH, LENGTH);
      const step = framesPerSecond ?? 25;
      const times: number[] = [];
      for (let k = 0; from + k / step < to - 1e-9; k += 1)
        if (begin === null || from + k / step >= begin - 1e-9) times.push(from + k / step);
      const give = (count = times.length) => {
        for (const time of times.splice(0, count)) {
          const face: Reading = reading({ time, faceId: 1, box: { x: 10 * time, y: 0, width: 100, height: 100 } });
          hear({ type: 'readings', runId: 'r', time, width: 640, height: 360, readings: [face], times: {} });
        }
      };
      hear({
        type: 'video-opened',
        runId: 'r',
        video: {
          decoder: 'webcodecs',
          start: 0,
          end: LENGTH,
          width: 640,
          height: 360,
          codec: 'vp8',
          rotation: 0,
          frameRate: 25,
          hasSound: null,
        },
      });
      signal.addEventListener('abort', () => resolve(fail({ code: 'cancelled', message: 'm', remedy: 'r' })));
      runs.push({ options, give, say: hear, end: resolve });
    });
  return { read, runs };
}

function jobsFor(page: FakePage, read: ReadVideo) {
  const calls: [string, boolean][] = [];
  const jobs = new VideoJobs({
    store: page.store,
    read,
    file: page.file,
    recorded: page.recorded,
    smoothing: () => 0.3,
    onFrames: (itemId, _times, anew) => calls.push([itemId, anew]),
    onDropped: () => {},
    onEnd: () => {},
  });
  return { jobs, calls };
}

function ready(page: FakePage) {
  for (const part of ['faces', 'reader'] as const) page.store.dispatch({ type: 'event', event: { type: 'ready', part, info } });
}

function addVideo(page: FakePage, id: string) {
  page.files.set(id, new Blob([id]));
  page.store.dispatch({ type: 'item-added', item: { id, kind: 'video', name: `${id}.mp4` }, select: false });
}

function setUp(...ids: string[]) {
  const page = new FakePage();
  for (const id of ids) addVideo(page, id);
  ready(page);
  const { read, runs } = decoder();
  const job = (id = ids[0]) =>
    page.store
      .get()
      .items.find((item) => item.id === id)
      ?.jobs?.at(-1);
  const times = (id = ids[0] ?? '') => [...(page.recorded.get(id) ?? [])].map(({ time }) => Number(time.toFixed(3)));
  return { page, runs, job, times, ...jobsFor(page, read) };
}

const grid = (from: number, to: number, step = 0.2) =>
  Array.from({ length: Math.round((to - from) / step) }, (_, k) => Number((from + k * step).toFixed(3)));

test('a video is read once from end to end, with the readings at the times that were asked for', async () => {
  const { jobs, runs, job, times } = setUp('a');
  jobs.add(['a'], whole);
  expect(runs[0]?.options).toEqual({ from: 0, to: null, framesPerSecond: 5, begin: null, smoothing: 0.3 });
  runs[0]?.give();
  runs[0]?.end(ok(undefined));
  await settled();
  expect(times()).toEqual(grid(0, 4));
  expect(job()).toMatchObject({ phase: 'done', to: 4, reached: 3.8, frames: 20, width: 640, height: 360, codec: 'vp8' });
});

test('of several videos one is read at a time, in their order; one that is added twice waits once', async () => {
  const { jobs, runs, job } = setUp('a', 'b', 'c');
  jobs.add(['a', 'b', 'c'], whole);
  jobs.add(['a', 'b'], whole);
  expect([runs.length, job('a')?.phase, job('b')?.phase, job('c')?.phase]).toEqual([1, 'running', 'queued', 'queued']);
  jobs.stop('b');
  runs[0]?.end(ok(undefined));
  await settled();
  expect([runs.length, job('b')?.phase, job('c')?.phase]).toEqual([2, 'stopped', 'running']);
});

test('waits for the reader, and where it never comes says why', async () => {
  const page = new FakePage();
  addVideo(page, 'a');
  const { read, runs } = decoder();
  const { jobs } = jobsFor(page, read);
  jobs.add(['a'], whole);
  expect(runs).toHaveLength(0);
  const error = { code: 'out-of-memory' as const, message: 'm', remedy: 'r' };
  page.store.dispatch({ type: 'event', event: { type: 'load-failed', part: 'faces', error } });
  jobs.pump();
  expect(page.store.get().items[0]?.jobs?.at(-1)).toMatchObject({ phase: 'failed', error });
});

describe('stopped', () => {
  test('keeps what was read, and goes on without a gap and without a frame twice, the same faces the same', async () => {
    const { jobs, runs, job, times, page } = setUp('a');
    jobs.add(['a'], whole);
    runs[0]?.give(8);
    jobs.stop('a');
    await settled();
    expect([job()?.phase, job()?.reached?.toFixed(1), times().length]).toEqual(['stopped', '1.4', 8]);
    jobs.goOn('a');
    await settled();
    // A second is read again, for the tracker to know the faces.
    expect(runs[1]?.options.begin).toBeCloseTo(0.4);
    runs[1]?.give();
    runs[1]?.end(ok(undefined));
    await settled();
    expect(times()).toEqual(grid(0, 4));
    expect(job()).toMatchObject({ phase: 'done', frames: 20 });
    expect(new Set([...(page.recorded.get('a') ?? [])].map(({ faceId }) => faceId))).toEqual(new Set([1]));
  });

  test('what comes late from a stopped run changes nothing', async () => {
    const { jobs, runs, times } = setUp('a');
    jobs.add(['a'], whole);
    runs[0]?.give(2);
    jobs.stop('a');
    runs[0]?.give(5);
    await settled();
    expect(times()).toEqual([0, 0.2]);
  });

  test('taken off the list, it covers what was read and no more', async () => {
    const { jobs, runs, job, page } = setUp('a', 'b');
    jobs.add(['a', 'b'], whole);
    runs[0]?.give(3);
    jobs.dismiss('a');
    jobs.dismiss('b');
    await settled();
    expect(job('a')).toMatchObject({ phase: 'done', to: 0.4, dismissed: true });
    expect(page.store.get().items[1]?.jobs).toEqual([]);
    expect(runs).toHaveLength(1);
  });

  test('by the user, it does not begin again with a new worker', async () => {
    const { jobs, runs, job } = setUp('a');
    jobs.add(['a'], whole);
    runs[0]?.give(8);
    jobs.stop('a');
    jobs.interrupt();
    await settled();
    expect([job()?.phase, runs.length]).toEqual(['stopped', 1]);
  });

  test('by a new worker, it goes on in that one by itself', async () => {
    const { jobs, runs, job, times } = setUp('a', 'b');
    jobs.add(['a', 'b'], whole);
    runs[0]?.give(8);
    jobs.interrupt();
    await settled();
    expect([job('a')?.phase, job('b')?.phase, runs.length]).toEqual(['running', 'queued', 2]);
    runs[1]?.give();
    runs[1]?.end(ok(undefined));
    await settled();
    expect(times('a')).toEqual(grid(0, 4));
  });
});

describe('readings that were there', () => {
  const row = (time: number, faceId = 1): SessionReading => reading({ time, faceId, box: { x: 10 * time, y: 0, width: 100, height: 100 } });

  test('are replaced in the range alone, and lie in the order of their times', async () => {
    const { jobs, runs, times, page, calls } = setUp('a');
    page.recorded.set(
      'a',
      [0.1, 0.9, 1.03, 1.55, 2.5, 3.3].map((time) => row(time)),
    );
    jobs.add(['a'], { from: 1, to: 2, framesPerSecond: 5 });
    // Nothing is taken away before there is something in its place.
    expect(times()).toHaveLength(6);
    runs[0]?.give();
    runs[0]?.end(ok(undefined));
    await settled();
    expect(times()).toEqual([0.1, 0.9, ...grid(1, 2), 2.5, 3.3]);
    expect(calls.some(([, anew]) => anew)).toBe(true);
  });

  test('made while a stopped job waited, are replaced as it goes on', async () => {
    const { jobs, runs, times, page } = setUp('a');
    jobs.add(['a'], whole);
    runs[0]?.give(8);
    jobs.stop('a');
    await settled();
    page.recorded.get('a')?.push(row(1.47), row(2.02));
    jobs.goOn('a');
    await settled();
    runs[1]?.give();
    runs[1]?.end(ok(undefined));
    await settled();
    expect(times()).toEqual(grid(0, 4));
  });

  test('keep their faces where the user has named one, else the same file gives the same ids', async () => {
    const named = setUp('a');
    named.page.recorded.set('a', [row(0.1, 3)]);
    named.page.store.dispatch({ type: 'face-named', itemId: 'a', faceId: 3, name: 'Ada' });
    named.jobs.add(['a'], whole);
    named.runs[0]?.give();
    named.jobs.stop('a');
    expect(named.page.recorded.get('a')?.at(0)?.faceId).toBe(3);
    const unnamed = setUp('a');
    unnamed.page.recorded.set('a', [row(0.1, 3)]);
    unnamed.jobs.add(['a'], whole);
    unnamed.runs[0]?.give();
    unnamed.jobs.stop('a');
    expect(unnamed.page.recorded.get('a')?.at(0)?.faceId).toBe(1);
  });

  test('are shown in place of a new reading where a job was; ahead of one that runs, nothing is read', async () => {
    const { jobs, runs, page } = setUp('a');
    const item = () => page.store.get().items[0] as NonNullable<ReturnType<typeof page.store.get>['items'][0]>;
    expect(jobs.recordedAt(item(), 1)).toBeNull();
    jobs.add(['a'], { from: 0, to: 2, framesPerSecond: 5 });
    expect(jobs.recordedAt(item(), 1)).toBe('ahead');
    runs[0]?.give(3);
    jobs.stop('a');
    await settled();
    const shown = (time: number) => {
      const rows = jobs.recordedAt(item(), time);
      return Array.isArray(rows) ? rows.map((each) => each.time) : rows;
    };
    expect([shown(0.2), shown(0.31), shown(1)]).toEqual([[0.2], [0.2], null]);
  });
});

test('a damaged place is noted, and a failure keeps what was read and can be tried again', async () => {
  const { jobs, runs, job, times } = setUp('a');
  jobs.add(['a'], whole);
  runs[0]?.give(5);
  runs[0]?.say({ type: 'video-lost', runId: 'r', from: 1, to: 4 });
  runs[0]?.end(fail({ code: 'video-broken', message: 'm', remedy: 'r' }));
  await settled();
  expect(job()).toMatchObject({ phase: 'failed', frames: 5, lost: [{ from: 1, to: 4 }], error: { code: 'video-broken' } });
  expect(times()).toEqual(grid(0, 1));
  jobs.goOn('a');
  await settled();
  expect(job()).toMatchObject({ phase: 'running', lost: [], error: null });
});

test('what a job could not decode is read live, where the player shows it', async () => {
  const { jobs, runs, job, page } = setUp('a');
  jobs.add(['a'], whole);
  runs[0]?.give(5);
  runs[0]?.say({ type: 'video-lost', runId: 'r', from: 1, to: 4 });
  runs[0]?.end(ok(undefined));
  await settled();
  expect(job()?.phase).toBe('done');
  const item = page.store.get().items[0] as NonNullable<ReturnType<typeof page.store.get>['items'][0]>;
  expect(jobs.recordedAt(item, 0.6)).toHaveLength(1);
  expect(jobs.recordedAt(item, 2)).toBeNull();
});

test('a damaged place that is gone over again, as the job goes on, is told once', async () => {
  const { jobs, runs, job } = setUp('a');
  jobs.add(['a'], whole);
  runs[0]?.give(3);
  runs[0]?.say({ type: 'video-lost', runId: 'r', from: 0.45, to: 0.55 });
  runs[0]?.give(3);
  jobs.stop('a');
  await settled();
  jobs.goOn('a');
  await settled();
  runs[1]?.give(2);
  runs[1]?.say({ type: 'video-lost', runId: 'r', from: 0.45, to: 0.55 });
  runs[1]?.give();
  runs[1]?.say({ type: 'video-lost', runId: 'r', from: 3.9, to: 4 });
  jobs.stop('a');
  expect(job()?.lost).toEqual([
    { from: 0.45, to: 0.55 },
    { from: 3.9, to: 4 },
  ]);
});

test('the pace and the time left follow from the last seconds', async () => {
  let clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
  const { jobs, runs } = setUp('a');
  jobs.add(['a'], whole);
  for (let step = 0; step < 3; step += 1) {
    runs[0]?.give(5);
    runs[0]?.say({ type: 'video-lost', runId: 'r', from: 0, to: 0 });
    clock += 500;
  }
  expect(jobs.pace?.framesPerSecond).toBeCloseTo(10);
  expect(jobs.pace?.left).toBeCloseTo((4 - 2.8) / 2);
  // A sleep of the machine is no part of the pace.
  clock += 8 * 3_600_000;
  for (let step = 0; step < 2; step += 1) {
    runs[0]?.give(1);
    runs[0]?.say({ type: 'video-lost', runId: 'r', from: 0, to: 0 });
    if (step === 0) expect(jobs.pace).toBeNull();
    clock += 100;
  }
  expect(jobs.pace?.framesPerSecond).toBeCloseTo(10);
});

describe('kept in the browser', () => {
  let databases = 0;
  async function tab(name: string, own: string | null) {
    const page = new FakePage();
    let id = own;
    const keeper = new SessionKeeper({
      store: page.store,
      source: page,
      openStore: () => SessionStore.open(name),
      enabled: true,
      locks: null,
      tab: {
        get: () => id,
        set: (next) => {
          id = next;
        },
      },
      persist: () => {},
      unpack: unpackSession,
    });
    await keeper.begin();
    ready(page);
    const { read, runs } = decoder();
    return { page, keeper, runs, jobs: jobsFor(page, read).jobs, own: () => id };
  }

  test('a job that a crash has cut off goes on from what was written, without a gap and without a frame twice', async () => {
    databases += 1;
    const name = `jobs-${databases}`;
    const first = await tab(name, null);
    addVideo(first.page, 'a');
    // From playing: later in the file, and in the way of the job.
    first.page.recorded.set('a', [reading({ time: 3.93 }), reading({ time: 0.53 })]);
    await first.keeper.save();
    first.jobs.add(['a'], { from: 0, to: 3.9, framesPerSecond: 5 });
    first.runs[0]?.give(7);
    await new Promise((resolve) => setTimeout(resolve, 600)); // handed on by itself
    await first.keeper.save();
    first.runs[0]?.give(2);
    await new Promise((resolve) => setTimeout(resolve, 600));
    await first.keeper.save(); // what was added, beside what is there
    first.runs[0]?.give(3); // read, and lost with the page

    const second = await tab(name, first.own());
    const [item] = second.page.store.get().items;
    expect(item?.jobs).toMatchObject([{ phase: 'stopped', frames: 9 }]);
    expect(item?.jobs?.[0]?.reached).toBeCloseTo(1.6);
    second.jobs.goOn('a');
    second.runs[0]?.give();
    second.runs[0]?.end(ok(undefined));
    await settled();
    await second.keeper.save();

    const third = await tab(name, second.own());
    const rows = third.page.recorded.get('a') ?? [];
    expect([...rows].map(({ time }) => Number(time.toFixed(3)))).toEqual(
      [...grid(0, 4), 3.93].filter((time) => time < 3.9 || time === 3.93),
    );
    expect(third.page.store.get().items[0]?.jobs).toMatchObject([{ phase: 'done', frames: 20 }]);
  });
});
