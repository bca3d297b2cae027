import { expect, test } from 'vitest';
import { parseClock } from './clock-text.ts';
import { clock } from './format.ts';

test('times as people write them, and as the page does', () => {
  expect(['90', '1:30', '1:02:03.5', '0:05,5', ' 7 '].map(parseClock)).toEqual([90, 90, 3723.5, 5.5, 7]);
  expect(['', '1:75', 'now', '-3', '1:2:3:4', '1:'].map(parseClock)).toEqual(Array(6).fill(null));
  for (const seconds of [0, 59.9, 61, 3723.5]) expect(parseClock(clock(seconds))).toBe(seconds);
});
