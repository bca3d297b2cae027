import { expect, test } from 'vitest';
import type { Mark } from '../export/session.ts';
import { withStart } from './mark-times.ts';

const mark: Mark = { id: 'm', kind: 'event', time: 12.345, end: 20, text: 'so' };
const extent = { from: 0, to: 90.27 };

test.each([
  ['0:15.5', 15.5],
  ['3', 3],
  ['0:20', 20],
  ['0', 0],
])('%s becomes the start, and nothing else changes', (typed, time) => {
  expect(withStart(mark, typed, extent)).toEqual({ ...mark, time });
});

test.each([
  ['0:20.1', 'after-end'],
  ['1:31', 'outside'],
  ['soon', 'no-time'],
  ['', 'no-time'],
  ['0:75', 'no-time'],
  ['-3', 'no-time'],
] as const)('%s is none: %s', (typed, problem) => {
  expect(withStart(mark, typed, extent)).toBe(problem);
});

test('what is shown of the start it has is that start, to the last digit', () => {
  expect(withStart(mark, '0:12.3', extent)).toBe(mark);
});

test('a moment may lie anywhere in the recording, its rounded end included, and never beyond', () => {
  expect(withStart({ ...mark, end: null }, '1:30.3', extent)).toEqual({ ...mark, end: null, time: 90.27 });
  expect(withStart({ ...mark, end: null }, '0:05', { from: 10, to: 30 })).toBe('outside');
});
