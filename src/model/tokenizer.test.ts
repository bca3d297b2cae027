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
    expect(stream.flush()).toBe('');
  });

  it('drops a character that was cut off', () => {
    const stream = createTextStream(decodeBytes);
    const bytes = new TextEncoder().encode('a😀').subarray(0, 3);
    expect(Array.from(bytes, (byte) => stream.push(byte)).join('')).toBe('a');
    expect(stream.flush()).toBe('');
  });
});
