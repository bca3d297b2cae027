import { describe, expect, it } from 'vitest';
import { calibrationPoints, kappa, mcNemar, wilsonInterval } from './evaluation-statistics.ts';

// The numbers expected here come from elsewhere: fractions worked out exactly, and Brown, Cai and DasGupta's formula in Python's decimals.

describe('wilsonInterval', () => {
  it.each([
    [8, 10, 0.4901625, 0.9433178],
    [0, 20, 0, 0.1611252],
    [20, 20, 0.8388748, 1],
    [50, 60, 0.7196839, 0.9068682],
  ])('of %i in %i', (hits, n, low, high) => {
    const interval = wilsonInterval(hits, n);
    expect(interval.low).toBeCloseTo(low, 6);
    expect(interval.high).toBeCloseTo(high, 6);
  });

  it('knows nothing of nothing', () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe('mcNemar', () => {
  it.each([
    // 2 · (C(10,0) + C(10,1)) / 2¹⁰
    [1, 9, 22 / 1024],
    [9, 1, 22 / 1024],
    // 2 · (1 + 12 + 66 + 220) / 2¹²
    [3, 9, 598 / 4096],
    [5, 5, 1],
    [0, 0, 1],
    [0, 6, 2 / 64],
  ])('of %i against %i', (onlyA, onlyB, p) => {
    expect(mcNemar(onlyA, onlyB)).toBeCloseTo(p, 12);
  });

  it('holds where 2ⁿ would overflow', () => {
    expect(mcNemar(980, 1120)).toBeCloseTo(0.0024116068, 9);
    expect(mcNemar(0, 5000)).toBeGreaterThanOrEqual(0);
    expect(mcNemar(2500, 2500)).toBeCloseTo(1, 6);
  });
});

describe('kappa', () => {
  it('is agreement beyond chance', () => {
    // Cohen's own kind of table: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: (0.7 − 0.5) / (1 − 0.5).
    const pairs = [
      ...Array.from({ length: 20 }, () => ['yes', 'yes'] as const),
      ...Array.from({ length: 5 }, () => ['yes', 'no'] as const),
      ...Array.from({ length: 10 }, () => ['no', 'yes'] as const),
      ...Array.from({ length: 15 }, () => ['no', 'no'] as const),
    ];
    expect(kappa(pairs)).toBeCloseTo(0.4, 12);
  });

  it('is whole where both always say the same', () => {
    expect(kappa([['a', 'a']])).toBe(1);
    expect(
      kappa([
        ['a', 'a'],
        ['b', 'b'],
      ]),
    ).toBe(1);
  });
});

describe('calibrationPoints', () => {
  const item = (label: string, answer: string | null, p: number) => ({
    file: '',
    label,
    answer,
    probabilities: answer === null ? null : { [answer]: p },
    text: null,
  });

  it('means confidence and counts hits in bins of a fifteenth; answers without a probability are in none', () => {
    const points = calibrationPoints([
      item('a', 'a', 0.81),
      item('a', 'b', 0.83),
      item('a', 'a', 0.2),
      item('a', 'a', 1),
      item('a', null, 0),
    ]);
    expect(points.map(({ n, accuracy }) => [n, accuracy])).toEqual([
      [1, 1],
      [2, 0.5],
      [1, 1],
    ]);
    expect(points[1]?.confidence).toBeCloseTo(0.82, 12);
  });
});
