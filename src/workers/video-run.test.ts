import { expect, test, vi } from 'vitest';
import type { AnalysisEvent } from '../shared/events.ts';
import { fail, ok } from '../shared/result.ts';
import type { VideoOptions } from './api.ts';
import type { VideoPiece } from './video-frames.ts';
import { runVideo, type VideoRunParts } from './video-run.ts';

const options: VideoOptions = { runId: 'v', from: 0, to: null, framesPerSecond: 5, begin: null, smoothing: 0 };
const facts = {
  decoder: 'webcodecs' as const,
  start: 0,
  end: 2,
  width: 64,
  height: 48,
  codec: 'vp8',
  rotation: 0,
  frameRate: 25,
  hasSound: false,
};

/** A video of given pieces; what became of it comes back. */
function setUp(pieces: (number | { from: number; to: number })[], change: Partial<VideoRunParts> = {}) {
  const open = new Set<number>();
  const events: AnalysisEvent[] = [];
  const asked = vi.fn();
  const closed = vi.fn();
  const abort = new AbortController();
  async function* given(signal: AbortSignal): AsyncGenerator<VideoPiece> {
    for (const piece of pieces) {
      if (signal.aborted) return;
      if (typeof piece !== 'number') yield { kind: 'lost', ...piece };
      else {
        open.add(piece);
        yield { kind: 'frame', frame: { image: { close: () => open.delete(piece) } as unknown as VideoFrame, time: piece } };
      }
    }
  }
  const parts: VideoRunParts = {
    open: async () =>
      ok({
        facts,
        pieces: (signal, sampling) => {
          asked(sampling);
          return given(signal);
        },
        close: closed,
      }),
    calm: async () => {},
    async *read(_signal, { image, time }) {
      image.close();
      yield { type: 'started', runId: 'v', task: null, time };
      yield { type: 'readings', runId: 'v', time, width: 64, height: 48, readings: [], times: {} };
      yield { type: 'done', runId: 'v' };
    },
    emit: (event) => void events.push(event),
    ...change,
  };
  const run = (more: Partial<VideoOptions> = {}) => runVideo(abort.signal, new Blob(['video']), { ...options, ...more }, parts);
  const told = () => events.map((event) => ('time' in event && event.type === 'readings' ? event.time : event.type));
  return { run, events, told, asked, closed, open, abort };
}

test('tells the file, then each frame in its order, and ends once', async () => {
  const { run, told, asked, closed, open } = setUp([0, 0.2, 0.4]);
  await run();
  expect(told()).toEqual(['started', 'video-opened', 0, 0.2, 0.4, 'done']);
  expect(asked).toHaveBeenCalledExactlyOnceWith({ from: 0, to: 2, framesPerSecond: 5, begin: null });
  expect([closed.mock.calls.length, open.size]).toEqual([1, 0]);
});

test('a range ends where the file does, and goes on where it is told to', async () => {
  const { run, asked } = setUp([]);
  await run({ from: 0.5, to: 99, begin: 1.2 });
  expect(asked).toHaveBeenCalledWith({ from: 0.5, to: 2, framesPerSecond: 5, begin: 1.2 });
});

test('the page is never more than a frame behind', async () => {
  let heard: () => void = () => {};
  let read = 0;
  const { run } = setUp([0, 0.2, 0.4, 0.6], {
    emit: (event) => (event.type === 'readings' ? new Promise<void>((resolve) => (heard = resolve)) : undefined),
    async *read(_signal, { time }) {
      read += 1;
      yield { type: 'readings', runId: 'v', time, width: 1, height: 1, readings: [], times: {} };
    },
  });
  const ended = run();
  const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
  await settled();
  expect(read).toBe(2);
  for (let i = 0; i < 4; i += 1) {
    heard();
    await settled();
  }
  await ended;
  expect(read).toBe(4);
});

test('waits while somebody watches, and ends with all frames closed when it is stopped meanwhile', async () => {
  let goOn: () => void = () => {};
  const { run, told, abort, open, closed } = setUp([0, 0.2], { calm: () => new Promise((resolve) => (goOn = resolve)) });
  const ended = run();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(told()).toEqual(['started', 'video-opened']);
  abort.abort();
  goOn();
  await ended;
  expect(told()).toEqual(['started', 'video-opened', 'failed']);
  expect([open.size, closed.mock.calls.length]).toEqual([0, 1]);
});

test('a damaged place is told and the rest is read; where nothing follows it, the run fails and what came before stays', async () => {
  const middle = setUp([0, { from: 0.2, to: 1 }, 1]);
  await middle.run();
  expect(middle.told()).toEqual(['started', 'video-opened', 0, 'video-lost', 1, 'done']);
  const end = setUp([0, { from: 0.2, to: 2 }]);
  await end.run();
  expect(end.told()).toEqual(['started', 'video-opened', 0, 'video-lost', 'failed']);
  expect(end.events.at(-1)).toMatchObject({ error: { code: 'video-broken', message: expect.stringContaining('the rest') } });
});

test('a file that cannot be opened, or a frame that cannot be read, ends the run with its reason', async () => {
  const error = { code: 'video-codec' as const, message: 'm', remedy: 'r' };
  const unopened = setUp([0], { open: async () => fail(error) });
  await unopened.run();
  expect(unopened.events).toEqual([
    { type: 'started', runId: 'v', task: null, time: 0 },
    { type: 'failed', runId: 'v', error },
  ]);
  const unread = setUp([0, 0.2], {
    async *read() {
      yield { type: 'failed', runId: 'v', error };
    },
  });
  await unread.run();
  expect(unread.told()).toEqual(['started', 'video-opened', 'failed']);
  expect(unread.closed).toHaveBeenCalledOnce();
});
