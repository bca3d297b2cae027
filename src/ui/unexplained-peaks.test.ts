import { expect, test } from 'vitest';
import type { Explanation } from './analysis-state.ts';
import type { Peak } from './peaks.ts';
import { NOBODY_KNOWN } from './people.ts';
import { explained } from './session.fixture.ts';
import { isExplained, unexplainedPeaks } from './unexplained-peaks.ts';

const peak = (time: number, strength: number, faceId = 1): Peak => ({ faceId, onset: time - 0.2, time, strength, kind: 'happiness' });
const run = (time: number, changes: Partial<Explanation> = {}) => explained({ runId: `r${time}`, time, ...changes });
const times = (peaks: Peak[]) => peaks.map(({ time }) => time);

test('the strongest comes first, and what is explained half a second away is not explained again', () => {
  const peaks = [peak(1, 1.2), peak(4, 2), peak(8, 1.5)];
  expect(times(unexplainedPeaks(peaks, [], 'emotion', NOBODY_KNOWN, null))).toEqual([4, 8, 1]);
  expect(times(unexplainedPeaks(peaks, [run(4.5), run(8.6)], 'emotion', NOBODY_KNOWN, null))).toEqual([8, 1]);
  expect(peaks[0]?.time).toBe(1);
});

test('a text that ended without an answer, or was of another task, explains nothing; one that is being written does', () => {
  expect(isExplained([run(1, { phase: 'stopped' }), run(1, { phase: 'failed' })], 'emotion', 1)).toBe(false);
  expect(isExplained([run(1, { task: 'humor' })], 'emotion', 1)).toBe(false);
  expect(isExplained([run(1, { phase: 'running' })], 'emotion', 1)).toBe(true);
});

test('faces that change together are one moment; a picked person has the peaks of all faces merged into it', () => {
  const peaks = [peak(1, 1.2), peak(1.3, 1.8, 2), peak(5, 1.1, 3), peak(9, 1, 1)];
  expect(times(unexplainedPeaks(peaks, [], 'emotion', NOBODY_KNOWN, null))).toEqual([1.3, 5, 9]);
  const people = { names: {}, sameAs: { 3: 1 } };
  expect(times(unexplainedPeaks(peaks, [], 'emotion', people, 1))).toEqual([1, 5, 9]);
  expect(times(unexplainedPeaks(peaks, [], 'emotion', people, 2))).toEqual([1.3]);
});
