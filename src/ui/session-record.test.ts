import * as v from 'valibot';
import { expect, test } from 'vitest';
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
    itemFrom({ record, readings: [], file: null, thumbnail: null, last: null, frames: new Map() }).marks;
  expect(restored(v.parse(itemSchema, before))).toEqual([]);
  const marks = [{ id: 'mark-a-1', kind: 'exclude', time: 1.5, end: 2, text: 'door' }];
  expect(restored(v.parse(itemSchema, { ...before, marks }))).toEqual(marks);
  expect(v.safeParse(itemSchema, { ...before, marks: [{ ...marks[0], kind: 'else' }] }).success).toBe(false);
});
