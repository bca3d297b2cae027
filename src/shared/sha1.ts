import { BlockHash } from './block-hash.ts';

/** SHA-1 of bytes that come piece by piece: git names files by it. It says that a file is the right one, not that nobody made it so on purpose. */
export function runningSha1(): BlockHash {
  return new BlockHash(START, compress);
}

const START = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);

function compress(state: Uint32Array, w: Uint32Array, bytes: Uint8Array, offset: number): void {
  const block = new DataView(bytes.buffer, bytes.byteOffset + offset, 64);
  for (let i = 0; i < 16; i += 1) w[i] = block.getUint32(i * 4);
  for (let i = 16; i < 80; i += 1) {
    w[i] = rotate((w[i - 3] as number) ^ (w[i - 8] as number) ^ (w[i - 14] as number) ^ (w[i - 16] as number), 1);
  }
  let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
  for (let i = 0; i < 80; i += 1) {
    const [mixed, constant] = step(i, b, c, d);
    const next = (rotate(a, 5) + mixed + e + constant + (w[i] as number)) | 0;
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  }
  for (const [index, value] of [a, b, c, d, e].entries()) state[index] = (state[index] as number) + value;
}

function step(i: number, b: number, c: number, d: number): readonly [number, number] {
  if (i < 20) return [(b & c) | (~b & d), 0x5a827999];
  if (i < 40) return [b ^ c ^ d, 0x6ed9eba1];
  if (i < 60) return [(b & c) | (b & d) | (c & d), 0x8f1bbcdc];
  return [b ^ c ^ d, 0xca62c1d6];
}

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
