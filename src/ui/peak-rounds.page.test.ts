/** Peaks of a video that was analysed, explained in the background: which, in what order, from which frame, and what goes before them. */
import { afterEach, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { MediaFrame } from '../media/frame.ts';
import { wireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import type { Task } from '../shared/labels.ts';
import type { ExplainOptions } from '../workers/api.ts';
import { keptSession, keptVideo, openController } from './controller.fixture.ts';
import type { Peak } from './peaks.ts';
import { newJob } from './video-job.ts';

type Still = { ok: true; value: { image: ImageBitmap; time: number } | null } | { ok: false; error: ReturnType<typeof wireError> };

/** What the file gives, and what it was asked for. */
let stillOf: (time: number) => Still | Promise<Still> = () => ({ ok: true, value: null });
let sought: number[] = [];
const closed = vi.fn();
const image = { width: 64, height: 48, close: closed } as unknown as ImageBitmap;
vi.mock('../media/video-seek.ts', () => ({
  stillAt: async (_signal: AbortSignal, _file: Blob, time: number) => {
    sought.push(time);
    return stillOf(time);
  },
}));
vi.mock('../media/live-frames.ts', () => ({ grabFrame: async () => null, followFrames: () => () => {} }));
vi.mock('../media/video-file.ts', () => ({ openVideo: async () => ({ ok: true, value: { width: 64, height: 48, close: () => {} } }) }));
afterEach(() => vi.unstubAllGlobals());

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const peak = (time: number, strength: number): Peak => ({ faceId: 1, onset: time, time, strength, kind: 'happiness' });

/** A kept video, whole, of which 30 s were analysed, twice a second; face 2 is the same person as face 1. */
const video = (id: string) =>
  keptVideo(
    {
      id,
      people: { names: {}, sameAs: { 2: 1 } },
      jobs: [{ ...newJob({ from: 0, to: 30, framesPerSecond: 2 }, 0, 5), phase: 'done', reached: 30, frames: 60, width: 64, height: 48 }],
    },
    Array.from({ length: 60 }, (_, k) => reading({ time: k / 2, faceId: 2 })),
    new Blob(['12345']),
  );
const session = keptSession([video('v'), video('w')]);

function setUp({ model = true } = {}) {
  sought = [];
  closed.mockClear();
  stillOf = (time) => ({ ok: true, value: { image, time } });
  const asked: { time: number; task: Task; readings: ExplainOptions['readings']; words: string | null }[] = [];
  let open: { done: () => void; fail: (error: ReturnType<typeof wireError>) => void } | null = null;
  const { controller, store, ready, say } = openController({
    canvas: { width: 64, height: 48 },
    worker: (hear) => ({
      explain: (signal: AbortSignal, { time }: MediaFrame, { runId, task, readings, words }: ExplainOptions) =>
        new Promise<void>((resolve) => {
          asked.push({ time, task, readings, words });
          hear({ type: 'started', runId, task, time });
          const end = (event: AnalysisEvent) => {
            hear(event);
            resolve();
          };
          open = {
            done: () => end({ type: 'done', runId }),
            fail: (error) => end({ type: 'failed', runId, error }),
          };
          signal.addEventListener('abort', () => end({ type: 'failed', runId, error: { code: 'cancelled', message: '', remedy: '' } }));
        }),
    }),
  });
  if (model) ready();
  controller.openSession(session);
  const explain = (peaks: Peak[], itemId = 'v', task: Task = 'emotion') => controller.peakRounds.explain(itemId, peaks, task);
  const runs = (itemId = 'v') => store.get().items.find(({ id }) => id === itemId)?.explanations ?? [];
  const rounds = () => store.get().peakRounds.map(({ itemId, done, all }) => [itemId, done, all]);
  /** The text that is being written ends. */
  const done = async () => {
    open?.done();
    await settled();
  };
  return {
    controller,
    store,
    asked,
    explain,
    runs,
    rounds,
    done,
    ready,
    say: (event: AnalysisEvent) => say(event),
    fail: (error: ReturnType<typeof wireError>) => open?.fail(error),
  };
}

test('peaks are explained one after another in their order, each from its own frame with what was read of it', async () => {
  const { controller, store, explain, asked, runs, rounds, done } = setUp();
  // What was typed for what the user asks for was perhaps not said there.
  store.dispatch({ type: 'words-set', itemId: 'v', words: 'as if' });
  explain([peak(4, 3), peak(2.2, 2), peak(9, 1)]);
  await settled();
  expect(rounds()).toEqual([['v', 0, 3]]);
  expect(asked).toMatchObject([{ time: 4, task: 'emotion', readings: [{ time: 4, faceId: 1 }] }]); // as the user merged them
  expect(runs()).toMatchObject([{ time: 4, auto: true, phase: 'running', snapshot: { width: 64, height: 48 } }]);
  expect(controller.explainer.frames.has(runs()[0]?.runId ?? '')).toBe(true);
  await done();
  expect(rounds()).toEqual([['v', 1, 3]]);
  // No frame of 2.2 s was read: its face is read anew.
  expect(asked[1]).toMatchObject({ time: 2.2, readings: null });
  await done();
  await done();
  expect(sought).toEqual([4, 2.2, 9]);
  expect(asked.map(({ words }) => words)).toEqual([null, null, null]);
  expect(rounds()).toEqual([]);
  expect(runs().map(({ phase }) => phase)).toEqual(['done', 'done', 'done']);
});

test('at most twenty at a time, and no second round of a video beside the first', async () => {
  const { explain, rounds } = setUp();
  explain(Array.from({ length: 25 }, (_, k) => peak(k, 1)));
  explain([peak(26, 1)]);
  expect(rounds()).toEqual([['v', 0, 20]]);
});

test('it goes on while another item is on the stage; another video waits for its turn', async () => {
  const { controller, explain, runs, rounds, done } = setUp();
  explain([peak(4, 3), peak(9, 1)]);
  await settled();
  explain([peak(5, 1)], 'w');
  expect(rounds()).toEqual([
    ['v', 0, 2],
    ['w', 0, 1],
  ]);
  controller.select('w');
  await done();
  expect([runs('v').length, runs('w').length]).toEqual([2, 0]);
  await done();
  expect(rounds()).toEqual([['w', 0, 1]]);
  await done();
  expect([runs('v').length, runs('w').length, rounds().length]).toEqual([2, 1, 0]);
});

test('what the user asks for goes first; the peak makes way without a trace and has its turn again', async () => {
  const { controller, store, explain, asked, runs, rounds, done } = setUp();
  explain([peak(4, 3), peak(9, 1)]);
  await settled();
  controller.live.show({ time: 20, width: 64, height: 48, readings: [reading({ time: 20 })] });
  vi.spyOn(controller.painter, 'copy').mockResolvedValue(image);
  const [first] = runs();
  controller.moment.point(first as NonNullable<typeof first>, { kind: 'scene' } as never);
  const endPeek = vi.spyOn(controller.painter, 'endPeek');
  controller.explainer.explain();
  await settled();
  // Its frame was on the stage, and is no more.
  expect([store.get().highlight, endPeek.mock.calls.length]).toEqual([null, 1]);
  expect(controller.explainer.frames.has(first?.runId ?? '')).toBe(false);
  expect(runs()).toMatchObject([{ time: 20, phase: 'running' }]);
  expect(rounds()).toEqual([['v', 0, 2]]);
  await done();
  expect(asked.map(({ time }) => time)).toEqual([4, 20, 4]);
  await done();
  await done();
  expect(runs().map(({ time, phase }) => [time, phase])).toEqual([
    [20, 'done'],
    [4, 'done'],
    [9, 'done'],
  ]);
});

test('asked for while a frame is being looked for, it goes first as well, and that frame is let go', async () => {
  const { controller, explain, asked, done } = setUp();
  let arrive: (still: Still) => void = () => {};
  stillOf = () => new Promise<Still>((resolve) => (arrive = resolve));
  explain([peak(4, 3)]);
  await settled();
  controller.live.show({ time: 20, width: 64, height: 48, readings: [reading({ time: 20 })] });
  vi.spyOn(controller.painter, 'copy').mockResolvedValue({ ...image, close: () => {} } as ImageBitmap);
  controller.explainer.explain();
  arrive({ ok: true, value: { image, time: 4 } });
  await settled();
  expect(closed).toHaveBeenCalledOnce();
  expect(asked.map(({ time }) => time)).toEqual([20]);
  stillOf = (time) => ({ ok: true, value: { image, time } });
  await done();
  expect(asked.map(({ time }) => time)).toEqual([20, 4]);
});

test('a moment that was asked for meanwhile is not explained again', async () => {
  const { controller, explain, asked, rounds, done } = setUp();
  explain([peak(4, 3), peak(9, 1)]);
  await settled();
  controller.live.show({ time: 9.3, width: 64, height: 48, readings: [reading({ time: 9.3 })] });
  vi.spyOn(controller.painter, 'copy').mockResolvedValue(image);
  controller.explainer.explain();
  await settled();
  await done();
  await done();
  expect(asked.map(({ time }) => time)).toEqual([4, 9.3, 4]);
  expect(rounds()).toEqual([]);
});

test('Stop all ends what is written and gives up what waits; what is done stays. So does Stop, and a deleted item', async () => {
  const { controller, explain, asked, runs, rounds, done } = setUp();
  explain([peak(4, 3), peak(9, 1), peak(12, 1)]);
  await settled();
  await done();
  controller.peakRounds.stop('v');
  await settled();
  expect(runs().map(({ phase }) => phase)).toEqual(['done', 'stopped']);
  expect(rounds()).toEqual([]);
  explain([peak(9, 1), peak(12, 1)]);
  await settled();
  controller.stop();
  await settled();
  expect([rounds(), runs().at(-1)?.phase, asked.length]).toEqual([[], 'stopped', 3]);
  explain([peak(9, 1), peak(12, 1)]);
  await settled();
  controller.remove('v');
  await settled();
  expect([rounds(), asked.length]).toEqual([[], 4]);
});

test('it waits for the language model, and for the next one where the page loads it anew', async () => {
  const { controller, explain, asked, runs, ready, done } = setUp({ model: false });
  explain([peak(4, 3), peak(9, 1)]);
  await settled();
  expect([asked.length, sought.length]).toEqual([0, 0]);
  ready();
  await settled();
  expect(asked.length).toBe(1);
  controller.reload();
  await settled();
  expect([asked.length, runs().length]).toEqual([1, 0]);
  ready();
  await settled();
  expect(asked.map(({ time }) => time)).toEqual([4, 4]);
  await done();
  expect(asked.map(({ time }) => time)).toEqual([4, 4, 9]);
});

test('where the model fails, one peak says why and the others are given up', async () => {
  const { explain, runs, rounds, say, fail } = setUp();
  explain([peak(4, 3), peak(9, 1)]);
  await settled();
  const error = wireError('device-lost', 'm', 'r');
  for (const part of ['faces', 'reader', 'language-model'] as const) say({ type: 'load-failed', part, error });
  fail(error);
  await settled();
  expect(runs()).toMatchObject([{ phase: 'failed', error }]);
  expect(rounds()).toEqual([]);
});

test('a damaged place costs that peak alone, with words; a file that cannot be opened ends the round', async () => {
  const { explain, asked, runs, rounds, done } = setUp();
  stillOf = (time) => ({ ok: true, value: time === 4 ? null : { image, time } });
  explain([peak(4, 3), peak(9, 1)]);
  await settled();
  expect(runs()[0]).toMatchObject({ time: 4, phase: 'failed', error: { code: 'video-broken' } });
  expect(asked.map(({ time }) => time)).toEqual([9]);
  await done();
  stillOf = (time) =>
    time === 20 ? Promise.reject(new DOMException('no memory', 'QuotaExceededError')) : { ok: true, value: { image, time } };
  explain([peak(20, 3), peak(25, 1)]);
  await settled();
  expect(runs()[2]).toMatchObject({ time: 20, phase: 'failed', error: { code: 'video-broken' } });
  expect(asked.map(({ time }) => time)).toEqual([9, 25]);
  await done();
  stillOf = () => ({ ok: false, error: wireError('file-unreadable', 'm', 'r') });
  explain([peak(12, 3), peak(15, 1)]);
  await settled();
  expect(runs().slice(4)).toMatchObject([{ time: 12, phase: 'failed', error: { code: 'file-unreadable' } }]);
  expect(rounds()).toEqual([]);
});
