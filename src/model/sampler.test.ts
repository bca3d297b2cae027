import { describe, expect, it } from 'vitest';
import { ArrayLogits } from './logits.ts';
import { logSoftmax, pick } from './sampler.ts';

const logits = (...values: number[]) => new ArrayLogits(Float32Array.from(values));

describe('pick', () => {
  it('takes the likeliest id, the lowest at a tie', async () => {
    expect(await pick(logits(0, 3, 3, 1), [])).toBe(1);
  });

  it('does not write the same three ids twice', async () => {
    const two = logits(0, 0, 9, 1);
    expect(await pick(two, [0, 1, 2, 0, 1], 3)).toBe(3);
    expect(await pick(two, [0, 1, 2, 1, 1], 3)).toBe(2);
    expect(await pick(two, [0, 1], 3)).toBe(2);
  });

  it('fails where there is nothing to pick', async () => {
    await expect(pick(logits(Number.NaN, Number.NaN), [])).rejects.toThrow(RangeError);
  });
});

describe('logSoftmax', () => {
  it('gives log-probabilities that sum to one among the ids, however large the logits', () => {
    const values = logSoftmax([1001, 1000]);
    expect(values.map(Math.exp).reduce((a, b) => a + b)).toBeCloseTo(1);
    expect((values[0] ?? 0) - (values[1] ?? 0)).toBeCloseTo(1);
  });
});
