import { expect, it } from 'vitest';
import { fetchLater, later } from './later.ts';

it('fetches what was declared and what that declares, one after another, past what cannot be had', async () => {
  const asked: string[] = [];
  let open = 0;
  const load = (name: string, then: () => void = () => {}) =>
    later(async () => {
      asked.push(name);
      open += 1;
      await Promise.resolve();
      expect(open, 'at once').toBe(1);
      open -= 1;
      then();
      return name;
    });
  load('export', () => load('its picture'));
  later(() => {
    asked.push('gone');
    return Promise.reject(new TypeError('offline'));
  });
  const help = load('help');
  await fetchLater();
  expect(asked).toEqual(['export', 'gone', 'help', 'its picture']);
  expect(await help()).toBe('help');
});
