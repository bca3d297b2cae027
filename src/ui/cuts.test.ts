import { expect, test } from 'vitest';
import type { SceneCut } from '../shared/events.ts';
import { withCut } from './cuts.ts';

const cut = (after: number, time: number): SceneCut => ({ after, time });
const gather = (...found: SceneCut[]) => found.reduce<readonly SceneCut[]>(withCut, []);

test('cuts are in the order of their times, however they were found', () => {
  expect(gather(cut(9.96, 10), cut(2.96, 3), cut(5, 5.04))).toEqual([cut(2.96, 3), cut(5, 5.04), cut(9.96, 10)]);
});

test('a cut that is seen again is one, and what is known of it becomes no worse', () => {
  expect(gather(cut(2, 3), cut(2.96, 3))).toEqual([cut(2.96, 3)]);
  expect(gather(cut(2.96, 3), cut(2, 3))).toEqual([cut(2.96, 3)]);
  // Read once a second from 0.5 s on, and every frame.
  expect(gather(cut(2.5, 3.5), cut(2.96, 3))).toEqual([cut(2.96, 3)]);
});

test('a second’s wide view that may stand for two cuts known well adds none', () => {
  expect(gather(cut(2.1, 2.14), cut(2.5, 2.54), cut(2, 3))).toEqual([cut(2.1, 2.14), cut(2.5, 2.54)]);
});

test('two cuts of a shot of one frame are two', () => {
  expect(gather(cut(2, 2.04), cut(2.04, 2.08))).toHaveLength(2);
});
