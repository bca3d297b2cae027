/** What is open when the analysis' worker is lost, and how it goes on. */
import { afterEach, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { MediaFrame } from '../media/frame.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import type { ExplainOptions, ReadOptions } from '../workers/api.ts';
import { keptSession, keptVideo, openController } from './controller.fixture.ts';

let give: ((frame: MediaFrame) => void) | null = null;
vi.mock('../media/camera.ts', () => ({
  openCamera: async () => ({ ok: true, value: { stream: {}, deviceId: 'd', label: 'Camera', mirrored: true, stop: () => {} } }),
}));
vi.mock('../media/video-file.ts', () => ({ openVideo: async () => ({ ok: true, value: { width: 64, height: 48, close: () => {} } }) }));
vi.mock('../media/live-frames.ts', () => ({
  grabFrame: async () => ({ image: { displayWidth: 64, displayHeight: 48, close: () => {} }, time: 2, takenAt: 0 }),
  followFrames: (_element: unknown, onFrame: (frame: MediaFrame) => void) => {
    give = onFrame;
    return () => {};
  },
}));
afterEach(() => {
  vi.unstubAllGlobals();
});

const settled = () => new Promise((resolve) => setImmediate(resolve));
const interrupted = (runId: string): AnalysisEvent => ({
  type: 'failed',
  runId,
  error: { code: 'interrupted', message: 'm', remedy: 'r' },
});

/** A camera session. Runs end when the test says so, or all at once with their worker. */
async function setUp() {
  const open = new Map<string, () => void>();
  const explained: string[] = [];
  let faceId = 1;
  let isBlocked = false;
  const page = openController({
    canvas: { width: 64, height: 48 },
    worker: (hear) => ({
      read: (_signal: AbortSignal, { time }: MediaFrame, { runId }: ReadOptions) =>
        new Promise<void>((resolve) => {
          open.set(runId, resolve);
          if (isBlocked) return;
          hear({ type: 'readings', runId, time, width: 64, height: 48, readings: [reading({ faceId, time })], times: {} });
          hear({ type: 'done', runId });
          open.delete(runId);
          resolve();
        }),
      explain: (_signal: AbortSignal, _frame: MediaFrame, { runId, task }: ExplainOptions) =>
        new Promise<void>((resolve) => {
          explained.push(runId);
          open.set(runId, resolve);
          hear({ type: 'started', runId, task, time: 0 });
          hear({ type: 'text', runId, step: 'observe', delta: 'Half a sen' });
        }),
    }),
  });
  page.ready();
  await page.controller.camera.start();
  const frame = async (time: number) => {
    give?.({ image: { width: 64, height: 48, close: () => {} } as ImageBitmap, time });
    await settled();
  };
  /** As the client does it: asked first, then all that is open ends. */
  const lose = async (fault: Parameters<typeof page.lose>[0]) => {
    const options = page.lose(fault);
    const runs = [...open];
    open.clear();
    for (const [runId, resolve] of runs) {
      if (options) page.say(interrupted(runId));
      resolve();
    }
    await settled();
    return options;
  };
  const end = async (runId: string) => {
    page.say({ type: 'done', runId });
    open.get(runId)?.();
    open.delete(runId);
    await settled();
  };
  const run = () => page.store.get().items[0]?.explanations[0];
  return {
    ...page,
    frame,
    lose,
    end,
    run,
    explained,
    block: (blocked: boolean) => {
      isBlocked = blocked;
    },
    setFace: (id: number) => {
      faceId = id;
    },
  };
}

test('the camera goes on by itself, says which stretch was not read, and knows who sat there', async () => {
  const { controller, store, ready, frame, lose, block, setFace } = await setUp();
  setFace(7);
  await frame(1);
  block(true);
  await frame(2);
  expect(await lose({ kind: 'worker-died', detail: '' })).not.toBeNull();
  expect(store.get().interruption).toMatchObject({ fault: 'worker-died', unread: { from: 2, to: null } });
  expect(store.get().paused).toBe(false);
  expect(store.get().items[0]?.error).toBeNull();
  block(false);
  setFace(1); // the tracker counts from one again
  await frame(3);
  ready();
  await frame(4);
  await frame(5);
  expect(store.get().interruption).toMatchObject({ unread: { from: 2, to: 4 } });
  const { id = '' } = store.get().items[0] ?? {};
  expect([...(controller.recorded.get(id) ?? [])].map(({ time, faceId }) => ({ time, faceId }))).toEqual([
    { time: 1, faceId: 7 },
    { time: 4, faceId: 7 },
    { time: 5, faceId: 7 },
  ]);
});

test('an explanation is begun anew by itself, from its first word on, once', async () => {
  const { controller, ready, frame, lose, end, run, explained } = await setUp();
  await frame(1);
  controller.explainer.explain();
  await vi.waitFor(() => expect(run()?.steps.observe).toBe('Half a sen'));
  await lose({ kind: 'device-lost', detail: '' });
  expect(run()).toMatchObject({ phase: 'queued', steps: { observe: '' }, error: null });
  ready();
  await vi.waitFor(() => expect(run()).toMatchObject({ phase: 'running', steps: { observe: 'Half a sen' } }));
  await end(explained[0] ?? '');
  expect(run()?.phase).toBe('done');

  controller.explainer.explain();
  await vi.waitFor(() => expect(explained).toHaveLength(3));
  await lose({ kind: 'worker-died', detail: '' });
  ready();
  await vi.waitFor(() => expect(explained).toHaveLength(4));
  await lose({ kind: 'worker-died', detail: '' });
  ready();
  await settled();
  expect(explained).toHaveLength(4);
});

test('one that the user stops while it waits for the next worker is not begun anew', async () => {
  const { controller, ready, frame, lose, run, explained } = await setUp();
  await frame(1);
  controller.explainer.explain();
  await vi.waitFor(() => expect(explained).toHaveLength(1));
  await lose({ kind: 'worker-died', detail: '' });
  controller.stop();
  ready();
  await settled();
  expect(run()?.phase).toBe('stopped');
  expect(explained).toHaveLength(1);
});

test('where memory ran out, faces are read on without the language model, which is not tried again by itself', async () => {
  const { controller, store, say, frame, lose, run } = await setUp();
  await frame(1);
  controller.explainer.explain();
  await vi.waitFor(() => expect(run()?.phase).toBe('running'));
  expect(await lose({ kind: 'out-of-memory', detail: '' })).toMatchObject({ without: ['language-model'] });
  const { info } = store.get().model;
  expect(info).toBeNull();
  expect(store.get().model.parts['language-model'].error?.message).toContain('unloaded');
  await vi.waitFor(() => expect(run()).toMatchObject({ phase: 'failed', error: { code: 'out-of-memory' } }));
  for (const part of ['faces', 'reader'] as const) {
    say({
      type: 'ready',
      part,
      info: { packId: 'tiny', packVersion: '1', packHash: '', graphs: [], adapter: '', threads: 1, choices: null, notes: [] },
    });
  }
  await frame(2);
  const { id = '' } = store.get().items[0] ?? {};
  expect(controller.recorded.get(id)?.length).toBe(2);
  expect(await lose({ kind: 'out-of-memory', detail: '' })).toBeNull();
});

/** A video that plays, at its twentieth second. */
async function playing() {
  const page = openController({ worker: () => ({}) });
  page.ready();
  page.controller.openSession(keptSession([keptVideo({}, [], new Blob(['video']))]));
  page.controller.setPaused(false);
  await settled();
  const { element } = page.controller.source;
  element.currentTime = 20;
  return { ...page, element };
}

test('a video goes on from the frame that could not be read, unless somebody went elsewhere meanwhile', async () => {
  const { controller, element, lose, ready } = await playing();
  lose({ kind: 'worker-died', detail: '' });
  element.currentTime = 20.1; // it was told to stand still a little later
  ready();
  expect(element.currentTime).toBe(20);
  lose({ kind: 'worker-died', detail: '' });
  controller.moment.goTo(60);
  ready();
  expect(element.currentTime).toBe(60);
});

test('a video that nobody will read on by itself is paused, and not only still', async () => {
  const { store, lose, say } = await playing();
  lose({ kind: 'worker-died', detail: '' });
  expect(store.get().paused).toBe(false);
  say({ type: 'load-failed', part: 'faces', error: { code: 'internal', message: 'm', remedy: 'r' } });
  expect(store.get().paused).toBe(true);
});

test('a video that came to its end before anything could be read has its last frame read once it can be', async () => {
  const read = vi.fn(async () => {});
  const page = openController({ worker: () => ({ read }) });
  page.controller.openSession(keptSession([keptVideo({}, [], new Blob(['video']))]));
  page.controller.setPaused(false);
  await settled();
  Object.assign(page.controller.source.element, { paused: true });
  page.ready();
  await settled();
  expect(read).toHaveBeenCalledTimes(1);
});
