/**
 * A pack's goldens (parity.json, made by training/parity.py, where the format is told): inputs made by a rule, and what the outputs must be.
 * Knows numbers, no backends.
 */
import * as v from 'valibot';
import { wireError } from '../shared/errors.ts';
import { GRAPH_NAMES, type GraphName } from '../shared/labels.ts';
import { agreementOf, EngineFailure, type Graph } from './graph.ts';

const numbers = v.array(v.number());
const ids = v.array(v.pipe(v.number(), v.integer()));
/** Numbers of an input; what a picture of the largest side has comes nowhere near. The whole of it is made before the graph can refuse it. */
const MOST_NUMBERS = 1 << 24;
const dims = v.pipe(
  v.array(v.pipe(v.number(), v.integer(), v.minValue(1))),
  v.check((sides) => sides.reduce((product, side) => product * side, 1) <= MOST_NUMBERS),
);

const input = v.object({
  name: v.string(),
  dims,
  sine: v.optional(v.object({ amplitude: v.number(), step: v.number(), offset: v.number() })),
  values: v.optional(numbers),
  from: v.optional(v.string()),
  repeat: v.optional(v.number()),
});

const output = v.object({
  name: v.string(),
  dims: ids,
  first: numbers,
  mean: v.number(),
  absMean: v.number(),
  max: v.number(),
  argmax: v.number(),
});

const golden = v.object({ graph: v.picklist(GRAPH_NAMES), inputs: v.array(input), outputs: v.array(output), tolerance: v.number() });

const goldens = v.object({
  format: v.literal(1),
  graphs: v.array(golden),
  embedding: v.object({ ids, width: v.number(), first: v.array(numbers) }),
  tokenizer: v.array(v.object({ text: v.string(), ids })),
  generation: v.object({ before: ids, after: ids, greedy: ids, chosen: numbers, margins: numbers, max: v.number(), tolerance: v.number() }),
});

export type Goldens = v.InferOutput<typeof goldens>;
export type Golden = Goldens['graphs'][number];

/** Null where the file is none of this format. */
export function parseGoldens(file: Uint8Array): Goldens | null {
  try {
    const parsed = v.safeParse(goldens, JSON.parse(new TextDecoder().decode(file)));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

type Runnable = Pick<Graph, 'run' | 'tensor'>;

/** Outputs that later goldens begin with, by `<graph>/<output>`. */
export type GoldenOutputs = Map<string, Float32Array>;

/**
 * Runs one golden. Its outputs are added to `made`.
 * @param allowed the largest difference that is let pass; default the golden's own
 * @returns a line for each output that is off
 * @throws EngineFailure where the graph cannot be run
 */
export async function runGolden(graph: Runnable, entry: Golden, made: GoldenOutputs, allowed = entry.tolerance): Promise<string[]> {
  const feeds = Object.fromEntries(
    entry.inputs.map((item) => {
      const count = item.dims.reduce((product, dim) => product * dim, 1);
      return [item.name, graph.tensor('float32', makeInput(item, count, made), item.dims)];
    }),
  );
  const outputs = await graph.run(feeds);
  for (const [name, tensor] of Object.entries(outputs)) made.set(`${entry.graph}/${name}`, tensor.data as Float32Array);
  return entry.outputs.flatMap((result) => {
    const data = made.get(`${entry.graph}/${result.name}`);
    const error = data ? difference(result, data) : Number.POSITIVE_INFINITY;
    return error <= allowed ? [] : [`${entry.graph}/${result.name}: off by ${error.toExponential(1)}, allowed ${allowed}`];
  });
}

/** The goldens as warm-ups: each graph's first run, which has to be made anyway, shows whether its backend computes rightly. */
export class GoldenChecks {
  readonly #entries: readonly Golden[];
  readonly #made: GoldenOutputs = new Map();
  /** The outputs that others begin with; no more is kept. */
  readonly #needed: ReadonlySet<string>;

  constructor(entries: readonly Golden[]) {
    this.#entries = entries;
    this.#needed = new Set(entries.flatMap(({ inputs }) => inputs.flatMap(({ from }) => from ?? [])));
  }

  /** Undefined where there is no golden for it. The one that begins with other graphs' outputs needs these to be opened before it. */
  warmUp(name: GraphName): ((graph: Graph) => Promise<void>) | undefined {
    const entry = this.#entries.find(({ graph }) => graph === name);
    if (!entry?.inputs.every(({ from }) => from === undefined || this.#made.has(from))) return undefined;
    return async (graph) => {
      const faults = await runGolden(graph, entry, this.#made, Math.max(agreementOf(graph), entry.tolerance)); // wrong numbers, not last digits
      for (const key of this.#made.keys()) if (!this.#needed.has(key)) this.#made.delete(key);
      if (faults.length === 0) return;
      const message = `The ${name} graph computes wrong numbers on this machine.`;
      throw new EngineFailure(wireError('graph-failed', message, 'Update the browser or the graphics driver.', faults.join('; ')));
    };
  }
}

function makeInput(item: Golden['inputs'][number], count: number, made: GoldenOutputs): Float32Array {
  const { sine, from } = item;
  if (sine) return Float32Array.from({ length: count }, (_, index) => sine.offset + sine.amplitude * Math.sin(sine.step * index));
  if (from === undefined) return Float32Array.from(item.values ?? []);
  const source = made.get(from);
  if (!source) throw new Error(`the golden of ${from} must be run first`);
  const values = new Float32Array(count);
  for (let copy = 0; copy < (item.repeat ?? 1); copy += 1) values.set(source, copy * source.length);
  return values;
}

/** Largest difference of what a golden tells of an output, over the golden's largest value. */
function difference(expected: Golden['outputs'][number], data: Float32Array): number {
  let sum = 0;
  let absolute = 0;
  for (const value of data) {
    sum += value;
    absolute += Math.abs(value);
  }
  const differences = expected.first.map((value, index) => Math.abs(value - (data[index] ?? Number.NaN)));
  differences.push(Math.abs(expected.mean - sum / data.length), Math.abs(expected.absMean - absolute / data.length));
  return Math.max(...differences) / Math.max(1e-3, expected.max);
}
