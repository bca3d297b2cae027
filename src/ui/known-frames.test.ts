import { expect, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { SessionReading } from '../export/session.ts';
import type { Item } from './analysis-state.ts';
import { keptVideo } from './controller.fixture.ts';
import { KnownFrames } from './known-frames.ts';
import { ReadingLog } from './reading-log.ts';
import { itemFrom } from './session-record.ts';
import { newJob, type VideoJob } from './video-job.ts';

const face = (time: number, faceId = 4) => reading({ time, faceId });
const frame = (time: number, readings: SessionReading[]) => ({ time, width: 64, height: 48, readings });

/** A video of which the first second was analysed. @param recorded what a job read from the frame that is asked for */
function setUp({ framesPerSecond = 2, recorded = null as SessionReading[] | 'ahead' | null, kind = 'video' as Item['kind'] } = {}) {
  const jobs: VideoJob[] = [{ ...newJob({ from: 0, to: 10, framesPerSecond }, 0, 5), phase: 'stopped', reached: 1, frames: 3 }];
  const item = { ...itemFrom(keptVideo({ jobs }, [])), kind };
  const log = new ReadingLog();
  log.takeBack(
    'v',
    [0, 0.5, 1].map((time) => face(time)),
    jobs,
  );
  return { item, log, known: new KnownFrames(log, () => recorded) };
}

test.each([
  ['a frame that was read', 2, 1, [face(1)], 1],
  ['one that was read as others were, without a face on it', 2, 0.75, [], 1],
  ['one between two that were read seldom: a face may have come and gone', 1, 0.75, [], null],
  ['one that no job had come to: a face may be anywhere', 2, 5, [], null],
])('where faces are on %s', (_which, framesPerSecond, time, readings, covered) => {
  const { item, known } = setUp({ framesPerSecond });
  expect(known.places(item, frame(time, readings))?.length ?? null).toBe(covered);
});

test('a frame that a job is yet to read may have faces anywhere, though frames beside it were watched', () => {
  const { item, known } = setUp({ recorded: 'ahead' });
  expect(known.places(item, frame(0.75, []))).toBeNull();
  expect(known.places(item, frame(1, [face(1)]))).toHaveLength(1);
});

test('of a camera’s frame it is known as soon as there are readings, also none; of no item, and before the first frame, it is not', () => {
  const { item, known } = setUp({ kind: 'camera' });
  expect(known.places(item, frame(50, []))).toEqual([]);
  expect(known.places(item, null)).toBeNull();
  expect(known.places(item, null, 0.9)).toHaveLength(1);
  expect(known.places(null, frame(1, [face(1)]))).toBeNull();
});

test('readings of a frame shortly before are not the frame’s own, where a job read that one', () => {
  const recorded = [face(0.5)];
  expect(setUp({ recorded }).known.isOwn(setUp().item, frame(0.7, recorded))).toBe(false);
  expect(setUp({ recorded }).known.isOwn(setUp().item, frame(0.501, recorded))).toBe(true);
  // An empty frame of a job says nothing of the one that is shown.
  expect(setUp({ recorded: [] }).known.isOwn(setUp().item, frame(0.5, []))).toBe(false);
  expect(setUp().known.isOwn(setUp().item, frame(0.7, recorded))).toBe(true);
  expect(setUp({ recorded, kind: 'camera' }).known.isOwn(setUp({ kind: 'camera' }).item, frame(0.7, recorded))).toBe(true);
});

test('of a recorded camera frame that nobody read, no face is no reading', () => {
  const { item, log, known } = setUp({ kind: 'camera' });
  expect(known.isOwn(item, frame(0.5, []))).toBe(true);
  expect(known.isOwn(item, frame(5, []))).toBe(false);
  log.add('v', 5, []);
  expect(known.isOwn(item, frame(5, []))).toBe(true);
});

test('what a job read from the very frame is given with merged faces as one; else nothing', () => {
  const { item, known } = setUp({ recorded: [face(0.5, 7)] });
  const merged = { ...item, people: { names: {}, sameAs: { 7: 4 } } };
  expect(known.recorded(merged, { width: 64, height: 48 }, 0.5)).toMatchObject({ time: 0.5, width: 64, readings: [{ faceId: 4 }] });
  expect(known.recorded(merged, { width: 64, height: 48 }, 0.7)).toBeNull();
  for (const recorded of ['ahead', null] as const)
    expect(setUp({ recorded }).known.recorded(item, { width: 64, height: 48 }, 0.5)).toBeNull();
});
