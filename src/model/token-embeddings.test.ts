import { describe, expect, it } from 'vitest';
import type { PackManifest } from './manifest.ts';
import { TokenEmbeddings } from './token-embeddings.ts';

type Entry = PackManifest['languageModel'];

/** Two ids, width 4, blocks of two: 1 byte a block. */
function entry(overrides: Partial<Entry['embedding']> = {}): Entry {
  const embedding: Entry['embedding'] = {
    file: 'w',
    blockSize: 2,
    weights: { offset: 1, bytes: 4 },
    scales: { file: 's', offset: 0, bytes: 16, type: 'float32' },
    zeroPoints: null,
    ...overrides,
  };
  return {
    graph: 'language-model',
    layers: 1,
    kvHeads: 1,
    headDim: 4,
    hidden: 4,
    vocab: 2,
    contextLength: 16,
    probe: { ids: [0], next: [{ id: 0, logit: 0 }], tolerance: 1 },
    stopIds: [0],
    embedding,
  };
}

// Low nibble first: id 0 is 8,9 | 0,15; id 1 is 7,8 | 8,8.
const weights = Uint8Array.of(255, 0x98, 0xf0, 0x87, 0x88);
const scales = new Uint8Array(Float32Array.of(1, 0.5, 2, 3).buffer);

describe('TokenEmbeddings', () => {
  it('reads rows out of blocks of four bits, zero at 8', () => {
    const table = new TokenEmbeddings(
      entry(),
      new Map([
        ['w', weights],
        ['s', scales],
      ]),
    );
    expect(Array.from(table.lookUp([1, 0]))).toEqual([-2, 0, 0, 0, 0, 1, -4, 3.5]);
  });

  it('takes zero points where there are some, and scales in half precision', () => {
    const halves = new Uint8Array(Uint16Array.of(0x3c00, 0x3800, 0x4000, 0x4200).buffer); // 1, 0.5, 2, 3
    const table = new TokenEmbeddings(
      entry({
        scales: { file: 's', offset: 0, bytes: 8, type: 'float16' },
        zeroPoints: { file: 'z', offset: 0, bytes: 2 },
      }),
      new Map([
        ['w', weights],
        ['s', halves],
        ['z', Uint8Array.of(0xf8, 0x07)],
      ]),
    );
    expect(Array.from(table.lookUp([0]))).toEqual([0, 1, -7.5, 0]);
    expect(Array.from(table.lookUp([1]))).toEqual([0, 2, 24, 24]);
  });

  it('refuses slices that do not fit the table', () => {
    const files = new Map([
      ['w', weights.subarray(0, 4)],
      ['s', scales],
    ]);
    expect(() => new TokenEmbeddings(entry(), files)).toThrow('do not fit');
  });

  it('refuses an id that is not in the table', () => {
    const table = new TokenEmbeddings(
      entry(),
      new Map([
        ['w', weights],
        ['s', scales],
      ]),
    );
    expect(() => table.lookUp([2])).toThrow(RangeError);
  });
});
