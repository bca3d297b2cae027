import { expect, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import { rowsBetween } from './rows-between.ts';

const row = (time: number, faceId = 1) => reading({ time, faceId });

test('gives all rows of a stretch, however they are ordered, those of a moment as they came', () => {
  const rows = [row(5.2), row(-0.3), row(0.9), row(2, 2), row(2, 1), row(1.4), row(0.9, 3), row(3.01)];
  for (const [from, to] of [
    [-1, 10],
    [0.9, 2],
    [1.5, 1.9],
    [-0.5, 0],
    [2, 2],
  ] as const) {
    const expected = rows.filter(({ time }) => time >= from && time <= to).sort((a, b) => Math.floor(a.time) - Math.floor(b.time));
    expect(rowsBetween(rows, from, to)).toEqual(expected);
  }
  expect(rowsBetween(rows, 2, 2).map(({ faceId }) => faceId)).toEqual([2, 1]);
});

test('finds what was added since, and does not go through the rest again', () => {
  let looked = 0;
  const rows = Array.from({ length: 1000 }, (_, k) => ({
    ...row(k),
    get time() {
      looked += 1;
      return k;
    },
  }));
  expect(rowsBetween(rows, 500, 500)).toHaveLength(1);
  looked = 0;
  rows.push({ ...row(500, 2), time: 500 });
  expect(rowsBetween(rows, 499, 501).map(({ faceId }) => faceId)).toEqual([1, 1, 2, 1]);
  expect(looked).toBeLessThan(20);
});
