/** CRC-32 as ZIP and PNG have it (ISO 3309), byte by byte as they come. */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  return value;
});

export class Crc32 {
  #state = -1;

  add(bytes: Uint8Array): void {
    let state = this.#state;
    // By index: a million iterator results a megabyte would cost more than the sum itself.
    for (let at = 0; at < bytes.length; at += 1) state = (state >>> 8) ^ (TABLE[(state ^ (bytes[at] as number)) & 0xff] as number);
    this.#state = state;
  }

  /** Unsigned. */
  get value(): number {
    return ~this.#state >>> 0;
  }
}
