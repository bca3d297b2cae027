import { describe, expect, test } from 'vitest';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import { EMOTION_LABELS, type EmotionLabel, STEPS } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import {
  type Action,
  type AnalysisState,
  canStop,
  disagreement,
  initialState,
  reduce,
  runningExplanation,
  selectedItem,
  stepPhase,
} from './analysis-state.ts';
import type { Take } from './takes.ts';

const info: ModelInfo = { packId: 'tiny', packVersion: '1', packHash: '', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };

function reading(faceId: number, emotion: Reading['emotion'], side = 10): Reading {
  const probabilities = Object.fromEntries(EMOTION_LABELS.map((label) => [label, label === emotion ? 1 : 0])) as Record<
    EmotionLabel,
    number
  >;
  const box = { x: 0, y: 0, width: side, height: side };
  return {
    faceId,
    time: 0,
    box,
    roll: 0,
    score: 1,
    probabilities,
    emotion,
    valence: 0,
    arousal: 0,
    actionUnits: [],
    traits: [],
    landmarks: new Float32Array(0),
  };
}

const on = (event: AnalysisEvent): Action => ({ type: 'event', event });
const play = (actions: Action[], from: AnalysisState = initialState): AnalysisState => actions.reduce(reduce, from);
const added = (id: string, select = true): Action => ({ type: 'item-added', item: { id, kind: 'picture', name: id }, select });
const readingsOf = (runId: string, ...readings: Reading[]): Action =>
  on({ type: 'readings', runId, time: 0, width: 100, height: 50, readings, times: {} });
const asked = (itemId: string, runId: string): Action => ({
  type: 'explain-asked',
  itemId,
  runId,
  task: 'emotion',
  time: 0,
  snapshot: null,
});

const explaining: Action[] = [
  added('a'),
  asked('a', 'e1'),
  on({ type: 'started', runId: 'e1', task: 'emotion', time: 0 }),
  on({ type: 'step', runId: 'e1', step: 'observe' }),
  on({ type: 'text', runId: 'e1', step: 'observe', delta: 'One ' }),
  on({ type: 'text', runId: 'e1', step: 'observe', delta: 'face' }),
];

const run = (state: AnalysisState) => state.items.flatMap((item) => item.explanations)[0]!;

describe('loading', () => {
  test('the language model’s bytes are counted from where the small parts ended', () => {
    const { model } = play([
      on({ type: 'load-progress', loadedBytes: 8, totalBytes: 100, part: 'reader' }),
      on({ type: 'ready', part: 'reader', info }),
      on({ type: 'load-progress', loadedBytes: 42, totalBytes: 100, part: 'language-model' }),
      on({ type: 'load-progress', loadedBytes: 50, totalBytes: 100, part: 'language-model' }),
    ]);
    expect(model.fetching).toEqual({ part: 'language-model', before: 8 });
    expect(model.loadedBytes).toBe(50);
    expect(model.parts.reader.phase).toBe('ready');
    expect(model.parts['language-model'].phase).toBe('loading');
  });

  test('a part that failed leaves the others as they are, and loading again forgets the failure', () => {
    const error = { code: 'pack-missing', message: 'm', remedy: 'r' } as const;
    const failed = play([on({ type: 'ready', part: 'faces', info }), on({ type: 'load-failed', part: 'language-model', error })]);
    expect(failed.model.parts.faces.phase).toBe('ready');
    expect(failed.model.parts['language-model'].error).toEqual(error);
    expect(reduce(failed, { type: 'load-begun' }).model.parts['language-model'].error).toBeNull();
  });
});

describe('pictures', () => {
  test('each keeps its own readings, also while another one is shown', () => {
    const state = play([
      added('a'),
      added('b', false),
      { type: 'read-asked', itemId: 'a', runId: 'ra' },
      readingsOf('ra', reading(1, 'happiness')),
      { type: 'read-asked', itemId: 'b', runId: 'rb' },
      readingsOf('rb', reading(1, 'fear'), reading(2, 'anger')),
    ]);
    expect(state.items.map((item) => item.snapshot?.readings.map((each) => each.emotion))).toEqual([['happiness'], ['fear', 'anger']]);
    expect(selectedItem(state)?.id).toBe('a');
  });

  test('a failure stands beside what was read before it', () => {
    const error = { code: 'graph-failed', message: 'm', remedy: 'r' } as const;
    const state = play([
      added('a'),
      { type: 'read-asked', itemId: 'a', runId: 'r1' },
      readingsOf('r1', reading(1, 'happiness')),
      { type: 'read-asked', itemId: 'a', runId: 'r2' },
      on({ type: 'failed', runId: 'r2', error }),
    ]);
    expect(state.items[0]).toMatchObject({ phase: 'ready', error });
    expect(state.items[0]?.snapshot?.readings).toHaveLength(1);
  });

  test('deleting shows the neighbour, undo brings the item back to its place with what it held', () => {
    const before = play([added('a'), added('b', false), added('c', false), { type: 'item-selected', itemId: 'b' }, asked('b', 'e1')]);
    const deleted = reduce(before, { type: 'item-deleted', itemId: 'b' });
    expect(deleted.items.map((item) => item.id)).toEqual(['a', 'c']);
    expect(deleted.selectedId).toBe('c');
    const restored = reduce(deleted, { type: 'item-restored' });
    expect(restored.items.map((item) => item.id)).toEqual(['a', 'b', 'c']);
    expect(restored.selectedId).toBe('b');
    expect(restored.items[1]?.explanations[0]?.phase).toBe('stopped');
  });

  test('what takes a removed item’s place on the stage plays, and so does what comes back', () => {
    const before = play([added('a'), added('b', false), { type: 'paused', paused: true }]);
    const deleted = reduce(before, { type: 'item-deleted', itemId: 'a' });
    expect([deleted.selectedId, deleted.paused]).toEqual(['b', false]);
    expect(reduce({ ...deleted, paused: true }, { type: 'item-restored' }).paused).toBe(false);
    expect(reduce(before, { type: 'item-deleted', itemId: 'b' }).paused).toBe(true);
  });

  test('what never began goes without a trace, and leaves what was removed before it to be restored', () => {
    const before = play([added('a'), added('b', false), { type: 'item-deleted', itemId: 'a' }, added('c')]);
    const after = reduce(before, { type: 'item-dropped', itemId: 'c' });
    expect(after.items.map(({ id }) => id)).toEqual(['b']);
    expect(after.deleted?.item.id).toBe('a');
  });

  test('a camera or video that failed while it was read can be used again; one that could not be opened cannot', () => {
    const error = { code: 'graph-failed', message: 'm', remedy: 'r' } as const;
    const failed = (code: 'graph-failed' | 'video-broken', kind: 'camera' | 'video' | 'picture') =>
      play([
        { type: 'item-added', item: { id: 'a', kind, name: 'a' }, select: true },
        { type: 'item-failed', itemId: 'a', error: { ...error, code } },
        { type: 'error-dismissed', itemId: 'a' },
      ]).items[0];
    expect(failed('graph-failed', 'camera')).toMatchObject({ phase: 'ready', error: null });
    expect(failed('graph-failed', 'video')).toMatchObject({ phase: 'ready', error: null });
    expect(failed('video-broken', 'video')).toMatchObject({ phase: 'failed', error: null });
    expect(failed('graph-failed', 'picture')).toMatchObject({ phase: 'failed', error: null });
  });
});

describe('explaining', () => {
  test('text gathers in its step, and the steps light up in turn', () => {
    const state = play([...explaining, on({ type: 'step', runId: 'e1', step: 'cues' })]);
    expect(run(state).steps.observe).toBe('One face');
    expect(STEPS.map((step) => stepPhase(run(state), step))).toEqual(['past', 'current', 'ahead', 'ahead']);
    expect(runningExplanation(state)?.runId).toBe('e1');
  });

  test('after Stop the text stands still, whatever the worker still sends', () => {
    const stopped = play([...explaining, { type: 'explain-stopped', runId: 'e1' }]);
    expect(canStop(stopped)).toBe(false);
    const late = play(
      [
        on({ type: 'text', runId: 'e1', step: 'observe', delta: ' more' }),
        on({ type: 'failed', runId: 'e1', error: { code: 'cancelled', message: '', remedy: '' } }),
      ],
      stopped,
    );
    expect(run(late)).toMatchObject({ phase: 'stopped', error: null });
    expect(run(late).steps.observe).toBe('One face');
  });

  test('between two peaks of a round, too, Stop has something to stop', () => {
    const between = play([
      ...explaining,
      on({ type: 'done', runId: 'e1' }),
      { type: 'peak-rounds', rounds: [{ itemId: 'a', done: 1, all: 2 }] },
    ]);
    expect(canStop(between)).toBe(true);
    expect(canStop(play([{ type: 'peak-rounds', rounds: [] }], between))).toBe(false);
  });

  test('a failure keeps the text that was written', () => {
    const error = { code: 'device-lost', message: 'm', remedy: 'r' } as const;
    const state = play([...explaining, on({ type: 'failed', runId: 'e1', error })]);
    expect(run(state)).toMatchObject({ phase: 'failed', error });
    expect(run(state).steps.observe).toBe('One face');
  });

  test('done ends the run with all steps past', () => {
    const state = play([...explaining, on({ type: 'done', runId: 'e1' })]);
    expect(run(state).phase).toBe('done');
    expect(STEPS.map((step) => stepPhase(run(state), step))).toEqual(['past', 'past', 'past', 'past']);
    expect(canStop(state)).toBe(false);
  });
});

test('a recording that becomes whole while its item is deleted comes back with it', () => {
  const take: Take = { id: 't', type: 'video/webm', spans: [{ from: 2, to: null, at: 0 }], bytes: 0, length: null };
  const whole: Take = { ...take, spans: [{ from: 2, to: 5, at: 0 }], bytes: 9, length: 3 };
  const restored = play([
    { type: 'item-added', item: { id: 'c', kind: 'camera', name: 'Camera' }, select: true },
    { type: 'take-set', itemId: 'c', take },
    { type: 'item-deleted', itemId: 'c' },
    { type: 'take-set', itemId: 'c', take: whole },
    { type: 'item-restored' },
  ]);
  expect(restored.items[0]?.takes).toEqual([whole]);
});

test('marks lie in the order of time, are changed by their id, and come back where they were deleted', () => {
  const mark = (id: string, time: number, text = '') => ({ id, kind: 'event' as const, time, end: null, text });
  const marked = play([
    added('a'),
    { type: 'mark-set', itemId: 'a', mark: mark('m1', 5) },
    { type: 'mark-set', itemId: 'a', mark: mark('m2', 2) },
    { type: 'mark-set', itemId: 'a', mark: mark('m1', 5, 'door') },
  ]);
  const marks = (state: AnalysisState) => state.items[0]?.marks.map(({ id, text }) => id + text);
  expect(marks(marked)).toEqual(['m2', 'm1door']);
  const deleted = play([{ type: 'mark-deleted', itemId: 'a', markId: 'm2' }], marked);
  expect(marks(deleted)).toEqual(['m1door']);
  const restored = play([{ type: 'mark-restored' }], deleted);
  expect(marks(restored)).toEqual(['m2', 'm1door']);
  expect(restored.deletedMark).toBeNull();
  expect(play([{ type: 'mark-forgotten' }, { type: 'mark-restored' }], deleted).items).toEqual(deleted.items);
});

describe('disagreement', () => {
  const answered = (text: string, ...readings: Reading[]) =>
    run(
      play([
        ...explaining,
        readingsOf('e1', ...readings),
        on({ type: 'answer', runId: 'e1', answer: { text, distribution: [] }, times: {} }),
      ]),
    );

  test('is told where reader and text name different emotions', () => {
    expect(disagreement(answered('surprise', reading(1, 'fear')))).toEqual({ reader: 'fear', text: 'surprise' });
    expect(disagreement(answered('fear', reading(1, 'uncertain')))).toEqual({ reader: 'uncertain', text: 'fear' });
    expect(disagreement(answered(' Fear', reading(1, 'fear')))).toBeNull();
  });

  test('goes by the largest face, and is silent without one', () => {
    expect(disagreement(answered('anger', reading(1, 'fear', 10), reading(2, 'anger', 20)))).toBeNull();
    expect(disagreement(answered('anger'))).toBeNull();
  });
});
