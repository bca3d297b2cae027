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
  owners: Set<KvCache>;
}

/**
 * A cache's own tokens never change, so that several branches can go on from one place. Each `retain`, `shortened` and `extended` (and
 * the making) is paid back by one `release`.
 */
export class KvCache {
  /** Tokens in it. The tensors may hold more, which the attention mask leaves out and the next run overwrites. */
  readonly length: number;
  readonly #shared: Shared;

  private constructor(length: number, shared: Shared) {
    this.length = length;
    this.#shared = shared;
    shared.owners.add(this);
  }

  /** No past, with room for so many tokens: dims [1, kvHeads, room, headDim]. What a run makes of it has that room as well. */
  static empty(graph: Graph, kvHeads: number, headDim: number, room: number): KvCache {
    const ports = graph.entry.inputs.filter((port) => PAST.test(port.name));
    const dims = [1, kvHeads, room, headDim];
    const tensors = ports.map((port) => [port.name, graph.tensor(port.type, zeros(port.type, kvHeads * room * headDim), dims)] as const);
    return new KvCache(0, { tensors: new Map(tensors), owners: new Set() });
  }

  /** Takes over the `present.*` tensors of a run; its other outputs stay the caller's. */
  static fromOutputs(length: number, outputs: Record<string, Tensor>, pasts: Iterable<string>): KvCache {
    const tensors = new Map<string, Tensor>();
    for (const past of pasts) {
      const present = outputs[presentName(past)];
      if (!present) throw new Error(`the graph has no ${presentName(past)}`);
      tensors.set(past, present);
    }
    return new KvCache(length, { tensors, owners: new Set() });
  }

  /** Feeds for the graph, by input name. */
  feeds(): Record<string, Tensor> {
    if (!this.#shared.owners.has(this)) throw new Error('this KV cache has been released');
    return Object.fromEntries(this.#shared.tensors);
  }

  retain(): KvCache {
    return this.shortened(this.length);
  }

  /** The first `length` tokens of it, without copying. */
  shortened(length: number): KvCache {
    if (!(length >= 0 && length <= this.length)) throw new RangeError(`a cache of ${this.length} tokens cannot be shortened to ${length}`);
    return new KvCache(length, this.#shared);
  }

  /**
   * The cache that a run over `count` more tokens leaves if it writes to `places()`: nothing is allocated and no past is copied. To be
   * asked for before that run. Null where there is no room on the GPU, or where another branch has gone on already: a run of this one makes
   * tensors of its own.
   */
  extended(count: number): KvCache | null {
    const { tensors, owners } = this.#shared;
    const length = this.length + count;
    for (const { location, dims } of tensors.values()) if (location !== 'gpu-buffer' || (dims[2] ?? 0) < length) return null;
    for (const owner of owners) if (owner.length > this.length) return null;
    return new KvCache(length, this.#shared);
  }

  /** Where a run may write what this cache was `extended` by: by output name. */
  places(): Record<string, Tensor> {
    return Object.fromEntries([...this.#shared.tensors].map(([past, tensor]) => [presentName(past), tensor]));
  }

  release(): void {
    const { tensors, owners } = this.#shared;
    if (owners.delete(this) && owners.size === 0) for (const tensor of tensors.values()) tensor.dispose();
  }
}
