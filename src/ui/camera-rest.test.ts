import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CameraRest, HIDDEN_MS, type Rested } from './camera-rest.ts';

class Page extends EventTarget {
  hidden = false;

  hide(hidden: boolean): void {
    this.hidden = hidden;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

function setUp() {
  const page = new Page();
  let on: Rested | null = { itemId: 'camera-1', deviceId: 'front' };
  const goneOn: Rested[] = [];
  const rest = new CameraRest({
    page: page as unknown as Document,
    end: () => {
      const ended = on;
      on = null;
      return ended;
    },
    goOn: (rested) => goneOn.push(rested),
  });
  return { page, rest, goneOn, isOn: () => on !== null };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a minute after the tab was hidden the camera ends, and one click goes on where it was', () => {
  const { page, rest, goneOn, isOn } = setUp();
  page.hide(true);
  vi.advanceTimersByTime(HIDDEN_MS - 1);
  expect(isOn()).toBe(true);
  vi.advanceTimersByTime(1);
  expect(isOn()).toBe(false);
  page.hide(false);
  expect(rest.rested()?.itemId).toBe('camera-1');
  rest.goOn();
  expect(goneOn).toEqual([{ itemId: 'camera-1', deviceId: 'front' }]);
});

test('who comes back in time finds it running, and each look away has its own minute', () => {
  const { page, rest, isOn } = setUp();
  for (let times = 0; times < 3; times += 1) {
    page.hide(true);
    vi.advanceTimersByTime(HIDDEN_MS - 1);
    page.hide(false);
    vi.advanceTimersByTime(HIDDEN_MS);
  }
  expect(isOn()).toBe(true);
  expect(rest.rested()).toBeNull();
});

test('when the page closes it ends at once', () => {
  const { rest, isOn } = setUp();
  rest.rest();
  expect(isOn()).toBe(false);
});

test('where no camera was on there is nothing to go on with, and none after another was started', () => {
  const { page, rest } = setUp();
  const heard = vi.fn();
  rest.onRested(heard);
  rest.rest();
  rest.forget();
  expect(rest.rested()).toBeNull();
  expect(heard).toHaveBeenCalledTimes(2);
  page.hide(true);
  vi.advanceTimersByTime(HIDDEN_MS);
  expect(rest.rested()).toBeNull();
});
