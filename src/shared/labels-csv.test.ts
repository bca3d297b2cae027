import { describe, expect, it } from 'vitest';
import { decodeLabels, parseAffectLabels, parseLabels } from './labels-csv.ts';

const message = (result: { ok: boolean; error?: { code: string; message: string } }): string => {
  expect(result).toMatchObject({ ok: false, error: { code: 'labels-invalid' } });
  return result.error?.message ?? '';
};

describe('parseLabels', () => {
  it('reads quoted fields with commas, newlines and quotes, and keeps the line where a row begins', () => {
    const csv = '\uFEFFfile,label,text\r\na.jpg,yes,"one, ""two""\nthree"\r\n\r\nsub/b.jpg,no,\r\n';
    expect(parseLabels(csv)).toEqual({
      ok: true,
      value: [
        { line: 2, file: 'a.jpg', label: 'yes', text: 'one, "two"\nthree' },
        { line: 5, file: 'sub/b.jpg', label: 'no', text: '' },
      ],
    });
  });

  it('has no text where there is no such column', () => {
    expect(parseLabels('file,label\na.jpg,fear')).toMatchObject({ value: [{ text: null }] });
  });

  it.each([
    ['name,label\na,b', 'line 1: the columns must be "file,label" or "file,label,text", got "name,label"'],
    ['', 'line 1: the columns must be'],
    ['file,label\n', 'line 2: there are no rows'],
    ['file,label\na.jpg', 'line 2: expected 2 fields (file,label), got 1'],
    ['file,label\na.jpg,x\na.jpg,y', 'line 3: "a.jpg" is already on line 2'],
    ['file,label\n../a.jpg,x', 'line 2: "../a.jpg" is not inside the folder'],
    ['file,label\n/a.jpg,x', 'is not inside the folder'],
    ['file,label\n,x', 'line 2: the file name is empty'],
    ['file,label\na.jpg,', 'line 2: the label is empty'],
    ['file,label\na.jpg,"x', 'line 2: a double quote is not closed'],
    ['file,label\na.jpg,"x"y', 'line 2: after a closing double quote'],
    ['file,label\na.jpg,x"y"', 'line 2: a double quote stands inside a field'],
  ])('refuses %j', (csv, expected) => {
    expect(message(parseLabels(csv))).toContain(expected);
  });
});

describe('parseAffectLabels', () => {
  it('reads valence and arousal', () => {
    expect(parseAffectLabels('file,valence,arousal\na.jpg,-1,0.25\n')).toMatchObject({ value: [{ valence: -1, arousal: 0.25 }] });
  });

  it.each([
    ['a.jpg,2,0', 'line 2: valence must be a number from -1 to 1, got "2"'],
    ['a.jpg,0,', 'line 2: arousal must be a number'],
    ['a.jpg,x,0', 'valence must be a number'],
  ])('refuses %j', (row, expected) => {
    expect(message(parseAffectLabels(`file,valence,arousal\n${row}\n`))).toContain(expected);
  });
});

describe('decodeLabels', () => {
  const text = '\uFEFFfile,label\nmüde.png,sadness\n';
  const utf16 = Buffer.from(text, 'utf16le');

  it.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-16', utf16],
    ['UTF-16, big end first', Buffer.from(utf16).swap16()],
  ])('reads %s', (_name, bytes) => {
    const decoded = decodeLabels(bytes);
    expect(decoded.ok && parseLabels(decoded.value)).toMatchObject({ ok: true, value: [{ file: 'müde.png' }] });
  });

  it('names the line of a letter that is none in UTF-8', () => {
    const decoded = decodeLabels(Buffer.from('file,label\na.png,fear\nm\xfcde.png,sadness\n', 'latin1'));
    expect(message(decoded)).toBe('labels.csv, line 3: this is not UTF-8 text.');
  });
});
