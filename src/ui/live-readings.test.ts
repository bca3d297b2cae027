import { expect, test, vi } from 'vitest';
import type { Reading } from '../shared/readings.ts';
import { LiveReadings } from './live-readings.ts';

const face = (faceId: number, time: number, valence = 0): Reading => ({
  faceId,
  time,
  box: { x: 0, y: 0, width: 1, height: 1 },
  roll: 0,
  score: 1,
  probabilities: { neutral: 1, happiness: 0, surprise: 0, sadness: 0, anger: 0, disgust: 0, fear: 0, contempt: 0 },
  emotion: 'neutral',
  valence,
  arousal: 0,
  actionUnits: [],
  traits: [],
  landmarks: new Float32Array(0),
});
const frame = (time: number, ...readings: Reading[]) => ({ time, width: 4, height: 4, readings });

test('React is told only when faces come or go', () => {
  const live = new LiveReadings();
  const faces = vi.fn();
  const frames = vi.fn();
  live.onFaces(faces);
  live.onFrame(frames);
  live.publish(frame(0, face(1, 0)), 0);
  live.publish(frame(0.1, face(1, 0.1)), 100);
  live.publish(frame(0.2, face(2, 0.2), face(1, 0.2)), 200);
  expect(frames).toHaveBeenCalledTimes(3);
  expect(faces).toHaveBeenCalledTimes(2);
  expect(live.faceIds()).toEqual([1, 2]);
});

test('a trail holds the last seconds of its own face, oldest first, and ends with the face', () => {
  const live = new LiveReadings();
  for (let i = 0; i <= 100; i++) live.publish(frame(i / 10, face(1, i / 10, i / 100)), i * 100);
  const ages: number[] = [];
  live.trail(1)?.forEach(10, (age) => ages.push(Math.round(age * 10) / 10));
  expect(ages[0]).toBe(4);
  expect(ages.at(-1)).toBe(0);
  expect(ages).toEqual(ages.toSorted((a, b) => b - a));
  live.publish(frame(10.1), 10_100);
  expect(live.trail(1)).toBeNull();
});

test('the rate is that of the last two seconds; a still has none', () => {
  const live = new LiveReadings();
  for (let i = 0; i < 50; i++) live.publish(frame(i), i * 100);
  expect(live.rate(4900)).toBeCloseTo(10);
  live.show(frame(0, face(1, 0)));
  expect(live.rate(4900)).toBe(0);
});
