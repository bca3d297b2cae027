import { describe, expect, it } from 'vitest';
import { checkLabels, guessTask, missingFiles } from './evaluation-guess.ts';

const YES_NO = { options: ['yes', 'no'] };
const OPTIONS = {
  pictureEmotions: ['happiness', 'love', 'anger', 'sorrow', 'fear', 'hate', 'surprise'],
  tasks: {
    emotion: { options: [] },
    'emotion-open': { options: [] },
    intent: { options: ['entertaining', 'expressive', 'offensive', 'interactive'] },
    hate: YES_NO,
    sarcasm: YES_NO,
    humor: YES_NO,
  },
};

describe('guessTask', () => {
  it.each([
    ['set', 'file,label\n1.png,fear\n2.png,contempt\n', 'faces'],
    ['set', 'file,label,text\n1.png,fear,boo\n', 'emotion'],
    ['set', 'file,label\n1.png,love\n2.png,happiness\n', 'emotion'],
    ['set', 'file,label\n1.png,offensive\n', 'intent'],
    ['my Humor set', 'file,label\n1.png,yes\n', 'humor'],
    ['sarcasm', 'file,label\n1.png,no\n', 'sarcasm'],
    ['set', 'file,label\n1.png,no\n', 'hate'],
    ['set', 'file,valence,arousal\n1.png,0,1\n', 'scene'],
    ['set', '\uFEFFfile, valence, arousal\n1.png,0,7\n', 'scene'],
    ['set', 'file,label\n1.png,bored\n', null],
    ['set', 'name;label\n1.png;fear\n', null],
  ])('in %s: %j', (name, labels, task) => {
    expect(guessTask({ name, labels }, OPTIONS)).toBe(task);
  });
});

describe('checkLabels', () => {
  const check = (labels: string, task: Parameters<typeof checkLabels>[1], there: string[]) =>
    checkLabels({ labels, has: (file) => there.includes(file) }, task, OPTIONS);

  it('counts the rows, and gives the first file', () => {
    expect(check('file,label\nb.png,fear\na.png,anger\n', 'faces', ['a.png', 'b.png'])).toEqual({
      ok: true,
      value: { rows: 2, first: 'b.png', missing: null },
    });
  });

  it('says which file is not there, and how many more', () => {
    const found = check('file,label\na.png,fear\nc.png,fear\nd.png,fear\n', 'faces', ['a.png']);
    expect(found).toMatchObject({ value: { missing: { line: 3, file: 'c.png', more: 1, listed: ['3: c.png', '4: d.png'] } } });
    expect(found.ok && found.value.missing && missingFiles(found.value.missing)).toMatchObject({
      code: 'labels-invalid',
      message: expect.stringContaining('line 3: “c.png” is not there, nor is 1 more'),
    });
  });

  it.each([
    ['file;label\n', 'faces', 'line 1: the columns must be'],
    ['file,label\na.png,fear\nb.png,bored\n', 'faces', 'line 3: "bored" is not a label of faces'],
    ['file,label\na.png,maybe\n', 'hate', 'line 2: "maybe" is not a label of hate'],
    ['file,valence,arousal\na.png,0,7\n', 'scene', 'line 2: arousal must be'],
  ] as const)('names the line: %j as %s', (labels, task, message) => {
    expect(check(labels, task, ['a.png', 'b.png'])).toMatchObject({
      ok: false,
      error: { code: 'labels-invalid', message: expect.stringContaining(message) },
    });
  });
});
