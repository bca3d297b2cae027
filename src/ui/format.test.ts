import { expect, test } from 'vitest';
import { clock, megabytes, percent, signed } from './format.ts';

test('numbers as they are shown', () => {
  expect([percent(0.914), percent(0.0049), percent(0.914, 1)]).toEqual(['91%', '0%', '91.4%']);
  expect([signed(0.7), signed(-0.306), signed(-0.001)]).toEqual(['+0.70', '−0.31', '0.00']);
  expect([megabytes(0), megabytes(3_410_000), megabytes(92_400_000)]).toEqual(['0', '3.4', '92']);
  expect([clock(0), clock(9.96), clock(61.25), clock(3725)]).toEqual(['0:00.0', '0:10.0', '1:01.3', '1:02:05.0']);
});
