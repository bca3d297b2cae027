import { expect, test } from 'vitest';
import { countRefusals } from './requests.ts';

test('a request that two policies refuse counts once, another one again', () => {
  const thread = new EventTarget();
  const count = countRefusals(thread);
  const refuse = (blockedURI: string, timeStamp: number) => {
    const event = new Event('securitypolicyviolation');
    Object.defineProperties(event, { blockedURI: { value: blockedURI }, timeStamp: { value: timeStamp } });
    thread.dispatchEvent(event);
  };
  expect(count()).toBe(0);
  refuse('https://a.example/', 1000);
  refuse('https://a.example/', 1002);
  expect(count()).toBe(1);
  refuse('https://b.example/', 1002);
  refuse('https://a.example/', 1500);
  expect(count()).toBe(3);
});
