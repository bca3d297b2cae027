/** What SHA-1 and SHA-256 have in common: 64-byte blocks, padding, and a digest that can be had of bytes that come piece by piece. */
export class BlockHash {
  readonly #state: Uint32Array;
  readonly #compress: (state: Uint32Array, schedule: Uint32Array, bytes: Uint8Array, offset: number) => void;
  readonly #schedule = new Uint32Array(80);
  /** What does not fill a block yet. */
  readonly #rest = new Uint8Array(64);
  #length = 0;

  constructor(start: Uint32Array, compress: (state: Uint32Array, schedule: Uint32Array, bytes: Uint8Array, offset: number) => void) {
    this.#state = start.slice();
    this.#compress = compress;
  }

  update(bytes: Uint8Array): this {
    const waiting = this.#length % 64;
    this.#length += bytes.length;
    let at = 0;
    if (waiting > 0) {
      at = Math.min(64 - waiting, bytes.length);
      this.#rest.set(bytes.subarray(0, at), waiting);
      if (waiting + at < 64) return this;
      this.#compress(this.#state, this.#schedule, this.#rest, 0);
    }
    for (; at + 64 <= bytes.length; at += 64) this.#compress(this.#state, this.#schedule, bytes, at);
    this.#rest.set(bytes.subarray(at));
    return this;
  }

  /** Ends the hash: nothing may be added after it. */
  digest(): Uint8Array<ArrayBuffer> {
    // The rest, a one bit, zeros, and the length in bits as a 64-bit big-endian number.
    const length = this.#length;
    const rest = length % 64;
    const tail = new Uint8Array(rest < 56 ? 64 : 128);
    tail.set(this.#rest.subarray(0, rest));
    tail[rest] = 0x80;
    const view = new DataView(tail.buffer);
    view.setUint32(tail.length - 8, Math.floor(length / 0x2000_0000));
    view.setUint32(tail.length - 4, (length * 8) >>> 0);
    for (let offset = 0; offset < tail.length; offset += 64) this.#compress(this.#state, this.#schedule, tail, offset);

    const digest = new Uint8Array(this.#state.length * 4);
    const out = new DataView(digest.buffer);
    for (const [index, word] of this.#state.entries()) out.setUint32(index * 4, word);
    return digest;
  }

  hex(): string {
    return hexOf(this.digest());
  }
}

export const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
