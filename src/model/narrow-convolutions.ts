/** What one runtime needs changed in the convolutions of a pack's graph. Knows ONNX files, no runtime. */
import { nodeOf } from './onnx-file.ts';
import { type Field, fieldsOf, integersOf, joined, mapField, message, type RawField, textOf } from './protobuf.ts';

/** Weights of a convolution from which on its map is taken to be narrow: encoders have as many channels only where few pixels are left. */
const MANY_WEIGHTS = 2 ** 17;

type Node = Parameters<typeof nodeOf>[0];

/**
 * The same model, its convolutions of single pixels (1×1, with many weights) as matrix products of all pixels by the weights.
 * onnxruntime's WebAssembly kernels multiply the other way round, weights by pixels, in strips of sixteen pixels: of the 36 of a 6×6 map
 * they fill two and a quarter, and pay for three. Weights make whole strips, laid out once at load, and a batch is one product. On other
 * backends convolutions have better kernels than products. No number of a result changes but by rounding.
 * @param model an ONNX file; what is no protobuf comes back as it is, for the runtime to refuse
 */
export function convolutionsAsProducts(model: Uint8Array): Uint8Array {
  let found = 0;
  try {
    const changed = mapField(model, 7, (graph) => {
      const fields = [...fieldsOf(graph)];
      const weights = weightsOf(fields);
      return joined(
        fields.map((field) => {
          const product = field.number === 1 ? productFor(field.payload, weights) : null;
          if (product === null) return field.whole;
          found += 1;
          return message(...product.map((node): Field => [1, nodeOf(node)]));
        }),
      );
    });
    return found > 0 ? changed : model;
  } catch (error) {
    if (error instanceof RangeError) return model;
    throw error;
  }
}

/** Dims of a graph's constants by name, and of those that are stored as float16 by the name behind their Cast. */
function weightsOf(graph: readonly RawField[]): Map<string, number[]> {
  const dims = new Map<string, number[]>();
  for (const { number, payload } of graph) {
    if (number !== 5) continue;
    const tensor = [...fieldsOf(payload)];
    const name = tensor.find((field) => field.number === 8);
    if (name) dims.set(textOf(name.payload), integersOf(tensor, 1));
  }
  for (const { number, payload } of graph) {
    if (number !== 1) continue;
    const { op, inputs, outputs } = namesOf([...fieldsOf(payload)]);
    const stored = op === 'Cast' ? dims.get(inputs[0] ?? '') : undefined;
    if (stored && outputs[0]) dims.set(outputs[0], stored);
  }
  return dims;
}

/** The nodes that stand for a convolution, or null where it is none of those. */
function productFor(payload: Uint8Array, weights: ReadonlyMap<string, number[]>): Node[] | null {
  const fields = [...fieldsOf(payload)];
  const { op, inputs, outputs } = namesOf(fields);
  const [pixels, weight, bias] = inputs;
  const [output] = outputs;
  const dims = weights.get(weight ?? '');
  if (op !== 'Conv' || !pixels || !weight || !output || dims?.length !== 4) return null;
  const [outside = 0, inside = 0, height, width] = dims;
  if (height !== 1 || width !== 1 || outside * inside < MANY_WEIGHTS) return null;
  const allOf = (name: string, value: number): boolean => attributeOf(fields, name).every((each) => each === value);
  if (!(allOf('group', 1) && allOf('strides', 1) && allOf('pads', 0))) return null;
  const rows = `${output}:rows`; // [N, H, W, channels]
  const flat = `${output}:flat`;
  const columns = `${output}:columns`; // [inside, outside]; constants: the runtime makes them once
  const product = `${output}:product`;
  const sum = bias ? `${output}:sum` : product;
  return [
    { op: 'Flatten', inputs: [weight], outputs: [flat], attributes: { axis: 1 } },
    { op: 'Transpose', inputs: [flat], outputs: [columns], attributes: { perm: [1, 0] } },
    { op: 'Transpose', inputs: [pixels], outputs: [rows], attributes: { perm: [0, 2, 3, 1] } },
    { op: 'MatMul', inputs: [rows, columns], outputs: [product] },
    ...(bias ? [{ op: 'Add', inputs: [product, bias], outputs: [sum] }] : []),
    { op: 'Transpose', inputs: [sum], outputs: [output], attributes: { perm: [0, 3, 1, 2] } },
  ];
}

function namesOf(node: readonly RawField[]): { op: string; inputs: string[]; outputs: string[] } {
  const texts = (number: number): string[] => node.filter((field) => field.number === number).map(({ payload }) => textOf(payload));
  return { op: texts(4)[0] ?? '', inputs: texts(1), outputs: texts(2) };
}

/** An attribute's integers; none where the node does not have it. */
function attributeOf(node: readonly RawField[], name: string): number[] {
  for (const { number, payload } of node) {
    if (number !== 5) continue;
    const attribute = [...fieldsOf(payload)];
    if (attribute.some((field) => field.number === 1 && textOf(field.payload) === name))
      return [...integersOf(attribute, 3), ...integersOf(attribute, 8)];
  }
  return [];
}
