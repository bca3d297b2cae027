import { expect, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import { isSeldom, keptReadTimes } from './read-times.ts';
import { newJob } from './video-job.ts';

const job = { ...newJob({ from: 1, to: 5, framesPerSecond: 2 }, 0, 1000), reached: 3 };

test('frames without a face are known from the job that read them, as far as it came', () => {
  const rows = [reading({ time: 1.48 }), reading({ faceId: 2, time: 1.48 }), reading({ time: 2 })];
  expect(keptReadTimes(rows, [job])).toEqual([1, 1.48, 2, 2.5, 3]);
  expect(keptReadTimes(rows, [])).toEqual([1.48, 2]);
});

test('a damaged stretch was not read, nor what a job has not come to', () => {
  expect(keptReadTimes([], [{ ...job, lost: [{ from: 1.5, to: 2.2 }] }])).toEqual([1, 2.5, 3]);
  expect(keptReadTimes([], [{ ...job, reached: null }])).toEqual([]);
});

test('a job that read every frame leaves no gap', () => {
  const times = keptReadTimes([], [{ ...job, framesPerSecond: null, phase: 'done' }]);
  expect([times[0], times.at(-1)?.toFixed(3)]).toEqual([1, '5.000']);
  expect(Math.max(...times.slice(1).map((time, i) => time - (times[i] ?? 0)))).toBeLessThan(0.11);
});

test('once a second is too seldom to hide a face, twice is not', () => {
  expect([1, 2, null].map((framesPerSecond) => isSeldom({ framesPerSecond }))).toEqual([true, false, false]);
});
