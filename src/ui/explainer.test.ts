import { afterEach, expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { MediaFrame } from '../media/frame.ts';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import type { ExplainOptions } from '../workers/api.ts';
import type { Snapshot } from './analysis-state.ts';
import type { Analyzer } from './analyzer.ts';
import type { ReplayedFrame } from './camera-takes.ts';
import { Explainer } from './explainer.ts';
import { KnownFrames } from './known-frames.ts';
import { LiveReadings } from './live-readings.ts';
import { ReadingLog } from './reading-log.ts';
import type { StagePainter } from './stage-painter.ts';
import { StateStore } from './state-store.ts';

const INFO: ModelInfo = { packId: 'tiny', packVersion: '1', packHash: '', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };
const settled = () => new Promise((resolve) => setImmediate(resolve));
afterEach(() => vi.unstubAllGlobals());

/** An image that has no size any more once it was closed; what is compressed of it can be unpacked. */
function picture(): ImageBitmap {
  const made = { width: 64, height: 48, close: () => Object.assign(made, { width: 0 }) };
  return made;
}

/** What is on the stage is a camera's, or a picture; the worker writes until it is let go. */
function setUp(kind: 'camera' | 'picture' = 'camera') {
  vi.stubGlobal('createImageBitmap', async ({ width }: ImageBitmap) =>
    width === 0 ? Promise.reject(new DOMException('closed', 'InvalidStateError')) : picture(),
  );
  const canvas = {
    getContext: () => ({ drawImage: () => {} }),
    toBlob: (done: BlobCallback) => done(Object.assign(new Blob(['jpeg']), { width: 64 })),
  };
  vi.stubGlobal('document', { createElement: () => ({ ...canvas }) });
  const store = new StateStore();
  const hear = (event: AnalysisEvent) => store.dispatch({ type: 'event', event });
  const begun: { runId: string; time: number; words: ExplainOptions['words']; readings: ExplainOptions['readings'] }[] = [];
  const finish = new Map<string, () => void>();
  const analyzer = {
    explain: (signal: AbortSignal, { time }: MediaFrame, { runId, task, words, readings }: ExplainOptions) =>
      new Promise<void>((resolve) => {
        begun.push({ runId, time, words, readings });
        hear({ type: 'started', runId, task, time });
        const end = (event: AnalysisEvent) => {
          hear(event);
          resolve();
        };
        finish.set(runId, () => end({ type: 'done', runId }));
        signal.addEventListener('abort', () => end({ type: 'failed', runId, error: { code: 'cancelled', message: '', remedy: '' } }));
      }),
  } as Partial<Analyzer> as Analyzer;
  const live = new LiveReadings();
  const painter = { copy: vi.fn(async () => picture()), endPeek: vi.fn() };
  const makeWay = vi.fn();
  const asked: string[] = [];
  let ids = 0;
  let replayed: ReplayedFrame | null = null;
  const replay = (frame: ReplayedFrame | null) => {
    replayed = frame;
  };
  const explainer = new Explainer({
    store,
    painter: painter as Partial<StagePainter> as StagePainter,
    live,
    known: new KnownFrames(new ReadingLog(), () => null),
    analyzer: () => analyzer,
    newId: (prefix) => `${prefix}-${++ids}`,
    picture: async (_itemId, runId) => {
      asked.push(runId);
      return { image: picture(), time: 0 };
    },
    makeWay,
    replayed: () => replayed,
  });
  store.dispatch({ type: 'item-added', item: { id: 'c', kind, name: 'c' }, select: true });
  const ready = () => {
    hear({ type: 'ready', part: 'language-model', info: INFO });
    explainer.pump();
  };
  /** The stage shows the frame of that time. */
  const show = (time: number): Snapshot => {
    const snapshot = { time, width: 64, height: 48, readings: [reading({ time })] };
    live.show(snapshot);
    return snapshot;
  };
  const runs = () => store.get().items[0]?.explanations ?? [];
  const done = async () => {
    finish.get(begun.at(-1)?.runId ?? '')?.();
    await settled();
  };
  return { store, explainer, painter, makeWay, asked, ready, show, replay, runs, begun, done };
}

test('what is shown is explained, with its readings and its frame; nothing before there is any', async () => {
  const { explainer, ready, show, runs, begun } = setUp();
  ready();
  explainer.explain();
  expect(runs()).toEqual([]);
  const shown = show(3);
  explainer.explain();
  await settled();
  expect(runs()).toMatchObject([{ time: 3, snapshot: shown, phase: 'running' }]);
  expect(begun).toMatchObject([{ time: 3, readings: shown.readings }]);
  expect(explainer.frames.has(runs()[0]?.runId ?? '')).toBe(true);
  expect(runs()[0]?.miniature).toMatch(/^data:image\/jpeg/);
});

test('a recorded frame that is shown in the live one’s place is what is explained, also one that nobody read', async () => {
  const { explainer, painter, ready, show, replay, runs, begun, done } = setUp();
  ready();
  show(30);
  const snapshot = { time: 3, width: 64, height: 48, readings: [reading({ time: 3 })] };
  replay({ image: picture(), time: 3, snapshot });
  explainer.explain();
  await settled();
  expect(begun).toMatchObject([{ time: 3, readings: snapshot.readings }]);
  await done();
  replay({ image: picture(), time: 5, snapshot: null });
  explainer.explain();
  await settled();
  expect(begun[1]).toMatchObject({ time: 5, readings: null });
  expect(painter.copy).not.toHaveBeenCalled();
  expect(
    runs()
      .map(({ time }) => time)
      .sort(),
  ).toEqual([3, 5]);
});

test('a picture is fetched when its turn comes, and asked for once, also while it waits for the model', async () => {
  const { explainer, asked, ready, runs, begun } = setUp('picture');
  explainer.explain();
  explainer.explain();
  await settled();
  expect([runs().length, asked.length]).toEqual([1, 0]);
  ready();
  await settled();
  expect(asked).toEqual([runs()[0]?.runId]);
  explainer.explain();
  expect([runs().length, begun.length]).toEqual([1, 1]);
});

test('words that were typed go with what is asked for; other words are another question', async () => {
  const { store, explainer, ready, show, runs, begun, done } = setUp();
  ready();
  show(1);
  const type = (words: string | null) => store.dispatch({ type: 'words-set', itemId: 'c', words });
  type('as if');
  explainer.explain();
  await settled();
  explainer.explain();
  explainer.explain();
  expect(runs()).toHaveLength(2);
  type('');
  explainer.explain();
  type(null);
  explainer.explain();
  explainer.explain();
  for (let left = 4; left > 0; left -= 1) await done();
  expect(begun.map(({ words }) => words)).toEqual(['as if', 'as if', '', null]);
  expect(runs().map(({ wordsGiven }) => wordsGiven)).toEqual(['as if', 'as if', '', undefined]);
});

test('what began by itself, without the typed words, makes way for what is asked for', async () => {
  const { store, explainer, makeWay, ready, show, runs, begun } = setUp();
  ready();
  const snapshot = show(1);
  store.dispatch({ type: 'words-set', itemId: 'c', words: 'as if' });
  const runId = explainer.newRun();
  store.dispatch({ type: 'explain-asked', itemId: 'c', runId, task: 'emotion', time: 1, snapshot, auto: true });
  explainer.add({ runId, itemId: 'c', task: 'emotion', snapshot }, explainer.keep(runId, picture()), 1);
  await settled();
  expect([begun[0]?.words, makeWay.mock.calls.length]).toEqual([null, 0]);
  explainer.explain();
  await settled();
  expect(makeWay).toHaveBeenCalledTimes(1);
  expect(runs().map(({ auto, phase }) => [auto ?? false, phase])).toEqual([
    [true, 'stopped'],
    [false, 'running'],
  ]);
});

test('what waits is explained, though its frame made way meanwhile for others that were looked at', async () => {
  const { store, explainer, ready, show, runs, done } = setUp();
  ready();
  show(1);
  explainer.explain();
  store.dispatch({ type: 'task-chosen', task: 'humor' });
  explainer.explain();
  await settled();
  for (let other = 0; other < 12; other += 1) explainer.frames.keep(`other${other}`, picture());
  expect(explainer.frames.get(runs()[1]?.runId ?? '')).toBeNull();
  await done();
  await settled();
  expect(runs().map(({ phase }) => phase)).toEqual(['done', 'running']);
});

test('a run that is withdrawn leaves no trace: neither on the stage nor a frame', async () => {
  const { store, explainer, painter, ready, show, runs } = setUp();
  ready();
  show(1);
  explainer.explain();
  await settled();
  const runId = runs()[0]?.runId ?? '';
  store.dispatch({ type: 'highlight', target: { runId, evidence: null } });
  explainer.withdraw(runId);
  await settled();
  expect([runs(), explainer.frames.has(runId), painter.endPeek.mock.calls.length]).toEqual([[], false, 1]);
});
