/**
 * The language model's 8-bit matrices, made at load out of the pack's 4-bit blocks: WebAssembly has no fast kernel for the
 * latter. The plan comes with the pack (training/int8.py, where the arithmetic is told; its twin is `weights` there).
 */
import * as v from 'valibot';
import { wireError } from '../shared/errors.ts';
import { halvesToFloats } from './float16.ts';
import { EngineFailure, type GraphFiles } from './graph.ts';
import type { GraphEntry, PackManifest } from './manifest.ts';
import { fileOf, type PartFiles } from './pack.ts';
import { attentionWithoutTiles } from './whole-attention.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
const place = v.object({ file: v.string(), offset: count });

const plan = v.object({
  format: v.literal(1),
  /** The external data file that the graph names, and its size. */
  data: v.string(),
  bytes: positive,
  /** Of `columnFactors` and `rowFactors`: float32. */
  factors: v.string(),
  matrices: v.array(
    v.object({
      rows: positive,
      columns: positive,
      blockSize: positive,
      weights: place,
      scales: place,
      columnFactors: count,
      rowFactors: v.nullable(count),
      /** Where the int8 matrix [columns, rows] and its scales float32 [rows] go in the data file. */
      int8: count,
      scale: count,
    }),
  ),
});

type Matrix = v.InferOutput<typeof plan>['matrices'][number];
export type Int8Entry = NonNullable<PackManifest['languageModel']['int8']>;

/** Rows that are transposed at a time: their bytes of one column fill a cache line. */
const TILE = 64;
/** The worker must answer in between: milliseconds of work at a stretch. */
const STRETCH_MS = 20;

/** What the manifest would say of the 8-bit graph: the 4-bit one's ports, other weights. */
export function int8GraphEntry(manifest: PackManifest, { file }: Int8Entry): GraphEntry {
  return { ...manifest.graphs['language-model'], file, data: [], dtype: 'q8' };
}

/**
 * Graph and matrices (130 MB for 135 M weights), about a second's work.
 * @throws EngineFailure with `pack-corrupt` where plan and files do not fit.
 */
export async function int8GraphFiles(entry: Int8Entry, files: PartFiles): Promise<GraphFiles> {
  const parsed = v.safeParse(plan, parseJson(fileOf(files, entry.plan)));
  if (!parsed.success) throw corrupt(parsed.issues[0].message);
  const { data, bytes, factors, matrices } = parsed.output;
  const made = new Uint8Array(bytes);
  const all = floatsOf(need(files, factors), 0, need(files, factors).length >> 2);
  let since = performance.now();
  for (const matrix of matrices) {
    checkFit(matrix, files, all.length, bytes);
    for (const _ of convert(matrix, files, all, made)) {
      if (performance.now() - since < STRETCH_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      since = performance.now();
    }
  }
  return { model: attentionWithoutTiles(fileOf(files, entry.file)), data: [{ path: data, data: made }] };
}

/** One matrix, a tile of rows a step. */
function* convert(matrix: Matrix, files: PartFiles, factors: Float32Array, made: Uint8Array): Generator<void> {
  const { rows, columns, blockSize } = matrix;
  const blocks = columns / blockSize;
  const packed = need(files, matrix.weights.file).subarray(matrix.weights.offset, matrix.weights.offset + (rows * columns) / 2);
  const scaleBytes = need(files, matrix.scales.file);
  const columnFactors = factors.subarray(matrix.columnFactors / 4, matrix.columnFactors / 4 + columns);
  const rowFactors = matrix.rowFactors === null ? null : factors.subarray(matrix.rowFactors / 4, matrix.rowFactors / 4 + rows);
  const levels = new Int8Array(made.buffer, made.byteOffset + matrix.int8, rows * columns); // [columns, rows]
  const rowScales = new DataView(made.buffer, made.byteOffset + matrix.scale, rows * 4);
  const wide = new Float32Array(columns);
  const tile = new Int8Array(TILE * columns); // [TILE, columns]
  for (let start = 0; start < rows; start += TILE) {
    const height = Math.min(TILE, rows - start);
    const from = matrix.scales.offset + start * blocks * 2;
    const scales = halvesToFloats(scaleBytes.subarray(from, from + height * blocks * 2)); // [height, blocks]
    for (let row = 0; row < height; row += 1) {
      let largest = 0;
      for (let block = 0; block < blocks; block += 1) {
        const scale = scales[row * blocks + block] as number;
        const at = block * blockSize;
        const nibbles = ((start + row) * columns + at) / 2;
        for (let i = 0; i < blockSize; i += 2) {
          const byte = packed[nibbles + i / 2] as number;
          const low = ((byte & 15) - 8) * scale * (columnFactors[at + i] as number);
          const high = ((byte >> 4) - 8) * scale * (columnFactors[at + i + 1] as number);
          wide[at + i] = low;
          wide[at + i + 1] = high;
          largest = Math.max(largest, Math.abs(low), Math.abs(high));
        }
      }
      const step = largest / 127;
      const inverse = step === 0 ? 0 : 1 / step;
      // Shifted to be positive, since `| 0` cuts towards zero.
      for (let column = 0; column < columns; column += 1) {
        tile[row * columns + column] = (((wide[column] as number) * inverse + 128.5) | 0) - 128;
      }
      rowScales.setFloat32((start + row) * 4, step * (rowFactors?.[start + row] ?? 1), true);
    }
    for (let column = 0; column < columns; column += 1) {
      const to = column * rows + start;
      for (let row = 0; row < height; row += 1) levels[to + row] = tile[row * columns + column] as number;
    }
    yield;
  }
}

function checkFit(matrix: Matrix, files: PartFiles, factors: number, bytes: number): void {
  const { rows, columns, blockSize, weights, scales } = matrix;
  const fits =
    columns % blockSize === 0 &&
    blockSize % 2 === 0 &&
    weights.offset + (rows * columns) / 2 <= need(files, weights.file).length &&
    scales.offset + (rows * columns * 2) / blockSize <= need(files, scales.file).length &&
    [matrix.columnFactors, matrix.rowFactors ?? 0].every((offset) => offset % 4 === 0) &&
    matrix.columnFactors / 4 + columns <= factors &&
    (matrix.rowFactors ?? 0) / 4 + (matrix.rowFactors === null ? 0 : rows) <= factors &&
    matrix.int8 + rows * columns <= bytes &&
    matrix.scale + rows * 4 <= bytes;
  if (!fits) throw corrupt(`a matrix [${rows}, ${columns}] does not lie in its files`);
}

function need(files: PartFiles, path: string): Uint8Array {
  const bytes = files.get(path);
  if (!bytes) throw corrupt(`it names ${path}, which is not among the language model's files`);
  return bytes;
}

/** A copy, since a view of floats must begin at a multiple of four. */
function floatsOf(bytes: Uint8Array, offset: number, length: number): Float32Array {
  return new Float32Array(bytes.slice(offset, offset + length * 4).buffer);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

const corrupt = (detail: string): EngineFailure =>
  new EngineFailure(
    wireError(
      'pack-corrupt',
      'The pack’s plan for 8-bit matrices is not valid.',
      'Get the pack again from where it came, then reload.',
      detail,
    ),
  );
