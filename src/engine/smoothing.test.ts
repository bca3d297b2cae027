import { expect, test } from 'vitest';
import { EMOTION_LABELS, type EmotionLabel } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { Smoother } from './smoothing.ts';

function reading(emotion: EmotionLabel, time: number, faceId = 1): Reading {
  const probabilities = Object.fromEntries(EMOTION_LABELS.map((label) => [label, label === emotion ? 1 : 0])) as Reading['probabilities'];
  const valence = emotion === 'happiness' ? 1 : 0;
  const box = { x: 0, y: 0, width: 1, height: 1 };
  return {
    faceId,
    time,
    box,
    roll: 0,
    score: 1,
    probabilities,
    emotion,
    valence,
    arousal: 0,
    actionUnits: [],
    traits: [],
    landmarks: new Float32Array(),
  };
}

test('after one time constant 63 % of a change has come through, in one frame or in many uneven ones', () => {
  for (const times of [[0.5], [0.1, 0.15, 0.4, 0.5]]) {
    const smoother = new Smoother(0.4);
    smoother.smooth(reading('neutral', 0), 0.5);
    const smoothed = times.map((time) => smoother.smooth(reading('happiness', time), 0.5)).at(-1);
    expect(smoothed?.probabilities.happiness).toBeCloseTo(1 - Math.exp(-1), 6);
    expect(smoothed?.valence).toBeCloseTo(1 - Math.exp(-1), 6);
    expect(Object.values(smoothed?.probabilities ?? {}).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1);
  }
});

test('what was measured stands beside what is smoothed, and nothing where they are the same', () => {
  const smoother = new Smoother(0.4);
  expect(smoother.smooth(reading('neutral', 0), 1).raw).toBeUndefined();
  const smoothed = smoother.smooth(reading('happiness', 0.1), 1);
  expect(smoothed.probabilities.happiness).toBeLessThan(0.2);
  expect(smoothed.raw).toEqual({ probabilities: reading('happiness', 0.1).probabilities, valence: 1, arousal: 0 });
  // The next is measured anew, not from the raw values of the one before.
  expect(smoother.smooth(reading('happiness', 0.2), 1).raw?.probabilities.happiness).toBe(1);
  expect(smoother.smooth(reading('neutral', 0.3), 0).raw).toBeUndefined();
});

test('the label follows the smoothed numbers: it turns uncertain on the way', () => {
  const smoother = new Smoother(0.6);
  smoother.smooth(reading('neutral', 0), 1);
  expect(smoother.smooth(reading('happiness', 0.1), 1).emotion).toBe('neutral');
  expect(smoother.smooth(reading('happiness', 0.7), 1).emotion).toBe('uncertain');
  expect(smoother.smooth(reading('happiness', 2.5), 1).emotion).toBe('happiness');
});

test('off is raw; faces do not mix; a seek and a long absence start afresh', () => {
  const smoother = new Smoother(0.4);
  smoother.smooth(reading('neutral', 0), 1);
  expect(smoother.smooth(reading('happiness', 0.1), 0).probabilities.happiness).toBe(1);
  expect(smoother.smooth(reading('sadness', 0.1, 2), 1).probabilities.sadness).toBe(1);
  expect(smoother.smooth(reading('anger', 0), 1).probabilities.anger).toBe(1);
  expect(smoother.smooth(reading('fear', 30), 1).probabilities.fear).toBe(1);
});
