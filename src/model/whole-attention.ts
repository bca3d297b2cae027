/** What one runtime needs changed in the attention of a pack's graph. Knows ONNX files, no runtime. */
import { attributeIntegers, constantOf, namesOf } from './onnx-file.ts';
import { type Field, fieldsOf, joined, mapField, message } from './protobuf.ts';

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
        const { op, inputs } = namesOf(fields);
        if (op !== 'GroupQueryAttention' || inputs[SINK_INPUT]) return node; // '' is an input that is not there
        const [count] = attributeIntegers(fields, 'num_heads');
        if (count === undefined) return node;
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
