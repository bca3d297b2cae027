import { expect, test } from 'vitest';
import { guardDrops } from './drop-guard.ts';

function dropped(page: EventTarget, type: string, types: string[]): boolean {
  const event = Object.assign(new Event(type, { cancelable: true }), { dataTransfer: { types } });
  page.dispatchEvent(event);
  return event.defaultPrevented;
}

test('a file that is dropped does not replace the page, text goes where it is dropped, and others hear of both', () => {
  const page = new EventTarget();
  expect(dropped(page, 'drop', ['Files'])).toBe(false);
  guardDrops(page);
  let heard = 0;
  page.addEventListener('drop', () => {
    heard += 1;
  });
  // Without the first the browser does not even ask the page.
  expect([dropped(page, 'dragover', ['Files']), dropped(page, 'drop', ['Files'])]).toEqual([true, true]);
  expect([dropped(page, 'dragover', ['text/plain']), dropped(page, 'drop', ['text/plain'])]).toEqual([false, false]);
  expect(heard).toBe(2);
});
