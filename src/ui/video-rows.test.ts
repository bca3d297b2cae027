import { describe, expect, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { Reading } from '../shared/readings.ts';
import { FaceIds, frameAt, outside, settled } from './video-rows.ts';

const at = (time: number, x = 0, faceId = 1): Reading => reading({ time, faceId, box: { x, y: 0, width: 100, height: 100 } });
const timesOf = (rows: Iterable<Reading>) => [...rows].map(({ time }) => time);

test('rows of a stretch are taken out; where there are none, nothing is copied', () => {
  const rows = [at(1), at(2), at(3)];
  expect(timesOf(outside(rows, (time) => time >= 2 && time < 3))).toEqual([1, 3]);
  expect(outside(rows, (time) => time > 3)).toBe(rows);
});

test('what a job added at the end goes where its time is; the rest keeps its order', () => {
  const rows = [at(0.5), at(30), at(25), at(10), at(10.2)];
  expect(timesOf(settled(rows, { from: 10, to: 20 }))).toEqual([0.5, 10, 10.2, 30, 25]);
  const sorted = [at(1), at(10), at(30)];
  expect(settled(sorted, { from: 10, to: 20 })).toBe(sorted);
});

test('a moment shows the last frame that was read before it, not one of long ago', () => {
  const rows = [at(1, 0, 1), at(1, 300, 2), at(1.2), at(5)];
  expect(frameAt(rows, 1.1, 0.2).map(({ faceId }) => faceId)).toEqual([1, 2]);
  expect(timesOf(frameAt(rows, 1.2, 0.2))).toEqual([1.2]);
  expect(frameAt(rows, 4.9, 0.2)).toEqual([]);
  expect(frameAt(rows, 0.9, 0.2)).toEqual([]);
});

describe('face ids of a run', () => {
  const idsOf = (readings: readonly Reading[]) => readings.map(({ faceId }) => faceId);

  test('count from one where nothing is known', () => {
    const ids = new FaceIds([], 0);
    expect(idsOf(ids.of([at(0, 0, 1), at(0, 300, 2)]))).toEqual([1, 2]);
    expect(idsOf(ids.of([at(1, 500, 3)]))).toEqual([3]);
  });

  test('go on as those that stood at the same place at the same time, and others come after all', () => {
    const ids = new FaceIds([at(5, 0, 4), at(5, 300, 2)], 6);
    // The tracker counts the other way round this time.
    expect(idsOf(ids.of([at(5, 305, 1), at(5, 4, 2), at(5, 600, 3)]))).toEqual([2, 4, 7]);
    // And they stay that, wherever they go.
    expect(idsOf(ids.of([at(9, 0, 1), at(9, 300, 2)]))).toEqual([2, 4]);
    expect(idsOf(ids.of([at(9.2, 0, 4)]))).toEqual([8]);
  });

  test('no two faces of a frame are one', () => {
    const ids = new FaceIds([at(5, 0, 1)], 1);
    expect(idsOf(ids.of([at(5, 10, 1), at(5, 20, 2)]))).toEqual([1, 2]);
  });
});
