/** One float run of a graph: arrays in, arrays out; every tensor made for it is gone afterwards. Ignorant of onnxruntime. */
import type { GraphEntry } from './manifest.ts';

interface FloatTensor {
  readonly type: string;
  readonly data: unknown;
  dispose(): void;
}

/** What this room's small networks need of a `Graph`. */
export interface Runner {
  readonly entry: Pick<GraphEntry, 'inputs'>;
  tensor(type: 'float32', data: Float32Array, dims: readonly number[]): FloatTensor;
  run(inputs: Record<string, FloatTensor>): Promise<Record<string, FloatTensor>>;
}

export interface FloatInput {
  data: Float32Array;
  dims: number[];
}

/** Runs a graph whose inputs and outputs are all float32. The returned arrays belong to the caller. */
export async function runFloats(graph: Runner, inputs: Record<string, FloatInput>): Promise<Record<string, Float32Array>> {
  const tensors = Object.fromEntries(Object.entries(inputs).map(([name, { data, dims }]) => [name, graph.tensor('float32', data, dims)]));
  try {
    const results = await graph.run(tensors);
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => {
        const { data } = tensor;
        if (!(data instanceof Float32Array)) throw new TypeError(`${name}: expected float32, got ${tensor.type}`);
        tensor.dispose();
        return [name, data];
      }),
    );
  } finally {
    for (const tensor of Object.values(tensors)) tensor.dispose();
  }
}

/** Name of a graph's first (often only) input. */
export function inputName(graph: Runner): string {
  const name = graph.entry.inputs[0]?.name;
  if (name === undefined) throw new Error('a graph without inputs');
  return name;
}

/** The output that holds `length` numbers: converted graphs name theirs arbitrarily, sizes tell them apart. */
export function outputOfLength(outputs: Record<string, Float32Array>, length: number): Float32Array {
  const found = Object.values(outputs).find((data) => data.length === length);
  if (found) return found;
  const got = Object.entries(outputs).map(([name, data]) => `${name}: ${data.length}`);
  throw new Error(`expected an output of ${length} numbers, got ${got.join(', ')}`);
}

/** The output of that name. */
export function outputNamed(outputs: Record<string, Float32Array>, name: string): Float32Array {
  const found = outputs[name];
  if (found) return found;
  throw new Error(`expected an output named ${name}, got ${Object.keys(outputs).join(', ')}`);
}
