import { describe, expect, it } from 'vitest';
import { ArrayLogits } from '../model/logits.ts';
import { EMOTION_LABELS, type EmotionLabel } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { Decision, evidenceShares, pooled } from './decision.ts';

/** Each word is an id. */
const WORDS = ['<none>', 'it', 'suggests', 'speaks', 'for', 'irony', 'plain', 'mockery', 'sober', 'talk'];
const tokenizer = {
  encode: (text: string) =>
    text
      .trim()
      .split(' ')
      .map((word) => WORDS.indexOf(word)),
};
const ids = (text: string): number[] => tokenizer.encode(text);
const logitsOf = (scores: Record<string, number>) => new ArrayLogits(Float32Array.from(WORDS, (word) => scores[word] ?? 0));
const wordOf = (id: number | null): string | null => (id === null ? null : (WORDS[id] ?? null));

const PROMPT = { meaningAfter: [['suggests'], ['speaks for']] };
const CALIBRATION = {
  task: 'sarcasm' as const,
  options: ['yes', 'no'],
  scale: 1,
  evidence: 1,
  bias: [0, 0],
  meanings: [
    ['irony', 'mockery'],
    ['plain', 'sober talk'],
  ],
};

describe('pooled', () => {
  it('lets each have its say as far as its weight goes', () => {
    const weights = { scale: 2, evidence: 0.5, bias: [0, 0] };
    const [yes = 0, no = 0] = pooled([0.6, 0.4], [0.2, 0.8], weights);
    expect(yes / no).toBeCloseTo(((0.6 / 0.4) ** 2 * (0.2 / 0.8) ** 0.5) as number, 9);
    expect(yes + no).toBeCloseTo(1, 9);
  });

  it('is the model’s own calibrated probability where there is no evidence, and finite where a share is nothing', () => {
    expect(pooled([0.6, 0.4], null, { scale: 1, evidence: 9, bias: [0, 0] })).toEqual([expect.closeTo(0.6), expect.closeTo(0.4)]);
    const [yes = 0] = pooled([0.5, 0.5], [1, 0], { scale: 1, evidence: 1, bias: [0, 0] });
    expect(yes).toBeGreaterThan(0.99);
    expect(yes).toBeLessThan(1);
  });
});

describe('evidenceShares', () => {
  const face = { probabilities: Object.fromEntries(EMOTION_LABELS.map((label, index) => [label, index / 28])) } as unknown as Reading;

  it('is the largest face’s reading, where its emotions are asked', () => {
    const shares = evidenceShares(EMOTION_LABELS, [face, { probabilities: {} } as Reading]);
    expect(shares).toEqual(EMOTION_LABELS.map((label: EmotionLabel) => face.probabilities[label]));
  });

  it('is nothing where other options are asked, or there is no face', () => {
    expect(evidenceShares(['yes', 'no'], [face])).toBeNull();
    expect(evidenceShares(EMOTION_LABELS, [])).toBeNull();
  });
});

describe('Decision', () => {
  const of = (shares: number[] | null) => {
    const decision = Decision.of(tokenizer, PROMPT, CALIBRATION, shares);
    if (!decision) throw new Error('none');
    return decision;
  };

  it('is due right behind the words that say how strong the evidence is, with the meanings of that strength', async () => {
    const decision = of(null);
    expect(await decision.next(ids('it'), logitsOf({ irony: 3 }))).toBeNull();
    expect(await decision.next(ids('it speaks'), logitsOf({ irony: 3 }))).toBeNull();
    expect(decision.probabilities).toBeNull();
    // `irony` is of the other strength.
    expect(wordOf(await decision.next(ids('it speaks for'), logitsOf({ irony: 9, sober: 2, mockery: 1 })))).toBe('sober');
    expect(decision.probabilities).toEqual([expect.closeTo(1 / (1 + Math.E)), expect.closeTo(Math.E / (1 + Math.E))]);
  });

  it('is turned by evidence that is surer than the model', async () => {
    const model = logitsOf({ irony: 1, plain: 0 });
    expect(wordOf(await of([0.5, 0.5]).next(ids('suggests'), model))).toBe('irony');
    const turned = of([0.1, 0.9]);
    expect(wordOf(await turned.next(ids('suggests'), model))).toBe('plain');
    expect(turned.probabilities?.[1]).toBeCloseTo(9 / (9 + Math.E), 6);
  });

  it('says the same when it is asked again, as drafts are checked, and decides once', async () => {
    const decision = of(null);
    const model = logitsOf({ irony: 1 });
    const first = await decision.next(ids('suggests'), model);
    expect(await decision.next(ids('suggests'), model)).toBe(first);
    const { probabilities } = decision;
    expect(await decision.next(ids('suggests irony it speaks for'), logitsOf({ sober: 5 }))).toBeNull();
    expect(decision.probabilities).toEqual(probabilities);
  });

  it('is none where the pack knows no meanings', () => {
    expect(Decision.of(tokenizer, PROMPT, null, null)).toBeNull();
    const { meanings: _, ...without } = CALIBRATION;
    expect(Decision.of(tokenizer, PROMPT, without, null)).toBeNull();
  });
});
