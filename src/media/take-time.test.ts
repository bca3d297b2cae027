import { expect, test } from 'vitest';
import { closedSpans, mediaTimeOf, type TakeSpan, takeTimeOf } from './take-time.ts';

/** Begun 12 s into the session, paused from 15 to 20 s, ended at 24 s. */
const spans: TakeSpan[] = [
  { from: 12, to: 15, at: 0 },
  { from: 20, to: 24, at: 3 },
];

test('a moment lies where it was recorded; pauses and what was before and after are not there', () => {
  expect([12, 13.5, 15, 20, 22.5, 24].map((time) => takeTimeOf(spans, time))).toEqual([0, 1.5, 3, 3, 5.5, 7]);
  expect([5, 17, 30].map((time) => takeTimeOf(spans, time))).toEqual([null, null, null]);
  // A reading a frame before the first recorded one.
  expect(takeTimeOf(spans, 11.95)).toBe(0);
  expect(takeTimeOf(spans, 24.05)).toBe(7);
});

test('and back again, there and back being the same', () => {
  for (const time of [12, 12.7, 14.9, 20.1, 23.9]) expect(mediaTimeOf(spans, takeTimeOf(spans, time) ?? -1)).toBeCloseTo(time, 9);
  expect(mediaTimeOf(spans, 99)).toBe(24);
  expect(mediaTimeOf([], 3)).toBe(3);
});

test('what was cut off ends where the video does', () => {
  const cut: TakeSpan[] = [
    { from: 12, to: 15, at: 0 },
    { from: 20, to: null, at: 3 },
  ];
  expect(closedSpans(cut, 8)).toEqual([
    { from: 12, to: 15, at: 0 },
    { from: 20, to: 25, at: 3 },
  ]);
  expect(closedSpans(cut, 2).at(-1)).toEqual({ from: 20, to: 20, at: 3 });
});
