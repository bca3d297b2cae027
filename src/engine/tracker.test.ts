import { expect, test } from 'vitest';
import { Tracker } from './tracker.ts';

const box = (x: number, y = 100, size = 50) => ({ x, y, width: size, height: size });

test('two faces keep their ids while they move, in whatever order they are found', () => {
  const tracker = new Tracker();
  expect(tracker.update([box(0), box(300)], 0)).toEqual([1, 2]);
  expect(tracker.update([box(285), box(20)], 0.1)).toEqual([2, 1]);
  expect(tracker.update([box(40), box(270)], 0.2)).toEqual([1, 2]);
});

test('each face takes the nearest track, though both are within reach', () => {
  const tracker = new Tracker();
  tracker.update([box(0), box(60)], 0);
  expect(tracker.update([box(30), box(65)], 0.1)).toEqual([1, 2]);
});

test('a short gap keeps the id, a long one does not', () => {
  const tracker = new Tracker();
  tracker.update([box(0)], 0);
  expect(tracker.update([], 0.5)).toEqual([]);
  expect(tracker.update([box(10)], 0.9)).toEqual([1]);
  expect(tracker.update([box(10)], 3)).toEqual([2]);
});

test('a jump across the picture or in size is another face', () => {
  const tracker = new Tracker();
  tracker.update([box(0)], 0);
  expect(tracker.update([box(400)], 0.1)).toEqual([2]);
  expect(tracker.update([box(375, 75, 150)], 0.2)).toEqual([3]);
});

test('seeking back far forgets the faces, and ids are not used again', () => {
  const tracker = new Tracker();
  tracker.update([box(0)], 10);
  expect(tracker.update([box(0)], 2)).toEqual([2]);
  tracker.reset();
  expect(tracker.update([box(0)], 2)).toEqual([1]);
});
