import { expect, test, vi } from 'vitest';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import type { ExplainOptions } from '../workers/api.ts';
import type { Analyzer } from './analyzer.ts';
import { DeepQueue } from './deep-queue.ts';
import { StateStore } from './state-store.ts';

const info: ModelInfo = { packId: 'tiny', packVersion: '1', packHash: '', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };

/** A worker that writes until it is let go; its runs end as the client's do. */
function setUp() {
  const store = new StateStore();
  const hear = (event: AnalysisEvent) => store.dispatch({ type: 'event', event });
  const begun: string[] = [];
  const told: ExplainOptions['words'][] = [];
  const ways: ExplainOptions['prompting'][] = [];
  const finish = new Map<string, () => void>();
  const analyzer: Analyzer = {
    load: async () => {},
    read: async () => {},
    analyzeVideo: async () => {},
    dispose: () => {},
    requests: async () => null,
    explain: (signal: AbortSignal, _frame, { runId, task, words, prompting }: ExplainOptions) =>
      new Promise((resolve) => {
        begun.push(runId);
        told.push(words);
        ways.push(prompting);
        hear({ type: 'started', runId, task, time: 0 });
        const end = (event: AnalysisEvent) => {
          hear(event);
          resolve();
        };
        finish.set(runId, () => end({ type: 'done', runId }));
        signal.addEventListener('abort', () => end({ type: 'failed', runId, error: { code: 'cancelled', message: '', remedy: '' } }));
      }),
  };
  const queue = new DeepQueue(store);
  const close = vi.fn();
  const ask = (runId: string, words: string | null = null) => {
    store.dispatch({ type: 'explain-asked', itemId: 'a', runId, task: 'emotion', time: 0, snapshot: null });
    queue.add(analyzer, {
      runId,
      itemId: 'a',
      task: 'emotion',
      snapshot: null,
      words,
      frame: async () => ({ image: { close } as unknown as ImageBitmap, time: 0 }),
    });
  };
  store.dispatch({ type: 'item-added', item: { id: 'a', kind: 'picture', name: 'a' }, select: true });
  const ready = () => {
    hear({ type: 'ready', part: 'language-model', info });
    return queue.pump(analyzer);
  };
  const phases = () => store.get().items[0]?.explanations.map((run) => run.phase);
  return { store, queue, analyzer, hear, begun, told, ways, finish, ask, ready, phases, close };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test('an explanation asked for too early waits for the language model, and begins by itself', async () => {
  const { ask, ready, begun, phases } = setUp();
  ask('e1');
  await settled();
  expect(begun).toEqual([]);
  expect(phases()).toEqual(['queued']);
  void ready();
  await settled();
  expect(phases()).toEqual(['running']);
});

test('explanations run one after another', async () => {
  const { ask, ready, begun, finish, phases } = setUp();
  void ready();
  ask('e1');
  ask('e2');
  await settled();
  expect(begun).toEqual(['e1']);
  finish.get('e1')?.();
  await settled();
  expect(begun).toEqual(['e1', 'e2']);
  expect(phases()).toEqual(['done', 'running']);
});

test('the language model is told the words that were typed; null where it is to read them, empty where there are none', async () => {
  const { ask, ready, told, finish } = setUp();
  void ready();
  for (const [runId, words] of [
    ['e1', 'no way'],
    ['e2', null],
    ['e3', ''],
  ] as const) {
    ask(runId, words);
    await settled();
    finish.get(runId)?.();
    await settled();
  }
  expect(told).toEqual(['no way', null, '']);
});

test('Stop shows at once, also for what waits, and the next explanation runs', async () => {
  const { ask, ready, queue, begun, phases } = setUp();
  void ready();
  ask('e1');
  ask('e2');
  await settled();
  queue.stop();
  expect(phases()).toEqual(['stopped', 'stopped']);
  await settled();
  expect(begun).toEqual(['e1']);
  ask('e3');
  await settled();
  expect(phases()).toEqual(['stopped', 'stopped', 'running']);
});

test('where the language model could not be loaded, what waited fails with that reason', async () => {
  const { ask, hear, queue, analyzer, phases, store, close } = setUp();
  ask('e1');
  const error = { code: 'pack-missing', message: 'm', remedy: 'r' } as const;
  hear({ type: 'load-failed', part: 'language-model', error });
  await queue.pump(analyzer);
  expect(phases()).toEqual(['failed']);
  expect(store.get().items[0]?.explanations[0]?.error).toEqual(error);
  expect(close).toHaveBeenCalledOnce();
});

test('one whose picture was closed while it waited ends, and the next one begins', async () => {
  const { queue, store, analyzer, ask, ready, phases } = setUp();
  store.dispatch({ type: 'explain-asked', itemId: 'a', runId: 'closed', task: 'emotion', time: 0, snapshot: null });
  queue.add(analyzer, {
    runId: 'closed',
    itemId: 'a',
    task: 'emotion',
    snapshot: null,
    words: null,
    frame: () => Promise.reject(new DOMException('The image source is detached.', 'InvalidStateError')),
  });
  ask('e2');
  void ready();
  await settled();
  expect(phases()).toEqual(['stopped', 'running']);
});

test('one run ends by itself, and the next one begins', async () => {
  const { ask, ready, begun, queue, phases, finish } = setUp();
  void ready();
  ask('by itself');
  ask('asked');
  await settled();
  queue.stopRun('by itself');
  expect(phases()).toEqual(['stopped', 'queued']);
  await settled();
  expect(begun).toEqual(['by itself', 'asked']);
  finish.get('asked')?.();
  await settled();
  expect(phases()).toEqual(['stopped', 'done']);
});

test('a run is asked as it was chosen when it was asked for, not as it is chosen when its turn comes', async () => {
  const { ask, ready, store, finish, ways } = setUp();
  void ready();
  store.dispatch({ type: 'prompting-chosen', prompting: 'plain' });
  ask('e1');
  store.dispatch({ type: 'prompting-chosen', prompting: 'emoprompt' });
  ask('e2');
  await settled();
  finish.get('e1')?.();
  await settled();
  expect(ways).toEqual(['plain', 'emoprompt']);
});
