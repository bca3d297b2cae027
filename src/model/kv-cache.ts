/** Past keys and values of one sequence; on the CPU or, where the graph keeps them there, on the GPU. */
import type { Graph, Tensor } from './graph.ts';
import { zeros } from './graph.ts';

const PAST = /^past_key_values\.(\d+)\.(key|value)$/;

/** `present.3.key` of a run is `past_key_values.3.key` of the next one. */
const presentName = (past: string): string => past.replace(/^past_key_values/, 'present');

/** Outputs that become the next run's past: they stay on the GPU. */
export const isPresent = (output: string): boolean => output.startsWith('present.');

/** Tensors that several caches may share; the last owner disposes them. */
interface Shared {
  tensors: ReadonlyMap<string, Tensor>; // past name → [1, kvHeads, length or more, headDim]
  owners: number;
}

/**
 * Immutable: a run makes a new cache and leaves this one as it is, so that several branches can go
 * on from one place. Each `retain`, each `shortened` (and the making) is paid back by one `release`.
 */
export class KvCache {
  /** Tokens in it. The tensors may hold more, which the attention mask leaves out and the next run overwrites. */
  readonly length: number;
  readonly #shared: Shared;

  private constructor(length: number, shared: Shared) {
    this.length = length;
    this.#shared = shared;
  }

  /** No past: dims [1, kvHeads, 0, headDim]. */
  static empty(graph: Graph, kvHeads: number, headDim: number): KvCache {
    const ports = graph.entry.inputs.filter((port) => PAST.test(port.name));
    const tensors = new Map(ports.map((port) => [port.name, graph.tensor(port.type, zeros(port.type, 0), [1, kvHeads, 0, headDim])]));
    return new KvCache(0, { tensors, owners: 1 });
  }

  /** Takes over the `present.*` tensors of a run; its other outputs stay the caller's. */
  static fromOutputs(length: number, outputs: Record<string, Tensor>, pasts: Iterable<string>): KvCache {
    const tensors = new Map<string, Tensor>();
    for (const past of pasts) {
      const present = outputs[presentName(past)];
      if (!present) throw new Error(`the graph has no ${presentName(past)}`);
      tensors.set(past, present);
    }
    return new KvCache(length, { tensors, owners: 1 });
  }

  /** Feeds for the graph, by input name. */
  feeds(): Record<string, Tensor> {
    if (this.#shared.owners <= 0) throw new Error('this KV cache has been released');
    return Object.fromEntries(this.#shared.tensors);
  }

  retain(): KvCache {
    return this.shortened(this.length);
  }

  /** The first `length` tokens of it, without copying. */
  shortened(length: number): KvCache {
    if (!(length >= 0 && length <= this.length)) throw new RangeError(`a cache of ${this.length} tokens cannot be shortened to ${length}`);
    this.#shared.owners += 1;
    return new KvCache(length, this.#shared);
  }

  release(): void {
    this.#shared.owners -= 1;
    if (this.#shared.owners === 0) for (const tensor of this.#shared.tensors.values()) tensor.dispose();
  }
}
