import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { runningSha1 } from './sha1.ts';
import { runningSha256 } from './sha256.ts';

it.each([
  ['sha1', runningSha1],
  ['sha256', runningSha256],
])('%s of bytes that come in pieces of any size is that of the whole', (name, running) => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, index) => (index * 31) & 255);
  const expected = createHash(name).update(bytes).digest('hex');
  for (const size of [1, 63, 64, 65, 119, 120, 128, 1000]) {
    const hash = running();
    for (let at = 0; at < bytes.length; at += size) hash.update(bytes.subarray(at, at + size));
    expect(hash.hex(), `${size} bytes at a time`).toBe(expected);
  }
  expect(running().hex()).toBe(createHash(name).digest('hex'));
});
