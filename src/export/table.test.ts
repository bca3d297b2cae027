import { describe, expect, it } from 'vitest';
import { csvTable, tsvTable } from './table.ts';

describe('tables', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '＝1', '\t=1', '\r=1', '\n=1'])('no spreadsheet runs the text %j', (text) => {
    expect(csvTable(['a'], [[text]]).split('\r\n')[1]).toMatch(/^"?'/);
    expect(tsvTable(['a'], [[text]], 'n/a').split('\n')[1]).toBe(`'${text.trim()}`);
  });

  it('leaves negative numbers numbers', () => {
    expect(csvTable(['a'], [[-0.5]])).toBe('a\r\n-0.5\r\n');
    expect(tsvTable(['a'], [[-0.5]], 'n/a')).toBe('a\n-0.5\n');
  });

  it('keeps a row of tab-separated text on its line and in its columns', () => {
    expect(tsvTable(null, [['a\tb\r\n\nc', null, '', '"so" she', 'he "so"']], 'n/a')).toBe('a b c\tn/a\tn/a\t"""so"" she"\the "so"\n');
  });
});
