import { expect, test } from 'vitest';
import { messages } from './messages.ts';
import { german } from './messages-de.ts';

const isBranch = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Places of the English catalogue that another one does not have, or has as something else. */
function missing(english: unknown, other: unknown, path: string): string[] {
  if (!isBranch(english)) return typeof other === typeof english ? [] : [path];
  if (!isBranch(other)) return [path];
  return Object.entries(english).flatMap(([key, value]) => missing(value, other[key], path === '' ? key : `${path}.${key}`));
}

test('every string of the page has its German', () => {
  expect(missing({ a: 'x', b: { c: ['y', 'z'], d: () => 'w' } }, { a: 'ä', b: { c: ['ü'], d: 'ö' } }, '')).toEqual(['b.c.1', 'b.d']);
  expect(missing(messages, german, '')).toEqual([]);
});

test('nothing is German that is no place of the English catalogue', () => {
  expect(missing(german, messages, '')).toEqual([]);
});
