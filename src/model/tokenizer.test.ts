import { describe, expect, it } from 'vitest';
import { createTextStream } from './tokenizer.ts';

/** Each id is a byte of UTF-8. */
const decodeBytes = (ids: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(ids));

describe('createTextStream', () => {
  it('never gives half a character', () => {
    const text = 'a naïve 😀 “ok”';
    const stream = createTextStream(decodeBytes);
    const deltas = Array.from(new TextEncoder().encode(text), (byte) => stream.push(byte));
    expect(deltas.join('')).toBe(text);
    expect(deltas.join('')).not.toContain('\uFFFD');
    expect(deltas.filter((delta) => delta === '').length).toBeGreaterThan(0);
  });

  it('drops a character that was cut off, at the end and in the middle', () => {
    const stream = createTextStream(decodeBytes);
    const cut = new TextEncoder().encode('😀').subarray(0, 2);
    const bytes = [...new TextEncoder().encode('a'), ...cut, ...new TextEncoder().encode('b'), ...cut];
    expect(Array.from(bytes, (byte) => stream.push(byte)).join('')).toBe('ab');
  });
});
