import { expect, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import { readingsAt } from './recorded-frame.ts';
import { type Take, takeAt, withTake } from './takes.ts';

const size = { width: 640, height: 480 };
const rows = [reading({ faceId: 1, time: 1 }), reading({ faceId: 2, time: 1 }), reading({ faceId: 1, time: 1.4 })];

test('all faces of the frame nearest to a moment', () => {
  expect(readingsAt(rows, 1.1, size)).toMatchObject({ time: 1, width: 640, readings: [{ faceId: 1 }, { faceId: 2 }] });
  expect(readingsAt(rows, 1.3, size)).toMatchObject({ time: 1.4, readings: [{ faceId: 1 }] });
  expect(readingsAt(rows, 3, size)).toBeNull();
  // Another camera began anew: the later readings count.
  const again = [...rows, reading({ faceId: 7, time: 1 })];
  expect(readingsAt(again, 1, size)?.readings.map(({ faceId }) => faceId)).toEqual([7]);
});

test('of several takes the one that shows the moment, the newest first; none that is still recorded', () => {
  const take = (id: string, from: number, to: number | null): Take => ({
    id,
    type: 'video/webm',
    spans: [{ from, to, at: 0 }],
    bytes: 1,
    length: to === null ? null : to - from,
  });
  const takes = [take('a', 0, 5), take('b', 10, 15), take('c', 20, null)];
  expect(takeAt(takes, 12)).toMatchObject({ take: { id: 'b' }, at: 2 });
  expect(takeAt(takes, 7)).toBeNull();
  expect(takeAt(takes, 21)).toBeNull();
  expect(takeAt([...takes, take('d', 1, 3)], 2)).toMatchObject({ take: { id: 'd' }, at: 1 });
  expect(withTake(takes, take('b', 10, 16)).map(({ id, length }) => [id, length])).toEqual([
    ['a', 5],
    ['b', 6],
    ['c', null],
  ]);
});
