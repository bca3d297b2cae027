import { describe, expect, it } from 'vitest';
import { GREEDY, logSoftmaxOver, pick } from './sampler.ts';

describe('pick', () => {
  it('takes the likeliest id, the lowest at a tie', () => {
    expect(pick(Float32Array.of(0, 3, 3, 1), [])).toBe(1);
  });

  it('makes ids already written less likely, whatever the sign of their logit', () => {
    const options = { ...GREEDY, repetitionPenalty: 2 };
    expect(pick(Float32Array.of(3, 2), [0], options)).toBe(1);
    expect(pick(Float32Array.of(-1, -1.5), [0], options)).toBe(1);
  });

  it('does not write the same three ids twice', () => {
    const options = { ...GREEDY, noRepeatNgram: 3 };
    const logits = Float32Array.of(0, 0, 9, 1);
    expect(pick(logits, [0, 1, 2, 0, 1], options)).toBe(3);
    expect(pick(logits, [0, 1, 2, 1, 1], options)).toBe(2);
    expect(pick(logits, [0, 1], options)).toBe(2);
  });
});

describe('logSoftmaxOver', () => {
  it('gives log-probabilities that sum to one among the ids, however large the logits', () => {
    const values = logSoftmaxOver(Float32Array.of(1000, 1001, -5000), [1, 0]);
    expect(values.map(Math.exp).reduce((a, b) => a + b)).toBeCloseTo(1);
    expect((values[0] ?? 0) - (values[1] ?? 0)).toBeCloseTo(1);
  });
});
