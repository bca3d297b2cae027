import { describe, expect, it } from 'vitest';
import { EngineFailure } from './graph.ts';
import { TextClassifier } from './text-classifier.ts';

const OPTIONS = ['yes', 'no'];
const base64 = (...weights: number[]): string => btoa(String.fromCharCode(...weights.map((weight) => weight & 0xff)));

/** "awful" pulls to yes, "awful day" more so, "lovely" to no; "the" pulls hard to yes but explains nothing. */
const FILE = {
  format: 1,
  terms: ['awful', 'awful day', 'lovely', 'the'],
  idf: [5, 6, 5, 1.5],
  heads: [{ task: 'hate', options: OPTIONS, bias: [0, 0.5], scale: 0.05, weights: base64(40, -40, 60, -60, -50, 50, 120, -120) }],
};
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const classifier = new TextClassifier(bytesOf(FILE));
const share = (text: string, option: string): number | undefined =>
  classifier.read(text, 'hate', OPTIONS)?.shares.find((entry) => entry.option === option)?.share;

describe('a text classifier', () => {
  it('lets words pull, whatever their case, the likeliest option first', () => {
    const found = classifier.read('An AWFUL thing', 'hate', OPTIONS);
    expect(found?.shares.map((entry) => entry.option)).toEqual(['yes', 'no']);
    // logits 40 · 0.05 and 0.5 − 40 · 0.05 of the one known term, whose value is 1
    expect(found?.shares[0]?.share).toBeCloseTo(1 / (1 + Math.exp(0.5 - 4)), 9);
    expect(classifier.read('how lovely', 'hate', OPTIONS)?.shares[0]?.option).toBe('no');
  });

  it('knows pairs of neighbours: they pull beyond their words', () => {
    expect(share('an awful day', 'yes')).toBeGreaterThan(share('an awful long day', 'yes') ?? 1);
  });

  it('counts a word said twice for more against another', () => {
    expect(share('lovely awful awful', 'yes')).toBeGreaterThan(share('lovely awful', 'yes') ?? 1);
  });

  it('names the words that pull to the likeliest option, and neither common ones nor pairs', () => {
    expect(classifier.read('the awful day', 'hate', OPTIONS)?.terms).toEqual(['awful']);
    expect(classifier.read('the', 'hate', OPTIONS)).toMatchObject({ terms: [], shares: [{ option: 'yes' }, { option: 'no' }] });
    expect(classifier.read('lovely, lovely and awful', 'hate', OPTIONS)?.terms).toEqual(['lovely']);
  });

  it('says nothing of unknown words, or of a task or options that it has not learned', () => {
    expect(classifier.read('quite something', 'hate', OPTIONS)).toBeNull();
    expect(classifier.read('', 'hate', OPTIONS)).toBeNull();
    expect(classifier.read('awful', 'humor', OPTIONS)).toBeNull();
    expect(classifier.read('awful', 'hate', ['no', 'yes'])).toBeNull();
  });

  it.each([
    ['no JSON', 'terms: awful'],
    ['another format', { ...FILE, format: 2 }],
    ['too few weights', { ...FILE, terms: [...FILE.terms, 'more'], idf: [...FILE.idf, 5] }],
    ['an idf too few', { ...FILE, idf: [5] }],
    ['weights that are no base64', { ...FILE, heads: [{ ...FILE.heads[0], weights: '%' }] }],
  ])('refuses a file with %s as a corrupt pack', (_, value) => {
    expect(() => new TextClassifier(bytesOf(value))).toThrow(EngineFailure);
  });
});
