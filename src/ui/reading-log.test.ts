import { expect, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { KeptReadings } from './kept-readings.ts';
import { ReadingLog } from './reading-log.ts';
import { newJob } from './video-job.ts';

const face = (time: number, faceId = 1) => reading({ time, faceId });
const none = Object.fromEntries(EMOTION_LABELS.map((label) => [label, 0])) as Reading['probabilities'];
/** Neutral, but for a smile of a second that begins at 5 s. */
function smiling(time: number): Reading {
  const happiness = 0.9 * Math.max(0, Math.min(1, (time - 5) / 0.5, (6 - time) / 0.5));
  return reading({ time, probabilities: { ...none, happiness, neutral: 1 - happiness }, valence: 0, arousal: 0 });
}

test('a frame without a face was read, too; the one that was read last is known', () => {
  const log = new ReadingLog();
  expect([log.lastTime('c'), log.of('c').length]).toEqual([null, 0]);
  log.add('c', 1, [face(1), face(1, 2)]);
  log.add('c', 2, []);
  expect([log.times('c'), log.lastTime('c')]).toEqual([[1, 2], 2]);
  expect([...log.of('c')].map(({ time, faceId }) => [time, faceId])).toEqual([
    [1, 1],
    [1, 2],
  ]);
  expect([log.isReadNear('c', 2.3, 0.35), log.isReadNear('c', 2.4, 0.35), log.isReadNear('d', 2, 9)]).toEqual([true, false, false]);
});

test('a peak is told once, with the frame that makes it known, also where the timeline was drawn meanwhile', () => {
  const log = new ReadingLog();
  const found: number[] = [];
  for (let frame = 0; frame < 200; frame += 1) {
    const time = frame / 25;
    for (const peak of log.add('c', time, [smiling(time)])) found.push(peak.time);
    log.track('c');
  }
  expect(found).toHaveLength(1);
  expect(found[0]).toBeCloseTo(5.5, 1);
  expect(log.track('c').peaks.map((peak) => peak.time)).toEqual(found);
});

test('where a job puts other readings in place, the timeline is drawn from those alone', () => {
  const log = new ReadingLog();
  log.add('v', 1, [face(1)]);
  log.add('v', 9, [face(9)]);
  expect(log.track('v').extent).toEqual({ from: 1, to: 9 });
  log.drop('v', (time) => time > 5);
  log.rows.set('v', new KeptReadings([face(1), face(2)]));
  expect(log.times('v')).toEqual([1, 2]);
  log.readByJob('v', [2], true);
  expect(log.track('v').extent).toEqual({ from: 1, to: 2 });
  expect(log.times('v')).toEqual([1, 2]);
  log.readByJob('v', [3], false);
  expect(log.times('v')).toEqual([1, 2, 3]);
});

test('what comes out of the storage is known with the frames of its jobs, and another tracker’s faces come after its own', () => {
  const log = new ReadingLog();
  const job = { ...newJob({ from: 0, to: 2, framesPerSecond: 1 }, 0, 5), reached: 2 };
  log.takeBack('v', [face(1, 3)], [job]);
  expect(log.times('v')).toEqual([0, 1, 2]);
  expect(log.recognised('v', [face(1, 1)]).map(({ faceId }) => faceId)).toEqual([4]);
  log.rows.set('v', new KeptReadings([face(1, 8)]));
  log.newTracker('v');
  expect(log.recognised('v', [face(1, 1)]).map(({ faceId }) => faceId)).toEqual([9]);
});

test('with another worker, who stays where a face was is that one', () => {
  const log = new ReadingLog();
  log.add('c', 1, [face(1, 7)]);
  log.newWorker();
  expect(log.recognised('c', [face(4, 1)]).map(({ faceId }) => faceId)).toEqual([7]);
});

test('of what is forgotten nothing is left', () => {
  const log = new ReadingLog();
  log.takeBack('v', [face(1, 3)], []);
  expect(log.track('v').extent).toEqual({ from: 1, to: 1 });
  log.forget('v');
  expect([log.of('v').length, log.times('v'), log.track('v').extent, log.recognised('v', [face(1)])[0]?.faceId]).toEqual([0, [], null, 1]);
});
