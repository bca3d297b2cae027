import { describe, expect, it } from 'vitest';
import { EMOTION_WORDS, emotionOfWords } from './emotion-words.ts';

describe('emotionOfWords', () => {
  it.each([
    ['open delight', 'happiness'],
    ['Sorrow, with a touch of anger', 'sadness'],
    ['no strong feeling', 'neutral'],
    ['a quiet, even mood', 'neutral'],
    ['rage held in', 'anger'],
    ['cool scorn', 'contempt'],
    ['Fearful!', 'fear'],
  ])('takes the first word that is known: %s', (text, label) => {
    expect(emotionOfWords(text)).toBe(label);
  });

  it('says nothing of words that name no emotion, or only hold one', () => {
    for (const text of ['', 'a person', 'delightful hatred']) expect(emotionOfWords(text)).toBeNull();
  });

  it('has every word in one class only', () => {
    const words = Object.values(EMOTION_WORDS).flat();
    expect(new Set(words).size).toBe(words.length);
  });
});
