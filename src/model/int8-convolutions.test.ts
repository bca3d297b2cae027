import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createNodeRuntime } from '../node/runtime.ts';
import { convolutionsIn8Bits } from './int8-convolutions.ts';
import { constantOf, nodeOf } from './onnx-file.ts';
import { type Field, message } from './protobuf.ts';

const packs = join(fileURLToPath(import.meta.url), '../../../public/models');
const fileOf = async (pack: string, graph: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(join(packs, pack, `${graph}.onnx`)));

/** How many nodes of that kind. */
const nodesOf = (bytes: Uint8Array, op: string): number =>
  Buffer.from(bytes)
    .toString('latin1')
    .split(`"${String.fromCharCode(op.length)}${op}`).length - 1;

const waves = (dims: number[]): Float32Array =>
  Float32Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, (_, index) => 8 * Math.sin(index * 0.7));

/** On WebAssembly, whose kernels it is for: other ones add 8-bit products up in 16 bits, which may be too few. */
async function run(model: Uint8Array, data: Float32Array, dims: number[]): Promise<Record<string, Float32Array>> {
  const { ort, sessionOptions } = await createNodeRuntime('wasm', 1);
  const session = await ort.InferenceSession.create(model, sessionOptions('wasm'));
  const outputs = await session.run({ [session.inputNames[0] as string]: new ort.Tensor('float32', data, dims) });
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data: values }]) => [name, values as Float32Array]));
}

/** The largest difference over the largest value. */
function apart(got: Float32Array | undefined, expected: Float32Array | undefined): number {
  if (!got || !expected || got.length !== expected.length) throw new Error('not the same outputs');
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeGreaterThan(0);
  return expected.reduce((most, value, index) => Math.max(most, Math.abs(value - (got[index] as number))), 0) / largest;
}

interface Convolution {
  weights?: [outside: number, inside: number, height: number, width: number];
  bias?: boolean;
  attributes?: Record<string, number | number[]>;
  /** The bounds of the Clip before it; null: there is none. */
  clip?: [least: number, most: number] | null;
}

/** A model of one convolution behind a Clip, `x` to `y`. */
function modelOf({ weights = [512, 256, 1, 1], bias = false, attributes = {}, clip = [0, 6] }: Convolution = {}): Uint8Array {
  const port = (name: string): Uint8Array => {
    const shape = message(...['N', 'C', 'H', 'W'].map((dim): Field => [1, message([2, dim])]));
    return message([1, name], [2, message([1, message([1, 1], [2, shape])])]);
  };
  const constants: Field[] = [[5, constantOf('w', waves(weights), weights)]];
  if (bias) constants.push([5, constantOf('b', waves([weights[0]]))]);
  for (const [index, bound] of (clip ?? []).entries()) constants.push([5, constantOf(`bound${index}`, Float32Array.of(bound), [])]);
  const clips = clip ? [nodeOf({ op: 'Clip', inputs: ['x', 'bound0', 'bound1'], outputs: ['clipped'] })] : [];
  const inputs = [clip ? 'clipped' : 'x', 'w', ...(bias ? ['b'] : [])];
  const nodes = [...clips, nodeOf({ op: 'Conv', inputs, outputs: ['y'], attributes })];
  const graph = message(...nodes.map((node): Field => [1, node]), [2, 'graph'], ...constants, [11, port('x')], [12, port('y')]);
  return message([1, 8], [7, graph], [8, message([2, 17])]);
}

describe('convolutionsIn8Bits', () => {
  it('takes the face encoder’s convolutions on its narrower maps; a face reads as it did, whoever else is read with it', async () => {
    const original = await fileOf('emollm-s', 'face-encoder');
    const changed = convolutionsIn8Bits(original);
    expect(nodesOf(changed, 'MatMulIntegerToFloat')).toBe(11); // of the twelve blocks the last ten, and the neck
    expect(nodesOf(original, 'Conv') - nodesOf(changed, 'Conv')).toBe(11);
    const faces = waves([3, 1, 48, 48]).map((value) => value / 8);
    const [expected, got] = [await run(original, faces, [3, 1, 48, 48]), await run(changed, faces, [3, 1, 48, 48])];
    for (const name of ['logits', 'face_tokens']) {
      const off = apart(got[name], expected[name]);
      expect(off).toBeGreaterThan(0); // else nothing was rounded
      expect(off).toBeLessThan(0.05);
    }
    const alone = await run(changed, faces.slice(0, 48 * 48), [1, 1, 48, 48]);
    expect([...(alone.logits as Float32Array)]).toEqual([...(got.logits as Float32Array).slice(0, 8)]);
  });

  it.each<[string, Convolution]>([
    ['without a bias', {}],
    ['with one', { bias: true }],
    [
      'that says what is so anyway',
      { attributes: { group: 1, kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] } },
    ],
    ['of another bound', { clip: [0, 7.5] }],
  ])('takes a convolution %s, of a map that is not square', async (_name, convolution) => {
    const original = modelOf(convolution);
    const changed = convolutionsIn8Bits(original);
    expect(nodesOf(changed, 'Conv')).toBe(0);
    const dims = [2, 256, 3, 5];
    const [expected, got] = [await run(original, waves(dims), dims), await run(changed, waves(dims), dims)];
    expect(apart(got.y, expected.y)).toBeLessThan(0.1); // waves cancel each other out: beside their sums rounding is large
  });

  it('takes channels whose weights are all zero', async () => {
    const original = modelOf();
    const silent = Buffer.from(original);
    const weights = Buffer.from(waves([512, 256, 1, 1]).buffer);
    silent.fill(0, silent.indexOf(weights.subarray(0, 64)), silent.indexOf(weights.subarray(0, 64)) + 256 * 4);
    const dims = [1, 256, 2, 2];
    const { y } = await run(convolutionsIn8Bits(new Uint8Array(silent)), waves(dims), dims);
    expect([...(y as Float32Array).slice(0, 4)]).toEqual([0, 0, 0, 0]);
    expect((y as Float32Array).every(Number.isFinite)).toBe(true);
  });

  it.each<[string, Convolution]>([
    ['few weights', { weights: [128, 64, 1, 1] }],
    ['a larger kernel', { weights: [256, 256, 3, 3], attributes: { kernel_shape: [3, 3] } }],
    ['a stride', { attributes: { strides: [2, 2] } }],
    ['a border', { attributes: { pads: [1, 1, 1, 1] } }],
    ['groups', { attributes: { group: 2 } }],
    ['pixels of any size', { clip: null }],
    ['pixels below zero', { clip: [-1, 6] }],
  ])('leaves a convolution with %s', (_name, convolution) => {
    const original = modelOf(convolution);
    expect(convolutionsIn8Bits(original)).toBe(original);
  });

  it('changes nothing twice, and nothing where there is no such convolution or no file', async () => {
    const once = convolutionsIn8Bits(await fileOf('emollm-s', 'face-encoder'));
    const language = await fileOf('tiny', 'language-model');
    for (const bytes of [once, language, Uint8Array.of(1), Uint8Array.of(0x3a, 200, 1, 7), once.subarray(0, 1000)]) {
      expect(convolutionsIn8Bits(bytes)).toBe(bytes);
    }
  });
});
