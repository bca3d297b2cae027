import { expect, test, vi } from 'vitest';
import { PictureMode } from './picture-mode.ts';

function setUp() {
  const mode = new PictureMode();
  const changed = vi.fn();
  mode.onChange(changed);
  let now = 0;
  /** So many frames of that age, one after another is done. */
  const add = (age: number, times: number) => {
    for (let i = 0; i < times; i += 1) {
      now += age;
      mode.add(age, now);
    }
  };
  return { mode, changed, add };
}

test('where readings come late the picture runs free, and is exact again only when they are clearly quicker', () => {
  const { mode, changed, add } = setUp();
  add(60, 40);
  expect(mode.flowing()).toBe(false);
  add(400, 5);
  expect(mode.flowing()).toBe(true);
  // Between the limits nothing flickers.
  add(130, 40);
  expect(mode.flowing()).toBe(true);
  add(80, 40);
  expect(mode.flowing()).toBe(false);
  add(130, 40);
  expect(mode.flowing()).toBe(false);
  expect(changed).toHaveBeenCalledTimes(2);
});

test('a hiccup changes nothing; a machine that takes seconds is known by its first frame', () => {
  const { mode, add } = setUp();
  add(60, 30);
  add(700, 1);
  expect(mode.flowing()).toBe(false);
  mode.restart();
  add(8000, 1);
  expect(mode.flowing()).toBe(true);
  mode.restart();
  expect(mode.flowing()).toBe(false);
});

test('a frame that waits sets the picture free at once, until readings come quickly again', () => {
  const { mode, add } = setUp();
  add(60, 40);
  mode.wait(300);
  expect(mode.flowing()).toBe(false);
  mode.wait(500);
  expect(mode.flowing()).toBe(true);
  add(2500, 1);
  expect(mode.flowing()).toBe(true);
  add(60, 40);
  expect(mode.flowing()).toBe(false);
});
