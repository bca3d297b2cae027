import { expect, test } from 'vitest';
import { atRest, canGoOn, clipped, givenUp, jobAt, newJob, opened, shareDone, stretchOf, type VideoJob } from './video-job.ts';

const job = (change: Partial<VideoJob> = {}): VideoJob => ({ ...newJob({ from: 0, to: 60, framesPerSecond: 5 }, 0.3, 1000), ...change });

test('a job ends where the file ends, whatever was asked for', () => {
  const facts = {
    decoder: 'webcodecs' as const,
    start: 0,
    end: 40,
    width: 64,
    height: 48,
    codec: 'vp09',
    rotation: 0,
    frameRate: 25,
    hasSound: null,
  };
  expect(opened(job(), facts)).toMatchObject({ to: 40, decoder: 'webcodecs', codec: 'vp09' });
  expect(opened(job({ to: null }), facts).to).toBe(40);
  expect(opened(job({ to: 12 }), facts).to).toBe(12);
});

test('how much is done, and which stretch that is', () => {
  expect([shareDone(job()), stretchOf(job())]).toEqual([0, null]);
  expect([shareDone(job({ reached: 15 })), stretchOf(job({ reached: 15 }))]).toEqual([0.25, { from: 0, to: 15 }]);
  expect(shareDone(job({ from: 20, to: 40, reached: 30 }))).toBe(0.5);
  // The last frame begins before the end of the range, and shows up to there.
  expect(stretchOf(job({ reached: 59.8, phase: 'done' }))).toEqual({ from: 0, to: 60 });
  // The first one may have begun before the range.
  expect(stretchOf(job({ from: 10, reached: 9.98 }))?.from).toBe(9.98);
});

test('after a reload nothing runs, and what is given up keeps what was read', () => {
  expect([atRest(job({ phase: 'running' })).phase, atRest(job()).phase, atRest(job({ phase: 'done' })).phase]).toEqual([
    'stopped',
    'stopped',
    'done',
  ]);
  expect(givenUp(job())).toBeNull();
  const failed = (code: 'video-codec' | 'internal') => job({ phase: 'failed', error: { code, message: '', remedy: '' } });
  expect([job({ phase: 'stopped' }), failed('internal'), failed('video-codec'), job({ phase: 'done' })].map(canGoOn)).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(givenUp(job({ reached: 12.4, phase: 'stopped' }))).toMatchObject({ to: 12.4, phase: 'done', dismissed: true });
});

test('a job that reads a stretch again leaves the rest to the earlier ones', () => {
  const whole = job({ phase: 'done', reached: 59.8 });
  const parts = clipped([whole], { from: 20, to: 30 });
  expect(parts.map(stretchOf)).toEqual([
    { from: 0, to: 20 },
    { from: 30, to: 60 },
  ]);
  expect(clipped([whole], { from: 0, to: 60 })).toEqual([]);
  const early = job({ from: 0, to: 10, phase: 'done', reached: 9.8 });
  expect(clipped([early], { from: 12, to: 20 })).toEqual([early]);
  expect([jobAt(parts, 25), jobAt(parts, 45)?.from]).toEqual([null, 30]);
});
