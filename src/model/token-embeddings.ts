/**
 * The tied embedding table, read out of the language model's own 4-bit blocks: one row a token.
 * Knows ids and numbers, not text.
 */
import { wireError } from '../shared/errors.ts';
import { halvesToFloats } from './float16.ts';
import { EngineFailure } from './graph.ts';
import type { PackManifest } from './manifest.ts';

type LanguageModelEntry = PackManifest['languageModel'];

export class TokenEmbeddings {
  readonly hidden: number;
  readonly vocab: number;
  readonly #blockSize: number;
  readonly #blocks: number;
  readonly #weights: Uint8Array; // vocab × hidden / 2, low nibble first
  readonly #scales: Float32Array; // vocab × blocks
  readonly #zeroPoints: Uint8Array | null; // vocab × ceil(blocks / 2), low nibble first

  /**
   * Copies the table's slices out of `files`, so that the files can be let go.
   * @param files by name: those that `entry.embedding` names.
   * @throws EngineFailure (`pack-corrupt`) where slices and dims do not fit.
   */
  constructor(entry: LanguageModelEntry, files: ReadonlyMap<string, Uint8Array>) {
    const { embedding, hidden, vocab } = entry;
    this.hidden = hidden;
    this.vocab = vocab;
    this.#blockSize = embedding.blockSize;
    this.#blocks = Math.ceil(hidden / embedding.blockSize);
    this.#weights = slice(files, embedding.file, embedding.weights, vocab * this.#blocks * (embedding.blockSize / 2), 'weights');
    const scaleBytes = embedding.scales.type === 'float16' ? 2 : 4;
    const scales = slice(files, embedding.scales.file, embedding.scales, vocab * this.#blocks * scaleBytes, 'scales');
    this.#scales = embedding.scales.type === 'float16' ? halvesToFloats(scales) : new Float32Array(scales.buffer);
    this.#zeroPoints = embedding.zeroPoints
      ? slice(files, embedding.zeroPoints.file, embedding.zeroPoints, vocab * Math.ceil(this.#blocks / 2), 'zero points')
      : null;
  }

  /** Rows of the table for ids, one after another. [T] → [T, hidden] */
  lookUp(ids: readonly number[]): Float32Array {
    const rows = new Float32Array(ids.length * this.hidden);
    for (const [index, id] of ids.entries()) this.#writeRow(id, rows.subarray(index * this.hidden, (index + 1) * this.hidden));
    return rows;
  }

  #writeRow(id: number, row: Float32Array): void {
    if (!Number.isInteger(id) || id < 0 || id >= this.vocab) throw new RangeError(`token id ${id} is not in [0, ${this.vocab})`);
    const blockBytes = this.#blockSize / 2;
    const zeroStride = Math.ceil(this.#blocks / 2);
    for (let block = 0; block < this.#blocks; block += 1) {
      const scale = this.#scales[id * this.#blocks + block] as number;
      const packedZero = this.#zeroPoints?.[id * zeroStride + (block >> 1)];
      const zero = packedZero === undefined ? 8 : block % 2 === 0 ? packedZero & 15 : packedZero >> 4;
      const from = (id * this.#blocks + block) * blockBytes;
      for (let i = 0; i < blockBytes; i += 1) {
        const byte = this.#weights[from + i] as number;
        const column = block * this.#blockSize + i * 2;
        // The last block may be padded beyond the row: writes there fall outside the view and are dropped.
        row[column] = ((byte & 15) - zero) * scale;
        row[column + 1] = ((byte >> 4) - zero) * scale;
      }
    }
  }
}

function slice(
  files: ReadonlyMap<string, Uint8Array>,
  path: string,
  { offset, bytes }: { offset: number; bytes: number },
  expected: number,
  what: string,
): Uint8Array<ArrayBuffer> {
  const file = files.get(path);
  const available = file?.length ?? 0;
  if (!file || bytes !== expected || offset + bytes > available) {
    const detail = `${what}: expected ${expected} bytes, the manifest says ${bytes} at ${offset} of ${path} (${available} bytes)`;
    throw new EngineFailure(
      wireError('pack-corrupt', 'The pack’s token embeddings do not fit its manifest.', 'Get the pack again from where it came.', detail),
    );
  }
  return new Uint8Array(file.subarray(offset, offset + bytes));
}
