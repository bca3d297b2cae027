import * as v from 'valibot';
import { expect, test } from 'vitest';
import { MAX_CHARACTERS } from './given-words.ts';
import { explained } from './session.fixture.ts';
import { type ItemRecord, itemFrom, itemSchema } from './session-record.ts';

const before = {
  id: 'item-1',
  kind: 'video',
  name: 'clip.mp4',
  phase: 'ready',
  error: null,
  snapshot: null,
  explanations: [],
  people: { names: {}, sameAs: {} },
  mirrored: false,
};

test('a record from before there were marks has none; marks come back as they were', () => {
  const restored = (record: ItemRecord) =>
    itemFrom({ record, readings: [], file: null, thumbnail: null, last: null, frames: new Map(), takes: new Map(), pieces: new Map() })
      .marks;
  expect(restored(v.parse(itemSchema, before))).toEqual([]);
  const marks = [{ id: 'mark-a-1', kind: 'exclude', time: 1.5, end: 2, text: 'door' }];
  expect(restored(v.parse(itemSchema, { ...before, marks }))).toEqual(marks);
  expect(v.safeParse(itemSchema, { ...before, marks: [{ ...marks[0], kind: 'else' }] }).success).toBe(false);
});

test('typed words come back, none as none; a foreign file brings no more of them than can be typed', () => {
  const wordsOf = (words: unknown) => {
    const parsed = v.safeParse(itemSchema, { ...before, words });
    return parsed.success ? parsed.output.words : 'refused';
  };
  expect([wordsOf('no\nway'), wordsOf(''), wordsOf('x'.repeat(9000)), wordsOf(null)]).toEqual([
    'no\nway',
    '',
    'x'.repeat(MAX_CHARACTERS),
    'refused',
  ]);
  expect(v.parse(itemSchema, before)).not.toHaveProperty('words');
});

test('the cuts of a film and the small pictures of explanations come back; what is no picture is refused', () => {
  const run = explained({ time: 2 });
  const cuts = [{ after: 1.96, time: 2 }];
  const record = (miniature: string) =>
    v.safeParse(itemSchema, { ...before, cuts, explanations: [{ ...run, miniature, wordsGiven: 'hi' }] });
  const small = record('data:image/jpeg;base64,/9j/4AAQ+Sk=');
  expect(small.success && small.output.explanations[0]?.wordsGiven).toBe('hi');
  expect(small.success && [small.output.cuts, small.output.explanations[0]?.miniature]).toEqual([
    cuts,
    'data:image/jpeg;base64,/9j/4AAQ+Sk=',
  ]);
  expect(v.parse(itemSchema, before)).not.toHaveProperty('cuts');
  for (const other of ['https://example.org/a.jpg', 'data:image/svg+xml;base64,PHN2Zz4=', `data:image/jpeg;base64,${'A'.repeat(50_000)}`]) {
    expect(record(other).success).toBe(false);
  }
});

test('which model wrote an explanation, and how it was asked, comes back; older records have neither', () => {
  const run = explained({ time: 2 });
  const foundation = { id: 'smol', revision: 'c'.repeat(40), dtypes: { decoder: 'q4' }, device: 'webgpu' };
  const made = { madeBy: { packId: 'tiny', packVersion: '1', foundation }, prompting: 'plain' };
  const parsed = v.parse(itemSchema, { ...before, explanations: [{ ...run, ...made }, run] });
  expect(parsed.explanations[0]).toMatchObject(made);
  expect(Object.keys(parsed.explanations[1] ?? {}).filter((key) => key === 'madeBy' || key === 'prompting')).toEqual([]);
  expect(v.safeParse(itemSchema, { ...before, explanations: [{ ...run, prompting: 'loud' }] }).success).toBe(false);
});
