/** What the page does with a video that has been analysed: nothing is read twice, and a file that was not kept is taken back. */
import { afterEach, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { MediaFrame } from '../media/frame.ts';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import type { VideoOptions } from '../workers/client.ts';
import { SessionController } from './session-controller.ts';
import type { ItemRecord, KeptSession } from './session-record.ts';
import { StateStore } from './state-store.ts';
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

const info: ModelInfo = { packId: 'tiny', packVersion: '1', packHash: '', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A kept video of which the first second was analysed, twice a second; its file is not there. */
const record: ItemRecord = {
  id: 'v',
  kind: 'video',
  name: 'interview.mp4',
  phase: 'ready',
  error: null,
  snapshot: null,
  explanations: [],
  people: { names: {}, sameAs: {} },
  marks: [],
  takes: [],
  jobs: [{ ...newJob({ from: 0, to: 10, framesPerSecond: 2 }, 0, 5), phase: 'running', reached: 1, frames: 3, width: 64, height: 48 }],
  mirrored: false,
};
const kept: KeptSession = {
  record: {
    id: 's',
    format: 1,
    app: '1',
    createdAt: 0,
    savedAt: 0,
    task: 'emotion',
    selectedId: 'v',
    itemIds: ['v'],
    readings: 3,
    bytes: 0,
    deletedAt: null,
  },
  items: [
    {
      record,
      readings: [0, 0.5, 1].map((time) => reading({ time, faceId: 4 })),
      file: null,
      thumbnail: null,
      last: null,
      frames: new Map(),
      takes: new Map(),
      pieces: new Map(),
    },
  ],
};

function setUp(session = kept) {
  const canvas = () => ({
    width: 0,
    height: 0,
    getContext: () => ({ drawImage: () => {}, clearRect: () => {} }),
    toBlob: (done: BlobCallback) => done(null),
  });
  const video = { play: async () => {}, pause: () => {}, addEventListener: () => {}, removeEventListener: () => {}, readyState: 0 };
  vi.stubGlobal('document', {
    hidden: false,
    addEventListener: () => {},
    removeEventListener: () => {},
    createElement: (name: string) => (name === 'canvas' ? canvas() : { ...video }),
  });
  vi.stubGlobal('createImageBitmap', async ({ width, height }: ImageBitmap) => ({ width, height, close: () => {} }));
  const store = new StateStore();
  const videos: VideoOptions[] = [];
  const read: number[] = [];
  let say: (event: AnalysisEvent) => void = () => {};
  const controller = new SessionController({
    store,
    startAnalyzer: (hear) => {
      say = hear;
      return {
        load: async () => {},
        dispose: () => {},
        requests: async () => null,
        explain: async () => {},
        read: async (_signal: AbortSignal, { time }: MediaFrame) => void read.push(time),
        analyzeVideo: (_signal: AbortSignal, _file: Blob, options: VideoOptions) => {
          videos.push(options);
          return new Promise(() => {});
        },
      };
    },
    address: { pack: 'tiny', backend: null, graphBackends: {} },
    backend: 'auto',
    smoothing: 0,
    explainPeaks: false,
    cameraNoticed: true,
    baseUrl: 'http://localhost/',
  });
  for (const part of ['faces', 'reader', 'language-model'] as const) say({ type: 'ready', part, info });
  controller.openSession(session);
  const job = () => store.get().items[0]?.jobs?.at(-1);
  return { controller, store, videos, read, job, say: (event: AnalysisEvent) => say(event) };
}

test('asked to go on, it asks for the file, knows it by name and size, and goes on where it was', async () => {
  const { controller, store, videos, job } = setUp();
  expect(job()?.phase).toBe('stopped');
  const choose = vi.fn();
  controller.goOnWithVideo('v', choose);
  expect([choose.mock.calls.length, videos.length]).toEqual([1, 0]);
  controller.addFiles([new File(['12345'], 'interview.mp4')]);
  await settled();
  expect(store.get().items).toMatchObject([{ id: 'v', kept: 'whole', jobs: [{ phase: 'running', reached: 1 }] }]);
  expect(videos).toMatchObject([{ from: 0, to: 10, framesPerSecond: 2, begin: 0 }]);
});

test('another file of that name is an item of its own', async () => {
  const { controller, store, videos } = setUp();
  controller.goOnWithVideo('v', () => {});
  controller.addFiles([new File(['another length'], 'interview.mp4')]);
  await settled();
  expect([store.get().items.length, videos.length]).toEqual([2, 0]);
});

test('played, what was analysed is shown and not read again; the rest is read as it plays', async () => {
  const { controller, read } = setUp();
  controller.addFiles([new File(['12345'], 'interview.mp4')]);
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
  const [item] = kept.items;
  if (!item) throw new Error('no item');
  const watched = [...item.readings, ...[3, 3.5].map((time) => reading({ time, faceId: 4 }))];
  const { controller, videos, say } = setUp({ ...kept, items: [{ ...item, readings: watched }] });
  expect(controller.framesRead('v')).toEqual([0, 0.5, 1, 3, 3.5]);
  controller.addFiles([new File(['12345'], 'interview.mp4')]);
  await settled();
  controller.goOnWithVideo('v', () => {});
  const runId = videos[0]?.runId ?? '';
  say({ type: 'readings', runId, time: 1.5, width: 64, height: 48, readings: [], times: {} });
  controller.videoJobs.stop('v');
  expect(controller.recorded.get('v')?.map(({ time }) => time)).toEqual([0, 0.5, 1]);
  expect(controller.framesRead('v').toSorted((a, b) => a - b)).toEqual([0, 0.5, 1, 1.5]);
});

test.each([
  ['a frame that was read', 2, 1, [reading({ time: 1, faceId: 4 })], 1],
  ['one that was read as others were, without a face on it', 2, 0.75, [], 1],
  ['one between two that were read seldom: a face may have come and gone', 1, 0.75, [], null],
  ['one that no job had come to: a face may be anywhere', 2, 5, [], null],
])('a kept video comes back at %s', async (_which, framesPerSecond, time, readings, covered) => {
  const [item] = kept.items;
  if (!item) throw new Error('no item');
  const jobs = (record.jobs ?? []).map((job) => ({ ...job, framesPerSecond }));
  const stood = { ...record, jobs, snapshot: { time, width: 64, height: 48, readings } };
  const { controller } = setUp({ ...kept, items: [{ ...item, record: stood, last: new Blob(['jpeg']) }] });
  const show = vi.spyOn(controller.painter, 'show');
  await settled();
  expect(show.mock.calls.map(([, places]) => places?.length ?? null)).toEqual([covered]);
});
