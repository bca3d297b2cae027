/** What the page does with a video that has been analysed: nothing is read twice, and a file that was not kept is taken back. */
import { afterEach, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { MediaFrame } from '../media/frame.ts';
import type { VideoOptions } from '../workers/client.ts';
import { keptSession, keptVideo, openController } from './controller.fixture.ts';
import { newJob } from './video-job.ts';

let give: ((frame: MediaFrame) => void) | null = null;
vi.mock('../media/live-frames.ts', () => ({
  grabFrame: async () => null,
  followFrames: (_element: unknown, onFrame: (frame: MediaFrame) => void) => {
    give = onFrame;
    return () => {};
  },
}));
vi.mock('../media/video-file.ts', () => ({ openVideo: async () => ({ ok: true, value: { width: 64, height: 48, close: () => {} } }) }));
afterEach(() => vi.unstubAllGlobals());

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A kept video of which the first second was analysed, twice a second; its file is not there. */
const interview = keptVideo(
  { jobs: [{ ...newJob({ from: 0, to: 10, framesPerSecond: 2 }, 0, 5), phase: 'running', reached: 1, frames: 3, width: 64, height: 48 }] },
  [0, 0.5, 1].map((time) => reading({ time, faceId: 4 })),
);
const kept = keptSession([interview]);

function setUp(session = kept) {
  const videos: VideoOptions[] = [];
  const read: number[] = [];
  const { controller, store, ready, say } = openController({
    worker: () => ({
      read: async (_signal, { time }) => void read.push(time),
      analyzeVideo: (_signal, _file, options) => {
        videos.push(options);
        return new Promise(() => {});
      },
    }),
  });
  ready();
  controller.openSession(session);
  const job = () => store.get().items[0]?.jobs?.at(-1);
  return { controller, store, videos, read, job, say };
}

test('asked to go on, it asks for the file, knows it by name and size, and goes on where it was', async () => {
  const { controller, store, videos, job } = setUp();
  expect(job()?.phase).toBe('stopped');
  const choose = vi.fn();
  controller.files.goOn('v', choose);
  expect([choose.mock.calls.length, videos.length]).toEqual([1, 0]);
  controller.files.add([new File(['12345'], 'interview.mp4')]);
  await settled();
  expect(store.get().items).toMatchObject([{ id: 'v', kept: 'whole', jobs: [{ phase: 'running', reached: 1 }] }]);
  expect(videos).toMatchObject([{ from: 0, to: 10, framesPerSecond: 2, begin: 0 }]);
});

test('played, what was analysed is shown and not read again; the rest is read as it plays', async () => {
  const { controller, read } = setUp();
  controller.files.add([new File(['12345'], 'interview.mp4')]);
  await settled();
  controller.setPaused(false);
  await settled();
  await settled();
  const play = async (time: number) => {
    give?.({ image: { width: 64, height: 48, close: () => {} } as ImageBitmap, time });
    await settled();
  };
  await play(0.7);
  expect(read).toEqual([]);
  expect(controller.live.snapshot).toMatchObject({ time: 0.7, readings: [{ faceId: 4, time: 0.5 }] });
  await play(3);
  expect(read).toEqual([3]);
});

test('where a job has dropped what was read before, nobody knows any more where faces are until it comes there', async () => {
  const watched = [...interview.readings, ...[3, 3.5].map((time) => reading({ time, faceId: 4 }))];
  const { controller, videos, say } = setUp({ ...kept, items: [{ ...interview, readings: watched }] });
  expect(controller.readings.times('v')).toEqual([0, 0.5, 1, 3, 3.5]);
  controller.files.add([new File(['12345'], 'interview.mp4')]);
  await settled();
  controller.files.goOn('v', () => {});
  const runId = videos[0]?.runId ?? '';
  say({ type: 'readings', runId, time: 1.5, width: 64, height: 48, readings: [], times: {} });
  controller.videoJobs.stop('v');
  expect([...(controller.recorded.get('v') ?? [])].map(({ time }) => time)).toEqual([0, 0.5, 1]);
  expect(controller.readings.times('v').toSorted((a, b) => a - b)).toEqual([0, 0.5, 1, 1.5]);
});

test.each([
  ['a frame that was read', 1, [reading({ time: 1, faceId: 4 })], 1],
  ['one that no job had come to: a face may be anywhere', 5, [], null],
])('a kept video comes back at %s', async (_which, time, readings, covered) => {
  const stood = { ...interview.record, snapshot: { time, width: 64, height: 48, readings } };
  const { controller } = setUp({ ...kept, items: [{ ...interview, record: stood, last: new Blob(['jpeg']) }] });
  const show = vi.spyOn(controller.painter, 'show');
  await settled();
  expect(show.mock.calls.map(([, places]) => places?.length ?? null)).toEqual([covered]);
});
