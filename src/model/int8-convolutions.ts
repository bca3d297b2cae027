/** A graph's convolutions in 8 bits, made at load for the one runtime that gains by it. Knows ONNX files, no runtime. */
import { halvesToFloats } from './float16.ts';
import { attributeIntegers, constantOf, ELEMENT, type NodeDescription, namesOf, nodeOf } from './onnx-file.ts';
import { type Field, fieldsOf, integersOf, joined, mapField, message, type RawField, textOf } from './protobuf.ts';

/** Weights of a convolution from which on it is worth its way there and back: encoders have as many channels where few pixels are left. */
const MANY_WEIGHTS = 2 ** 14;
/** onnxruntime's own operators. */
const DOMAIN = 'com.microsoft';

/**
 * The same model, its convolutions of single pixels (1×1, with many weights, behind a Clip from 0 to a constant) as matrix products of
 * all pixels by the weights, in 8 bits: pixels in 255 steps from 0 to the Clip's bound, weights in 127 steps either way to the largest of
 * each channel outside. WebAssembly multiplies 8 bits twice as fast as floats, and the products of a 6×6 map, which are few pixels by many
 * weights, faster as they are than as convolutions, whose kernel takes pixels in strips of sixteen. Other backends have better kernels.
 *
 * Results differ by the rounding (of the face encoder's logits by a hundredth of the largest): whether a network bears it must be measured.
 * @param model an ONNX file; what is no protobuf, or has no such convolution, comes back as it is
 */
export function convolutionsIn8Bits(model: Uint8Array): Uint8Array {
  let found = 0;
  try {
    const changed = mapField(model, 7, (bytes) => {
      const graph = graphOf(bytes);
      const constants: Field[] = [];
      const parts = graph.fields.map((field) => {
        const product = field.number === 1 ? productFor(field.payload, graph) : null;
        if (product === null) return field.whole;
        found += 1;
        constants.push(...product.constants.map((constant): Field => [5, constant]));
        return message(...product.nodes.map((node): Field => [1, nodeOf(node)]));
      });
      return joined([...parts, message(...constants)]);
    });
    if (found === 0) return model;
    return domainsOf(model).includes(DOMAIN) ? changed : joined([changed, message([8, message([1, DOMAIN], [2, 1])])]);
  } catch (error) {
    if (error instanceof RangeError) return model;
    throw error;
  }
}

/** The model's operator sets. */
function domainsOf(model: Uint8Array): string[] {
  const sets = [...fieldsOf(model)].filter(({ number }) => number === 8);
  return sets.flatMap(({ payload }) => [...fieldsOf(payload)].filter(({ number }) => number === 1).map((field) => textOf(field.payload)));
}

interface OnnxGraph {
  fields: RawField[];
  /** By name; of those that are stored as float16, by the name behind their Cast, too. */
  constants: Map<string, RawField[]>;
  /** What a Clip from 0 to a constant lets through at most, by its output's name. */
  bounds: Map<string, number>;
}

function graphOf(bytes: Uint8Array): OnnxGraph {
  const fields = [...fieldsOf(bytes)];
  const constants = new Map<string, RawField[]>();
  const bounds = new Map<string, number>();
  for (const { number, payload } of fields) {
    if (number !== 5) continue;
    const tensor = [...fieldsOf(payload)];
    const name = tensor.find((field) => field.number === 8);
    if (name) constants.set(textOf(name.payload), tensor);
  }
  for (const { number, payload } of fields) {
    if (number !== 1) continue;
    const { op, inputs, outputs } = namesOf([...fieldsOf(payload)]);
    const [first, ...others] = inputs.map((name) => constants.get(name));
    const [output] = outputs;
    if (!output) continue;
    if (op === 'Cast' && first) constants.set(output, first);
    if (op !== 'Clip') continue;
    const [least, most] = others.map((tensor) => tensor && floatsOf(tensor)?.[0]);
    if (least === 0 && most !== undefined && most > 0) bounds.set(output, most);
  }
  return { fields, constants, bounds };
}

/** What stands for a convolution, or null where it is none of those. */
function productFor(payload: Uint8Array, { constants, bounds }: OnnxGraph): { nodes: NodeDescription[]; constants: Uint8Array[] } | null {
  const fields = [...fieldsOf(payload)];
  const { op, inputs, outputs } = namesOf(fields);
  const [pixels, weight, bias] = inputs;
  const [output] = outputs;
  const tensor = constants.get(weight ?? '');
  const bound = bounds.get(pixels ?? '');
  if (op !== 'Conv' || !pixels || !output || !tensor || bound === undefined) return null;
  const [outside = 0, inside = 0, ...kernel] = integersOf(tensor, 1);
  if (kernel.length !== 2 || kernel.some((side) => side !== 1) || outside * inside < MANY_WEIGHTS) return null;
  const allOf = (name: string, value: number): boolean => attributeIntegers(fields, name).every((each) => each === value);
  if (!(allOf('group', 1) && allOf('strides', 1) && allOf('pads', 0))) return null;
  const floats = floatsOf(tensor);
  if (floats?.length !== outside * inside) return null;

  const { values, scales } = rounded(floats, outside, inside);
  const [steps, rows, product] = [`${output}:steps`, `${output}:rows`, `${output}:product`];
  const [step, zero, matrix, sizes] = [`${output}:step`, `${output}:zero`, `${output}:matrix`, `${output}:sizes`];
  return {
    nodes: [
      { op: 'QuantizeLinear', inputs: [pixels, step, zero], outputs: [steps] },
      { op: 'Transpose', inputs: [steps], outputs: [rows], attributes: { perm: [0, 2, 3, 1] } }, // [N, H, W, inside]
      {
        op: 'MatMulIntegerToFloat',
        domain: DOMAIN,
        inputs: [rows, matrix, step, sizes, zero, '', ...(bias ? [bias] : [])],
        outputs: [product],
      },
      { op: 'Transpose', inputs: [product], outputs: [output], attributes: { perm: [0, 3, 1, 2] } },
    ],
    constants: [
      constantOf(step, Float32Array.of(bound / 255), []),
      constantOf(zero, Uint8Array.of(0), []),
      constantOf(matrix, values, [inside, outside]),
      constantOf(sizes, scales),
    ],
  };
}

/** Weights [outside, inside] → int8 [inside, outside], and the size of a step of each channel outside. */
function rounded(weights: Float32Array, outside: number, inside: number): { values: Int8Array; scales: Float32Array } {
  const values = new Int8Array(weights.length);
  const scales = new Float32Array(outside);
  for (let row = 0; row < outside; row += 1) {
    const own = weights.subarray(row * inside, (row + 1) * inside);
    let largest = 0;
    for (let column = 0; column < inside; column += 1) largest = Math.max(largest, Math.abs(own[column] as number));
    const scale = largest > 0 ? largest / 127 : 1;
    scales[row] = scale;
    for (let column = 0; column < inside; column += 1) values[column * outside + row] = Math.round((own[column] as number) / scale);
  }
  return { values, scales };
}

/** A tensor's numbers where it holds float32 or float16 in itself; else null. */
function floatsOf(tensor: readonly RawField[]): Float32Array | null {
  const raw = tensor.find(({ number }) => number === 9)?.payload;
  const [element] = integersOf(tensor, 2);
  if (!raw) return null;
  if (element === ELEMENT.float16) return halvesToFloats(raw);
  return element === ELEMENT.float32 && raw.length % 4 === 0 ? new Float32Array(Uint8Array.from(raw).buffer) : null;
}
