/**
 * ONNX files of a few nodes, written where they are used: a graph without weights needs no file in a pack; and what must be changed in
 * a pack's file for one runtime. As much of protobuf as that takes (onnx/onnx.proto; opset 17). Knows no runtime.
 */
import type { GraphFiles } from './graph.ts';
import type { GraphEntry } from './manifest.ts';

type Port = GraphEntry['inputs'][number];

interface OnnxDescription {
  inputs: Port[];
  outputs: Port[];
  /** Vectors, by name. */
  constants: Record<string, BigInt64Array | Float32Array>;
  nodes: { op: string; inputs: string[]; outputs: string[]; attributes?: Record<string, number | number[]> }[];
}

const IR_VERSION = 8;
const OPSET = 17;
/** TensorProto.DataType. */
const ELEMENT: Record<Port['type'], number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10 };

/** What a pack's manifest would say of the graph, and its file. Attributes must be at least 0. */
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

function nodeOf({ op, inputs, outputs, attributes = {} }: OnnxDescription['nodes'][number]): Uint8Array {
  return message(
    ...inputs.map((name): Field => [1, name]),
    ...outputs.map((name): Field => [2, name]),
    [4, op],
    ...Object.entries(attributes).map(([name, value]): Field => [5, attributeOf(name, value)]),
  );
}

function attributeOf(name: string, value: number | number[]): Uint8Array {
  return Array.isArray(value)
    ? message([1, name], ...value.map((each): Field => [8, each]), [20, 7])
    : message([1, name], [3, value], [20, 2]);
}

function constantOf(name: string, values: BigInt64Array | Float32Array): Uint8Array {
  const { int64, float32 } = ELEMENT;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return message([1, values.length], [2, values instanceof Float32Array ? float32 : int64], [8, name], [9, bytes]);
}

function portOf({ name, type, dims }: Port): Uint8Array {
  const shape = message(...dims.map((dim): Field => [1, typeof dim === 'number' ? message([1, dim]) : message([2, dim])]));
  return message([1, name], [2, message([1, message([1, ELEMENT[type]], [2, shape])])]);
}

/** A field's number, and an integer, a text or a message. */
type Field = [number: number, value: number | string | Uint8Array];

function message(...fields: Field[]): Uint8Array {
  const utf8 = new TextEncoder();
  const bytes = fields.flatMap(([number, value]) => {
    if (typeof value === 'number') return [...varint(number << 3), ...varint(value)];
    const payload = typeof value === 'string' ? utf8.encode(value) : value;
    return [...varint((number << 3) | 2), ...varint(payload.length), ...payload];
  });
  return Uint8Array.from(bytes);
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** As good as −∞ as the logarithm of a weight: exp gives 0. */
const NO_SINK = -1e30;
/** Of GroupQueryAttention (com.microsoft, version 1). */
const SINK_INPUT = 11;

/**
 * The same model, its GroupQueryAttention nodes with head sinks that weigh nothing. onnxruntime's CPU kernel computes runs of several
 * tokens in tiles of the L2 cache's size, which WebAssembly is not told: its tiles are of one score, ten times as slow as no tiles. With
 * a sink it takes none (onnxruntime#28962, #33202). Nodes that have a sink already stay as they are.
 * @param model an ONNX file; what is no protobuf comes back as it is, for the runtime to refuse
 */
export function attentionWithoutTiles(model: Uint8Array): Uint8Array {
  const heads = new Set<number>();
  const nameOf = (count: number): string => `no-sink-${count}`;
  try {
    const changed = mapField(model, 7, (graph) => {
      const nodes = mapField(graph, 1, (node) => {
        const fields = [...fieldsOf(node)];
        const isAttention = fields.some(({ number, payload }) => number === 4 && textOf(payload) === 'GroupQueryAttention');
        const inputs = fields.filter(({ number }) => number === 1).map(({ payload }) => textOf(payload));
        const count = isAttention && !inputs[SINK_INPUT] ? numHeads(fields) : null; // '' is an input that is not there
        if (count === null) return node;
        heads.add(count);
        while (inputs.length < SINK_INPUT) inputs.push('');
        inputs[SINK_INPUT] = nameOf(count);
        return joined([
          message(...inputs.map((name): Field => [1, name])),
          ...fields.filter(({ number }) => number !== 1).map(({ whole }) => whole),
        ]);
      });
      const sinks = [...heads].map((count): Field => [5, constantOf(nameOf(count), new Float32Array(count).fill(NO_SINK))]);
      return joined([nodes, message(...sinks)]);
    });
    return heads.size > 0 ? changed : model;
  } catch (error) {
    if (error instanceof RangeError) return model;
    throw error;
  }
}

function numHeads(node: readonly RawField[]): number | null {
  for (const { number, payload } of node) {
    if (number !== 5) continue;
    const attribute = [...fieldsOf(payload)];
    if (!attribute.some((field) => field.number === 1 && textOf(field.payload) === 'num_heads')) continue;
    return attribute.find((field) => field.number === 3)?.value ?? null;
  }
  return null;
}

interface RawField {
  number: number;
  /** With its tag. */
  whole: Uint8Array;
  /** Of a text or message; else empty. */
  payload: Uint8Array;
  /** Of an integer; else 0. */
  value: number;
}

/** Messages of that number replaced, everything else as it was. */
function mapField(bytes: Uint8Array, number: number, change: (payload: Uint8Array) => Uint8Array): Uint8Array {
  return joined(
    [...fieldsOf(bytes)].flatMap((field) => {
      if (field.number !== number) return [field.whole];
      const changed = change(field.payload);
      return changed === field.payload
        ? [field.whole]
        : [Uint8Array.from([...varint((number << 3) | 2), ...varint(changed.length)]), changed];
    }),
  );
}

/** @throws RangeError where the bytes are no message */
function* fieldsOf(bytes: Uint8Array): Generator<RawField> {
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 10; shift += 1) {
      const byte = bytes[at];
      if (byte === undefined) break;
      at += 1;
      value += (byte % 128) * 128 ** shift;
      if (byte < 128) return value;
    }
    throw new RangeError('no integer');
  };
  const none = new Uint8Array(0);
  while (at < bytes.length) {
    const start = at;
    const tag = readVarint();
    const number = Math.floor(tag / 8);
    let payload: Uint8Array = none;
    let value = 0;
    switch (tag % 8) {
      case 0:
        value = readVarint();
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = readVarint();
        payload = bytes.subarray(at, at + length);
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        throw new RangeError('no such kind of field');
    }
    if (at > bytes.length) throw new RangeError('cut off');
    yield { number, whole: bytes.subarray(start, at), payload, value };
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
