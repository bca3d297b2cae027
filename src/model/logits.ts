/** The raw scores of what may come next, one for each id of the vocabulary. Asked, not handed over: they may lie on another device. */
export interface Logits {
  /**
   * The id with the highest score that is not banned; the lowest one at a tie.
   * @throws RangeError where all are banned or not numbers.
   */
  likeliest(banned: ReadonlySet<number>): Promise<number>;
  /** Scores of some ids, in their order; −∞ for an id that the vocabulary does not have. */
  of(ids: readonly number[]): Promise<number[]>;
}

/** Nothing is banned. */
export const NONE: ReadonlySet<number> = new Set();

/** Scores at hand. [vocab] */
export class ArrayLogits implements Logits {
  readonly #values: Float32Array;

  /** @param values not copied. */
  constructor(values: Float32Array) {
    this.#values = values;
  }

  async likeliest(banned: ReadonlySet<number>): Promise<number> {
    let best = -1;
    let bestLogit = Number.NEGATIVE_INFINITY;
    for (let id = 0; id < this.#values.length; id += 1) {
      const logit = this.#values[id] as number;
      if (logit > bestLogit && !banned.has(id)) {
        best = id;
        bestLogit = logit;
      }
    }
    return orNone(best);
  }

  async of(ids: readonly number[]): Promise<number[]> {
    return ids.map((id) => this.#values[id] ?? Number.NEGATIVE_INFINITY);
  }
}

/** @throws RangeError where no id was found, which is −1. */
export function orNone(id: number): number {
  if (id < 0) throw new RangeError('no id can be picked: all logits are banned or not numbers');
  return id;
}
