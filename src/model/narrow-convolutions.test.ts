import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { convolutionsAsProducts } from './narrow-convolutions.ts';
import { nodeOf } from './onnx-file.ts';
import { type Field, message } from './protobuf.ts';

const packs = join(fileURLToPath(import.meta.url), '../../../public/models');
const fileOf = async (pack: string, graph: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(join(packs, pack, `${graph}.onnx`)));

/** How many nodes of that kind. */
const nodesOf = (bytes: Uint8Array, op: string): number =>
  Buffer.from(bytes)
    .toString('latin1')
    .split(`"${String.fromCharCode(op.length)}${op}`).length - 1;

async function run(model: Uint8Array, dims: number[]): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(model);
  const data = Float32Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, (_, index) => Math.sin(index * 0.7));
  const outputs = await session.run({ [session.inputNames[0] as string]: new Tensor('float32', data, dims) });
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data: values }]) => [name, values as Float32Array]));
}

function expectSame(got: Record<string, Float32Array>, expected: Record<string, Float32Array>): void {
  expect(Object.keys(got)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(0);
    const off = values.reduce((most, value, index) => Math.max(most, Math.abs(value - (got[name]?.[index] ?? Number.NaN))), 0);
    expect(off / largest).toBeLessThan(1e-5);
  }
}

interface Convolution {
  weights?: [outside: number, inside: number, height: number, width: number];
  bias?: boolean;
  attributes?: Record<string, number | number[]>;
}

/** A model of one convolution, `x` to `y`. */
function modelOf({ weights = [512, 256, 1, 1], bias = false, attributes = {} }: Convolution = {}): Uint8Array {
  const tensor = (name: string, dims: number[]): Uint8Array => {
    const values = Float32Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, (_, index) => Math.cos(index * 1.3));
    return message(...dims.map((dim): Field => [1, dim]), [2, 1], [8, name], [9, new Uint8Array(values.buffer)]);
  };
  const port = (name: string): Uint8Array => {
    const shape = message(...['N', 'C', 'H', 'W'].map((dim): Field => [1, message([2, dim])]));
    return message([1, name], [2, message([1, message([1, 1], [2, shape])])]);
  };
  const inputs = ['x', 'w', ...(bias ? ['b'] : [])];
  const constants: Field[] = [[5, tensor('w', weights)], ...(bias ? [[5, tensor('b', [weights[0]])] as Field] : [])];
  const node = nodeOf({ op: 'Conv', inputs, outputs: ['y'], attributes });
  return message([1, 8], [7, message([1, node], [2, 'graph'], ...constants, [11, port('x')], [12, port('y')])], [8, message([2, 17])]);
}

describe('convolutionsAsProducts', () => {
  it('makes products of the face encoder’s convolutions on its narrowest map: the same numbers, of one face and of several', async () => {
    const original = await fileOf('emollm-s', 'face-encoder');
    const changed = convolutionsAsProducts(original);
    const made = nodesOf(changed, 'MatMul') - nodesOf(original, 'MatMul');
    expect(made).toBe(8); // of the twelve blocks the last seven, and the neck
    expect(nodesOf(original, 'Conv') - nodesOf(changed, 'Conv')).toBe(made);
    for (const faces of [1, 3]) expectSame(await run(changed, [faces, 1, 48, 48]), await run(original, [faces, 1, 48, 48]));
  });

  it.each<[string, Convolution]>([
    ['without a bias', {}],
    ['with one', { bias: true }],
    [
      'that says what is so anyway',
      { attributes: { group: 1, kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] } },
    ],
  ])('takes a convolution %s, of a map that is not square', async (_name, convolution) => {
    const original = modelOf(convolution);
    const changed = convolutionsAsProducts(original);
    expect(nodesOf(changed, 'Conv')).toBe(0);
    expectSame(await run(changed, [2, 256, 3, 5]), await run(original, [2, 256, 3, 5]));
  });

  it.each<[string, Convolution]>([
    ['few weights', { weights: [256, 256, 1, 1] }],
    ['a larger kernel', { weights: [256, 256, 3, 3], attributes: { kernel_shape: [3, 3] } }],
    ['a stride', { attributes: { strides: [2, 2] } }],
    ['a border', { attributes: { pads: [1, 1, 1, 1] } }],
    ['groups', { attributes: { group: 2 } }],
  ])('leaves a convolution with %s', (_name, convolution) => {
    const original = modelOf(convolution);
    expect(convolutionsAsProducts(original)).toBe(original);
  });

  it('changes nothing twice, and nothing where there is no such convolution or no file', async () => {
    const once = convolutionsAsProducts(await fileOf('emollm-s', 'face-encoder'));
    const language = await fileOf('tiny', 'language-model');
    for (const bytes of [once, language, Uint8Array.of(1), Uint8Array.of(0x3a, 200, 1, 7), once.subarray(0, 1000)]) {
      expect(convolutionsAsProducts(bytes)).toBe(bytes);
    }
  });
});
