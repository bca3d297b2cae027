import { describe, expect, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { Reading } from '../shared/readings.ts';
import { type Action, type AnalysisState, initialState, reduce, selectedItem } from './analysis-state.ts';
import { LiveReadings } from './live-readings.ts';
import { mergeCandidates, NOBODY_KNOWN, nameOf, personOf } from './people.ts';
import { buildSession } from './session-export.ts';

const play = (actions: Action[], from: AnalysisState = initialState): AnalysisState => actions.reduce(reduce, from);
const camera: Action = { type: 'item-added', item: { id: 'c', kind: 'camera', name: 'Camera' }, select: true };
const named = (faceId: number, name: string): Action => ({ type: 'face-named', itemId: 'c', faceId, name });
const merged = (faceId: number, into: number): Action => ({ type: 'faces-merged', itemId: 'c', faceId, into });
const separated = (faceId: number): Action => ({ type: 'faces-separated', itemId: 'c', faceId });
const people = (state: AnalysisState) => selectedItem(state)?.people ?? NOBODY_KNOWN;
const names = (state: AnalysisState, ...ids: number[]) => ids.map((id) => nameOf(people(state), id));
const seen = (time: number, ...ids: number[]): Reading[] => ids.map((faceId) => reading({ faceId, time }));

describe('names', () => {
  test('a name is kept without the spaces around it, and an empty one takes it away', () => {
    const state = play([camera, named(2, '  Ada   Lovelace ')]);
    expect(names(state, 1, 2)).toEqual([null, 'Ada Lovelace']);
    expect(names(play([named(2, ' ')], state), 2)).toEqual([null]);
  });

  test('names belong to the item whose faces they are, and come back with it', () => {
    const state = play([camera, named(1, 'Ada'), { type: 'item-added', item: { id: 'd', kind: 'video', name: 'Clip' }, select: true }]);
    expect(names(state, 1)).toEqual([null]);
    const back = play([{ type: 'item-deleted', itemId: 'c' }, { type: 'item-restored' }], state);
    expect(names(back, 1)).toEqual(['Ada']);
  });
});

describe('merging', () => {
  test('two ids count as the earlier one, whichever was chosen, and its name is both’s', () => {
    for (const merge of [merged(3, 1), merged(1, 3)]) {
      const state = play([camera, named(3, 'Ada'), { type: 'face-selected', faceId: 3 }, merge]);
      expect([personOf(people(state), 1), personOf(people(state), 3)]).toEqual([1, 1]);
      expect(names(state, 1, 3)).toEqual(['Ada', 'Ada']);
      expect(state.selectedFace).toBe(1);
      expect(state.merge).toEqual({ itemId: 'c', faceId: 3, into: 1 });
    }
  });

  test('undone, both are as they were, with the names that they had', () => {
    const before = play([camera, named(1, 'Ada'), named(3, 'Ben')]);
    const together = play([merged(3, 1)], before);
    expect(names(together, 1, 3)).toEqual(['Ada', 'Ada']);
    const after = play([separated(3)], together);
    expect(people(after)).toEqual(people(before));
    expect(after.merge).toBeNull();
  });

  test('a face merged into one that is merged later goes with it; taking that one out takes both', () => {
    const state = play([camera, merged(5, 3), merged(3, 1), named(5, 'Ada')]);
    expect(names(state, 1, 3, 5)).toEqual(['Ada', 'Ada', 'Ada']);
    const apart = people(play([separated(3)], state));
    expect([1, 3, 5].map((id) => personOf(apart, id))).toEqual([1, 3, 3]);
  });

  test('merging what is merged already changes nothing', () => {
    const state = play([camera, merged(3, 1), { type: 'merge-accepted' }]);
    expect(play([merged(1, 3)], state)).toBe(state);
  });

  test('only who was never in view together with a face may be the same person; last seen first', () => {
    const recorded = [...seen(0, 1, 2), ...seen(1, 2), ...seen(2, 3, 2), ...seen(3, 4), ...seen(4, 2)];
    expect(mergeCandidates(recorded, NOBODY_KNOWN, 3)).toEqual([
      { faceId: 4, lastSeen: 3 },
      { faceId: 1, lastSeen: 0 },
    ]);
    // As one person, 1 and 3 were seen together with 2.
    expect(mergeCandidates(recorded, people(play([camera, merged(3, 1)])), 2)).toEqual([{ faceId: 4, lastSeen: 3 }]);
  });
});

describe('on show', () => {
  const snapshot = (...readings: Reading[]) => ({ time: 0, width: 640, height: 360, readings });

  test('a merged face is shown under the earlier id at once and from then on, and under its own again after undo', () => {
    const live = new LiveReadings();
    live.publish(snapshot(...seen(0, 2, 3)), 0);
    const state = play([camera, merged(3, 1)]);
    live.setPeople(people(state));
    expect(live.faceIds()).toEqual([1, 2]);
    live.publish(snapshot(...seen(1, 3)), 100);
    expect(live.faceIds()).toEqual([1]);
    expect(live.trail(1)).not.toBeNull();
    live.setPeople(people(play([separated(3)], state)));
    expect(live.faceIds()).toEqual([3]);
  });

  test('two faces of a frame stay two, whatever was merged', () => {
    const live = new LiveReadings();
    live.setPeople(people(play([camera, merged(3, 1), merged(4, 1)])));
    live.publish(snapshot(...seen(0, 1, 3)), 0);
    expect(live.faceIds()).toEqual([1, 3]);
    live.publish(snapshot(...seen(1, 4, 3)), 100);
    expect(live.faceIds()).toEqual([1, 4]);
  });
});

test('an export has the names, and counts merged faces as one from the beginning; after undo it has them apart', () => {
  const recorded = new Map([['c', [...seen(0, 1, 2), ...seen(1, 2), ...seen(2, 2, 3)]]]);
  const state = play([camera, named(2, 'Ben'), named(3, 'Ada'), merged(3, 1)]);
  const exported = (from: AnalysisState) => {
    const [item] = buildSession(from, recorded, {}, '1').items;
    return { names: item?.names, rows: item?.readings.map((row) => [row.time, row.faceId]) };
  };
  expect(exported(state)).toEqual({
    names: { 1: 'Ada', 2: 'Ben' },
    rows: [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 1],
      [2, 2],
    ],
  });
  expect(exported(play([separated(3)], state))).toEqual({
    names: { 2: 'Ben', 3: 'Ada' },
    rows: [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 2],
      [2, 3],
    ],
  });
});
