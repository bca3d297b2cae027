import { expect, test } from 'vitest';
import { MAX_CHARACTERS, wordCount, wordsToCorrect } from './given-words.ts';

const line = (text: string) => ({ text, score: 1, box: { x: 0, y: 0, width: 1, height: 1 } });
const read = (...texts: string[]) => ({ words: texts.map(line) });

test('typing begins with what the last explanation was told, read or typed, line by line', () => {
  expect(wordsToCorrect([])).toBe('');
  expect(wordsToCorrect([read('WH0 AM', 'I?'), { words: null }])).toBe('WH0 AM\nI?');
  expect(wordsToCorrect([read('old'), read()])).toBe('');
  expect(wordsToCorrect([read('WH0'), { words: null, wordsGiven: 'who\nam I?' }])).toBe('who\nam I?');
  expect(wordsToCorrect([{ words: null, wordsGiven: '' }, read('new')])).toBe('new');
  expect(wordsToCorrect([read('x'), { words: null, wordsGiven: '' }])).toBe('');
});

test('a picture full of words gives no more than can be typed', () => {
  expect(wordsToCorrect([read('a'.repeat(MAX_CHARACTERS), 'b')])).toBe('a'.repeat(MAX_CHARACTERS));
});

test('words are counted as a prompt parts them', () => {
  expect(wordCount(' \n')).toBe(0);
  expect(wordCount(' one\n two\tthree ')).toBe(3);
});
