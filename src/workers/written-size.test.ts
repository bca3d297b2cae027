import { expect, test } from 'vitest';
import { writtenSize } from './written-size.ts';

test('a written video has even sides within the limit, in its own proportions', () => {
  expect(writtenSize({ width: 1920, height: 1080 }, null)).toEqual({ width: 1920, height: 1080 });
  expect(writtenSize({ width: 1920, height: 1080 }, 1280)).toEqual({ width: 1280, height: 720 });
  expect(writtenSize({ width: 1080, height: 1920 }, 1280)).toEqual({ width: 720, height: 1280 });
  expect(writtenSize({ width: 641, height: 361 }, 1280)).toEqual({ width: 642, height: 362 });
  expect(writtenSize({ width: 1, height: 9000 }, 1280)).toEqual({ width: 2, height: 1280 });
});
