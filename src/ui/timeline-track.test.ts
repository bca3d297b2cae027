import { describe, expect, it } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { Reading } from '../shared/readings.ts';
import { rangeOf, showing, TimelineTrack, topOf, WHOLE, zoomed } from './timeline-track.ts';

/** Valence says when it was: 0 at the start, 1 at the end. */
function recording(seconds: number, rate = 25, faceId = 1, begin = 0): Reading[] {
  const frames = Math.round(seconds * rate);
  return Array.from({ length: frames }, (_, i) => reading({ faceId, time: begin + i / rate, valence: i / frames, arousal: -0.5 }));
}

describe('TimelineTrack', () => {
  it('draws an hour and ten seconds with about as many stretches, each the mean of what was read in it, without holes between frames', () => {
    const rows = recording(3600, 10);
    const track = new TimelineTrack();
    track.catchUp(rows);
    for (const [from, to] of [
      [0, 3599],
      [1000, 1010],
    ] as const) {
      const { times, values } = track.stretches([1], from, to, 400);
      expect(times.length).toBeGreaterThanOrEqual(75);
      expect(times.length).toBeLessThanOrEqual(401);
      values.forEach((value, i) => {
        expect(value?.valence).toBeCloseTo((times[i] ?? 0) / 3600, 2);
        expect(value?.arousal).toBeCloseTo(-0.5, 4);
        expect(value?.probabilities.happiness).toBeCloseTo(0.7, 4);
      });
    }
  });

  it('takes every row once, wherever the time begins, and leaves holes where nobody was', () => {
    const rows = recording(1, 25, 1, 90_000);
    const track = new TimelineTrack();
    expect(track.extent).toBeNull();
    track.catchUp(rows);
    track.catchUp(rows);
    rows.push(...recording(1, 25, 2, 90_005));
    track.catchUp(rows);
    expect(track.faceIds).toEqual([1, 2]);
    expect(track.extent?.from).toBe(90_000);
    const apart = track.stretches([1], 90_000, 90_006, 200);
    expect(apart.values.filter((value) => value !== null)).toHaveLength(10);
    expect(apart.values).toHaveLength(10);
    const both = track.stretches([1, 2], 90_000, 90_006, 200);
    expect(both.values.map((value) => value !== null)).toEqual([...Array(10).fill(true), false, ...Array(10).fill(true)]);
    expect(both.times[10]).toBeCloseTo(90_003, 0);
    expect(track.at([1], 90_003)).toBeNull();
    const there = track.at([2], 90_005.5);
    expect(there && topOf(there)).toBe('happiness');
    expect(there?.valence).toBeCloseTo(0.5, 1);
  });

  it('finds a face’s peaks as they come, and none twice where a video is seen again', () => {
    const changing = recording(12).map((row) => ({ ...row, valence: row.time > 6 && row.time < 7 ? 0.9 : 0 }));
    const track = new TimelineTrack();
    expect(track.catchUp(changing.slice(0, 150))).toEqual([]);
    const found = track.catchUp(changing);
    expect(found.map(({ faceId, kind }) => [faceId, kind])).toEqual([[1, 'valence-up']]);
    expect(track.catchUp([...changing, ...changing])).toEqual([]);
    expect(track.peaks).toEqual(found);
  });
});

describe('views', () => {
  const extent = { from: 10, to: 110 };
  it('shows all, or the newest of it', () => {
    expect(rangeOf(WHOLE, extent)).toEqual(extent);
    expect(rangeOf({ span: 30, end: null }, extent)).toEqual({ from: 80, to: 110 });
    expect(rangeOf({ span: 30, end: 20 }, extent)).toEqual({ from: 10, to: 40 });
    expect(rangeOf({ span: 300, end: 20 }, extent)).toEqual(extent);
  });

  it('zooms around a time, and back to all', () => {
    const close = zoomed(WHOLE, extent, 0.5, 60);
    expect(rangeOf(close, extent)).toEqual({ from: 35, to: 85 });
    expect(zoomed(close, extent, 4, 60)).toEqual(WHOLE);
    expect(zoomed(WHOLE, extent, 0.5, 110)).toEqual({ span: 50, end: null });
  });

  it('moves for a time outside of it, no more than needed', () => {
    const view = { span: 20, end: 60 };
    expect(showing(view, extent, 50)).toBe(view);
    expect(rangeOf(showing(view, extent, 30), extent)).toEqual({ from: 30, to: 50 });
    expect(rangeOf(showing(view, extent, 70), extent)).toEqual({ from: 50, to: 70 });
    expect(showing(WHOLE, extent, 500)).toBe(WHOLE);
  });
});
