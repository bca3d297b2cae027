/** Past keys and values of one sequence; on the CPU or, where the graph keeps them there, on the GPU. */
import type { Graph, Tensor } from './graph.ts';
import { zeros } from './graph.ts';

const PAST = /^past_key_values\.(\d+)\.(key|value)$/;

/** `present.3.key` of a run is `past_key_values.3.key` of the next one. */
const presentName = (past: string): string => past.replace(/^past_key_values/, 'present');

/** Outputs that become the next run's past: they stay on the GPU. */
export const isPresent = (output: string): boolean => output.startsWith('present.');

/**
 * Immutable: a run makes a new cache and leaves this one as it is, so that several branches can go
 * on from one place. Each `retain` (and the making) is paid back by one `release`; the last disposes the tensors.
 */
export class KvCache {
  /** Tokens in it. */
  readonly length: number;
  readonly #tensors: ReadonlyMap<string, Tensor>; // past name → [1, kvHeads, length, headDim]
  #owners = 1;

  private constructor(length: number, tensors: ReadonlyMap<string, Tensor>) {
    this.length = length;
    this.#tensors = tensors;
  }

  /** No past: dims [1, kvHeads, 0, headDim]. */
  static empty(graph: Graph, kvHeads: number, headDim: number): KvCache {
    const ports = graph.entry.inputs.filter((port) => PAST.test(port.name));
    return new KvCache(
      0,
      new Map(ports.map((port) => [port.name, graph.tensor(port.type, zeros(port.type, 0), [1, kvHeads, 0, headDim])])),
    );
  }

  /** Takes over the `present.*` tensors of a run; its other outputs stay the caller's. */
  static fromOutputs(length: number, outputs: Record<string, Tensor>, pasts: Iterable<string>): KvCache {
    const tensors = new Map<string, Tensor>();
    for (const past of pasts) {
      const present = outputs[presentName(past)];
      if (!present) throw new Error(`the graph has no ${presentName(past)}`);
      tensors.set(past, present);
    }
    return new KvCache(length, tensors);
  }

  /** Feeds for the graph, by input name. */
  feeds(): Record<string, Tensor> {
    if (this.#owners <= 0) throw new Error('this KV cache has been released');
    return Object.fromEntries(this.#tensors);
  }

  retain(): KvCache {
    this.#owners += 1;
    return this;
  }

  release(): void {
    this.#owners -= 1;
    if (this.#owners === 0) for (const tensor of this.#tensors.values()) tensor.dispose();
  }
}
