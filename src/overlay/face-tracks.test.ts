import { describe, expect, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { OverlayReading } from '../shared/overlay.ts';
import { FaceTracks, readStretches, secondsRead } from './face-tracks.ts';

const seen = (faceId: number, time: number, x: number, more: Partial<OverlayReading> = {}): OverlayReading =>
  reading({ faceId, time, box: { x, y: 10, width: 40, height: 50 }, ...more });
const times = (from: number, to: number, step: number) =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);
const xOf = (tracks: FaceTracks, time: number) => tracks.at(time).map(({ faceId, box }) => [faceId, box.x]);

describe('between two readings', () => {
  const tracks = new FaceTracks([seen(1, 0, 100, { emotion: 'fear' }), seen(1, 0.4, 140, { emotion: 'anger' })], [0, 0.4]);

  test('a box lies on the line between them, and the label is the earlier one', () => {
    expect(tracks.at(0.1)[0]?.box).toEqual({ x: 110, y: 10, width: 40, height: 50 });
    expect(tracks.at(0.3)[0]).toMatchObject({ time: 0.3, emotion: 'fear', box: { x: 130 } });
    expect(tracks.at(0.4)[0]).toMatchObject({ emotion: 'anger', box: { x: 140 } });
  });

  test('nothing is drawn before a face was seen', () => {
    expect(tracks.at(-0.1)).toEqual([]);
  });
});

test('a face that the next frame has lost stays until that frame, and no longer', () => {
  const tracks = new FaceTracks([seen(1, 0, 100), seen(2, 0, 300), seen(2, 0.5, 300), seen(1, 5, 100)], [0, 0.5, 1, 5]);
  expect(xOf(tracks, 0.3)).toEqual([
    [1, 100],
    [2, 300],
  ]);
  expect(xOf(tracks, 0.5)).toEqual([[2, 300]]);
  expect(xOf(tracks, 3)).toEqual([]);
});

test('sampled once in two seconds, a face still moves from one reading to the next; across a longer gap it does not', () => {
  const samples = [0, 2, 4, 6, 14];
  const tracks = new FaceTracks(
    samples.map((time) => seen(1, time, 10 * time)),
    samples,
  );
  expect(xOf(tracks, 3)).toEqual([[1, 30]]);
  expect(xOf(tracks, 10)).toEqual([]);
});

test('where a stretch was watched again, only the last pass is drawn there; both are covered', () => {
  const first = times(0, 4, 0.5).map((time) => seen(1, time, 100));
  const again = times(1, 2, 0.5).map((time) => seen(7, time, 110));
  const tracks = new FaceTracks([...first, ...again], times(0, 4, 0.5));
  expect(xOf(tracks, 1.5)).toEqual([[7, 110]]);
  expect(xOf(tracks, 3)).toEqual([[1, 100]]);
  expect(tracks.toCover(1.5)?.map(({ x }) => x)).toEqual([100, 110]);
});

test('a seek ahead is not a pass over what was skipped', () => {
  const first = times(0, 6, 0.5).map((time) => seen(1, time, 100));
  const tracks = new FaceTracks([...first, seen(1, 0, 50), seen(1, 6, 50)], times(0, 6, 0.5));
  expect(xOf(tracks, 3)).toEqual([[1, 100]]);
});

describe('what is covered', () => {
  test('all between the two places of a face, not only the line', () => {
    const tracks = new FaceTracks([seen(1, 0, 100), seen(1, 0.4, 140)], [0, 0.4]);
    expect(tracks.toCover(0.1)).toEqual([{ x: 100, y: 10, width: 80, height: 50 }]);
  });

  test('a face that comes or goes, for a second around', () => {
    const tracks = new FaceTracks([seen(1, 2, 100), seen(1, 2.5, 120)], times(0, 6, 0.5));
    expect(tracks.toCover(0.9)).toEqual([]);
    expect(tracks.toCover(1.1)?.[0]?.x).toBe(100);
    expect(tracks.toCover(3.4)?.[0]?.x).toBe(120);
    expect(tracks.toCover(3.6)).toEqual([]);
  });

  test('a face that was lost for up to two seconds, all that while', () => {
    const tracks = new FaceTracks([seen(1, 1, 100), seen(1, 2.8, 200)], times(0, 4, 0.2));
    expect(tracks.toCover(2)).toEqual([{ x: 100, y: 10, width: 140, height: 50 }]);
  });

  test('everything, where nobody looked', () => {
    const tracks = new FaceTracks([seen(1, 1, 100)], [...times(0, 2, 0.5), ...times(5, 6, 0.5)]);
    expect(tracks.toCover(2.3)).not.toBeNull();
    expect(tracks.toCover(2.4)).toBeNull();
    expect(tracks.toCover(4)).toBeNull();
    expect(tracks.toCover(4.7)).toEqual([]);
    expect(tracks.toCover(6.5)).toBeNull();
    expect(new FaceTracks([], []).toCover(0)).toBeNull();
  });

  test('everything, where frames were read a second apart: a face may come and go between them', () => {
    const samples = times(0, 6, 1);
    const tracks = new FaceTracks(
      samples.map((time) => seen(1, time, 100)),
      samples,
    );
    for (const time of [0, 0.2, 0.5, 3, 3.3]) expect(tracks.toCover(time)).toBeNull();
  });
});

test('stretches that were read, and how much of a range they are', () => {
  const stretches = readStretches([10, 10.5, 11, 3, 3.6, 8]);
  expect(stretches).toEqual([
    { from: 3, to: 3.6 },
    { from: 10, to: 11 },
  ]);
  expect(secondsRead(stretches, { from: 0, to: 20 })).toBeCloseTo(1.3 + 1.7);
  expect(secondsRead(stretches, { from: 10, to: 11 })).toBeCloseTo(1);
});

test('the trail of a face ends at the moment and goes four seconds back', () => {
  const tracks = new FaceTracks(
    times(0, 8, 1).map((time) => seen(1, time, 0)),
    times(0, 8, 1),
  );
  expect(tracks.trail(1, 6).map(({ time }) => time)).toEqual([2, 3, 4, 5, 6]);
  expect(tracks.trail(2, 6)).toEqual([]);
});
