import { expect, it } from 'vitest';
import { compareAnswers } from './compare-answers.ts';

const answer = (text: string, shares: Record<string, number> = {}) => ({
  text,
  distribution: Object.entries(shares).map(([option, probability]) => ({ option, probability })),
});

it('says whether both answer the same, whatever the case, and where their shares are farthest apart', () => {
  expect(compareAnswers(answer('Fear ', { fear: 0.6, anger: 0.4 }), answer('fear', { anger: 0.1, fear: 0.9 }))).toEqual({
    same: true,
    farthest: { option: 'fear', a: 0.6, b: 0.9 },
  });
  expect(compareAnswers(answer('a', { a: 0.5, b: 0.3, c: 0.2 }), answer('a', { a: 0.4, b: 0.6, c: 0 })).farthest?.option).toBe('b');
  expect(compareAnswers(answer('fear', { fear: 0.7, anger: 0.3 }), answer('anger', { anger: 0.95, joy: 0.05 }))).toEqual({
    same: false,
    farthest: { option: 'anger', a: 0.3, b: 0.95 },
  });
});

it('has no shares to set side by side where one gave none', () => {
  expect(compareAnswers(answer('fear', { fear: 1 }), answer('fear')).farthest).toBeNull();
});
