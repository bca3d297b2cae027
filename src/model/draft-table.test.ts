import { describe, expect, it } from 'vitest';
import { DraftTable } from './draft-table.ts';

const table = (after: unknown, format = 1): DraftTable => new DraftTable(new TextEncoder().encode(JSON.stringify({ format, after })));

describe('DraftTable', () => {
  const known = table({ 2: [1, 2, 3, 2, 3, 4, 3, 4, 9], 3: [2, 3, 4, 5] });

  it('goes on as the texts did, the longest known ending first', () => {
    expect(known.guess([7, 1, 2], 10)).toEqual([3, 4, 5]); // 3 4 alone would give 9, 2 3 4 gives 5
    expect(known.guess([8, 3, 4], 10)).toEqual([9]);
  });

  it('guesses at most as many as asked, and nothing after what it does not know', () => {
    expect(known.guess([1, 2], 1)).toEqual([3]);
    expect(known.guess([1, 2], 0)).toEqual([]);
    expect(known.guess([5, 6], 4)).toEqual([]);
    expect(known.guess([2], 4)).toEqual([]);
    expect(table({}).guess([1, 2, 3], 4)).toEqual([]);
  });

  it.each([
    ['no JSON', 'x'],
    ['another format', '{"format":2,"after":{}}'],
    ['no ids', '{"format":1,"after":{"2":["a"]}}'],
  ])('refuses %s', (_, text) => {
    expect(() => new DraftTable(new TextEncoder().encode(text))).toThrow(/cannot be read/);
  });
});
