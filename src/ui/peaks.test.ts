import { describe, expect, it, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import { EMOTION_LABELS, type EmotionLabel } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { type Peak, PeakFinder, PeakTurns } from './peaks.ts';

/** How much of an emotion a face shows at a time; the rest is neutral. */
type Course = (time: number) => Partial<Record<EmotionLabel, number>> & { valence?: number; arousal?: number };

function at(time: number, course: Course): Reading {
  const { valence = 0, arousal = 0, ...shown } = course(time);
  const probabilities = Object.fromEntries(EMOTION_LABELS.map((label) => [label, shown[label] ?? 0])) as Reading['probabilities'];
  probabilities.neutral = 1 - Object.values(shown).reduce((sum, share) => sum + share, 0);
  return reading({ time, probabilities, valence, arousal });
}

function peaks(seconds: number, course: Course, rate = 25, finder = new PeakFinder()): Peak[] {
  return Array.from({ length: Math.round(seconds * rate) }, (_, frame) => finder.add(at(frame / rate, course))).filter(
    (peak) => peak !== null,
  );
}

/** A smile that grows from `from` for half a second, stands for `stand` seconds and goes within half a second. */
const bump = (time: number, from: number, stand: number, height = 0.9) =>
  height * Math.max(0, Math.min(1, (time - from) / 0.5, (from + stand + 1 - time) / 0.5));

describe('PeakFinder', () => {
  it('finds one smile once, when it sets in and when it is strongest', () => {
    const found = peaks(12, (time) => ({ happiness: bump(time, 5, 0.2) }));
    expect(found).toHaveLength(1);
    expect(found[0]?.kind).toBe('happiness');
    // 0.35 of 0.9 after 0.19 s, a little more for the usual, which follows slowly.
    expect(found[0]?.onset).toBeGreaterThan(5.18);
    expect(found[0]?.onset).toBeLessThan(5.3);
    expect(found[0]?.time).toBeCloseTo(5.5, 1);
    expect(found[0]?.strength).toBeCloseTo(0.9 / 0.35, 0);
  });

  it.each([5, 10, 30])('finds the same at %d frames a second', (rate) => {
    const found = peaks(12, (time) => ({ surprise: bump(time, 5, 0.6) }), rate);
    expect(found.map(({ kind }) => kind)).toEqual(['surprise']);
    expect(Math.abs((found[0]?.time ?? 0) - 5.5)).toBeLessThanOrEqual(0.2);
  });

  it('tells of a peak as soon as the face begins to come back from it', () => {
    const finder = new PeakFinder();
    const course: Course = (time) => ({ happiness: bump(time, 5, 0.2) });
    const told = Array.from({ length: 300 }, (_, frame) => frame / 25).find((time) => finder.add(at(time, course)) !== null);
    expect(told).toBeGreaterThan(5.7); // it stands until then
    expect(told).toBeLessThan(5.8);
  });

  it('finds nothing in a still face, in noise, in a slow change and in a flicker', () => {
    expect(peaks(20, () => ({ sadness: 0.7 }))).toEqual([]);
    expect(peaks(20, (time) => ({ anger: 0.3 + 0.15 * Math.sin(40 * time) }))).toEqual([]);
    expect(peaks(60, (time) => ({ fear: Math.min(1, time / 60) }))).toEqual([]);
    expect(peaks(20, (time) => ({ happiness: Math.abs(time - 10) < 0.05 ? 1 : 0 }))).toEqual([]);
  });

  it('counts a trembling smile once: it has to come back first', () => {
    const trembling: Course = (time) => ({ happiness: time < 5 ? 0 : 0.65 + 0.12 * Math.sin(9 * time) });
    expect(peaks(8, trembling).map(({ kind }) => kind)).toEqual(['happiness']);
  });

  it('finds what one expression turns into, and the end of what had become usual', () => {
    const turning: Course = (time) => (time < 5 ? {} : time < 8 ? { happiness: 0.9 } : { anger: 0.9 });
    expect(peaks(11, turning).map(({ kind }) => kind)).toEqual(['happiness', 'anger']);
    const lasting: Course = (time) => ({ happiness: time < 5 || time > 25 ? 0 : 0.9 });
    expect(peaks(30, lasting).map(({ kind }) => kind)).toEqual(['happiness', 'neutral']);
  });

  it('pauses: of smiles half a second apart the second is none, three seconds apart both are', () => {
    const twice =
      (apart: number): Course =>
      (time) => ({ happiness: Math.max(bump(time, 5, 0), bump(time, 5 + apart, 0)) });
    expect(peaks(15, twice(1.1))).toHaveLength(1);
    expect(peaks(15, twice(4))).toHaveLength(2);
  });

  it('hears valence and arousal where no emotion says it', () => {
    const found = peaks(10, (time) => ({ arousal: bump(time, 4, 0.3, 0.8), valence: -bump(time, 4, 0.3, 0.3) }));
    expect(found.map(({ kind }) => kind)).toEqual(['arousal-up']);
    expect(peaks(10, (time) => ({ valence: -bump(time, 4, 0.3, 0.8) })).map(({ kind }) => kind)).toEqual(['valence-down']);
  });

  it('starts afresh after an absence and where a video is wound back', () => {
    const finder = new PeakFinder();
    expect(peaks(3, () => ({}), 25, finder)).toEqual([]);
    for (let frame = 0; frame < 50; frame += 1) expect(finder.add(at(20 + frame / 25, () => ({ happiness: 1 })))).toBeNull();
    for (let frame = 0; frame < 50; frame += 1) expect(finder.add(at(1 + frame / 25, () => ({ anger: 1 })))).toBeNull();
  });
});

test('of peaks that wait the newest has its turn, alone and after a pause', () => {
  const given: string[] = [];
  const turns = new PeakTurns<string>((what) => given.push(what), 10);
  turns.offer('a');
  expect(turns.take(0, false)).toBe('a');
  expect(turns.take(0.1, false)).toBeNull();
  turns.offer('b');
  expect(turns.take(1, true)).toBeNull();
  turns.offer('c');
  expect(given).toEqual(['b']);
  expect(turns.take(3, true)).toBeNull();
  expect(turns.take(12.9, false)).toBeNull();
  expect(turns.take(13, false)).toBe('c');
  turns.offer('d');
  turns.clear();
  expect(given).toEqual(['b', 'd']);
  expect(turns.take(99, false)).toBeNull();
});
