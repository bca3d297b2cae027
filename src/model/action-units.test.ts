import { expect, test } from 'vitest';
import { findActionUnits, measureActionUnit } from './action-units.ts';

const eyeCorners = [0, 1];
/** Eye corners, then two points. */
const upright = Float32Array.of(100, 100, 200, 100, 130, 150, 170, 180);
const term = (kind: 'dx' | 'dy' | 'length') => ({ terms: [{ kind, from: 2, to: 3, weight: 1 }] });

/** The same face, turned by 0.6 rad, grown by 1.7 and moved. */
const turned = Float32Array.from({ length: 8 }, (_, i) => {
  const x = (upright[i - (i % 2)] ?? 0) * 1.7;
  const y = (upright[i - (i % 2) + 1] ?? 0) * 1.7;
  return i % 2 === 0 ? x * Math.cos(0.6) - y * Math.sin(0.6) + 30 : x * Math.sin(0.6) + y * Math.cos(0.6) - 12;
});

test('distances are over the eye distance, y down, whatever the size and tilt', () => {
  for (const landmarks of [upright, turned]) {
    expect(measureActionUnit(term('dx'), landmarks, eyeCorners)).toBeCloseTo(0.4, 4);
    expect(measureActionUnit(term('dy'), landmarks, eyeCorners)).toBeCloseTo(0.3, 4);
    expect(measureActionUnit(term('length'), landmarks, eyeCorners)).toBeCloseTo(0.5, 4);
  }
});

test('terms add up by weight; the probability is one half where slope · deviations equals the offset', () => {
  const rule = {
    code: 'AU12',
    cue: 'lip corners pulled up',
    source: 'test',
    terms: [
      { kind: 'dx' as const, from: 2, to: 3, weight: 2 },
      { kind: 'dy' as const, from: 2, to: 3, weight: -1 },
    ],
    mean: 0.3,
    deviation: 0.1,
    slope: 1.5,
    offset: 3,
  };
  // 2 · 0.4 − 0.3 = 0.5: two deviations above neutral.
  expect(findActionUnits([rule], upright, eyeCorners)[0]?.probability).toBeCloseTo(0.5, 4);
  expect(findActionUnits([{ ...rule, mean: 0.5 }], upright, eyeCorners)[0]?.probability).toBeLessThan(0.1);
});

test('without landmarks, or without a scale, nothing is shown', () => {
  const rule = { code: 'AU26', cue: 'jaw dropped', source: 'test', ...term('dy'), mean: 0, deviation: 1, slope: 1, offset: 0 };
  expect(findActionUnits([rule], new Float32Array(), eyeCorners)).toEqual([]);
  expect(findActionUnits([rule], new Float32Array(8), eyeCorners)).toEqual([{ code: 'AU26', probability: 0 }]);
});
