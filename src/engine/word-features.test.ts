import { describe, expect, it } from 'vitest';
import { claimsOf, wordFeatures } from './word-features.ts';

describe('wordFeatures', () => {
  it('tells what is in the words, most telling first', () => {
    expect(wordFeatures('WHEN you see it, DAMN!')).toEqual([
      'swears',
      'sets up a situation',
      'addresses the reader',
      'exclaims',
      'is short',
    ]);
    expect(wordFeatures('The class has assembled in the great hall of the college')).toEqual(['uses words of praise']);
  });

  it('knows letters beyond ASCII as letters, as Python does', () => {
    const plain = ['is short'];
    expect(['El menú del día', 'Noël', 'crème', 'éi'].map(wordFeatures)).toEqual([plain, plain, plain, plain]);
    expect(wordFeatures('the men')).toContain('names a group of people');
  });

  it('counts words: six are short, eighteen are a story', () => {
    const words = (count: number) => Array.from({ length: count }, () => 'tree').join('  ');
    expect([6, 7, 17, 18].map((count) => wordFeatures(words(count))[0])).toEqual([
      'is short',
      'keeps to plain words',
      'keeps to plain words',
      'tells a little story',
    ]);
  });

  it('says of any other that it keeps to plain words', () => {
    expect(wordFeatures('The tall tree stands beside the river bank in May')).toEqual(['keeps to plain words']);
  });
});

describe('claimsOf', () => {
  it('finds what a step says of the text, in the order in which it says it', () => {
    expect(claimsOf('"Trash" in the words; the text asks a question and swears.')).toEqual(['asks a question', 'swears']);
    expect(claimsOf('The words read like insult; the text keeps to plain words.')).toEqual(['keeps to plain words']);
  });

  it('takes nothing that is said of something else', () => {
    expect(claimsOf('The person swears; brow lowered (AU04).')).toEqual([]);
    expect(claimsOf('The text is on a sign; somebody exclaims.')).toEqual([]);
  });
});
