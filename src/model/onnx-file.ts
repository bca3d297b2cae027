/**
 * ONNX files of a few nodes, written where they are used: a graph without weights needs no file in a pack. As much of onnx.proto as
 * that takes (opset 17). Knows no runtime.
 */
import type { GraphFiles } from './graph.ts';
import type { GraphEntry } from './manifest.ts';
import { type Field, fieldsOf, integersOf, message, type RawField, textOf } from './protobuf.ts';

type Port = GraphEntry['inputs'][number];

interface OnnxDescription {
  inputs: Port[];
  outputs: Port[];
  /** Vectors, by name. */
  constants: Record<string, BigInt64Array | Float32Array>;
  nodes: NodeDescription[];
}

/** Attributes must be at least 0. `domain`: of operators that are not ONNX's own. */
export interface NodeDescription {
  op: string;
  domain?: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, number | number[]>;
}

const IR_VERSION = 8;
const OPSET = 17;
/** TensorProto.DataType. */
export const ELEMENT: Record<Port['type'] | 'int8', number> = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 };

/** What a pack's manifest would say of the graph, and its file. */
export function onnxGraph({ inputs, outputs, constants, nodes }: OnnxDescription): { entry: GraphEntry; files: GraphFiles } {
  const graph = message(
    ...nodes.map((node): Field => [1, nodeOf(node)]),
    [2, 'graph'],
    ...Object.entries(constants).map(([name, values]): Field => [5, constantOf(name, values)]),
    ...inputs.map((port): Field => [11, portOf(port)]),
    ...outputs.map((port): Field => [12, portOf(port)]),
  );
  const model = message([1, IR_VERSION], [7, graph], [8, message([2, OPSET])]);
  return { entry: { file: '', data: [], dtype: 'fp32', inputs, outputs }, files: { model, data: [] } };
}

/** A NodeProto. */
export function nodeOf({ op, domain, inputs, outputs, attributes = {} }: NodeDescription): Uint8Array {
  return message(
    ...inputs.map((name): Field => [1, name]),
    ...outputs.map((name): Field => [2, name]),
    [4, op],
    ...Object.entries(attributes).map(([name, value]): Field => [5, attributeOf(name, value)]),
    ...(domain ? [[7, domain] as Field] : []),
  );
}

function attributeOf(name: string, value: number | number[]): Uint8Array {
  return Array.isArray(value)
    ? message([1, name], ...value.map((each): Field => [8, each]), [20, 7])
    : message([1, name], [3, value], [20, 2]);
}

type Values = BigInt64Array | Float32Array | Int8Array | Uint8Array;

/** A TensorProto of float32, int64, int8 or uint8, by the kind of the values; a vector where no dims are given. */
export function constantOf(name: string, values: Values, dims: readonly number[] = [values.length]): Uint8Array {
  const { int64, int8, uint8, float32 } = ELEMENT;
  const element =
    values instanceof Float32Array ? float32 : values instanceof Int8Array ? int8 : values instanceof Uint8Array ? uint8 : int64;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return message(...dims.map((dim): Field => [1, dim]), [2, element], [8, name], [9, bytes]);
}

function portOf({ name, type, dims }: Port): Uint8Array {
  const shape = message(...dims.map((dim): Field => [1, typeof dim === 'number' ? message([1, dim]) : message([2, dim])]));
  return message([1, name], [2, message([1, message([1, ELEMENT[type]], [2, shape])])]);
}

/** What a NodeProto is and names. */
export function namesOf(node: readonly RawField[]): { op: string; inputs: string[]; outputs: string[] } {
  const texts = (number: number): string[] => node.filter((field) => field.number === number).map(({ payload }) => textOf(payload));
  return { op: texts(4)[0] ?? '', inputs: texts(1), outputs: texts(2) };
}

/** The integers of a NodeProto's attribute; none where it does not have it. */
export function attributeIntegers(node: readonly RawField[], name: string): number[] {
  for (const { number, payload } of node) {
    if (number !== 5) continue;
    const attribute = [...fieldsOf(payload)];
    if (attribute.some((field) => field.number === 1 && textOf(field.payload) === name))
      return [...integersOf(attribute, 3), ...integersOf(attribute, 8)];
  }
  return [];
}
