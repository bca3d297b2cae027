/** Picks an id from logits, greedily. Knows numbers, not text and not graphs. */

export interface SamplerOptions {
  /** Divides positive and multiplies negative logits of ids already written (Keskar et al., CTRL, 2019); 1 is off. */
  repetitionPenalty: number;
  /** No sequence of this many ids is written twice; 0 is off. */
  noRepeatNgram: number;
}

export const GREEDY: SamplerOptions = { repetitionPenalty: 1, noRepeatNgram: 0 };

/**
 * The likeliest id after the options' corrections; the lowest one at a tie.
 * @param logits [vocab], unchanged.
 * @param written ids written so far in this text, without the prompt.
 */
export function pick(logits: Float32Array, written: readonly number[], options: SamplerOptions = GREEDY): number {
  const banned = bannedByNgram(written, options.noRepeatNgram);
  const repeated = options.repetitionPenalty === 1 ? null : new Set(written);
  let best = -1;
  let bestLogit = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id += 1) {
    let logit = logits[id] as number;
    if (banned.has(id)) continue;
    if (repeated?.has(id)) logit = logit > 0 ? logit / options.repetitionPenalty : logit * options.repetitionPenalty;
    if (logit > bestLogit) {
      best = id;
      bestLogit = logit;
    }
  }
  if (best < 0) throw new RangeError('no id can be picked: all logits are banned or not numbers');
  return best;
}

/** Ids that would complete an n-gram which already stands in `written`. */
function bannedByNgram(written: readonly number[], n: number): Set<number> {
  const banned = new Set<number>();
  if (n < 1 || written.length < n) return banned;
  const tail = written.slice(written.length - n + 1);
  for (let start = 0; start + n <= written.length; start += 1) {
    if (tail.every((id, index) => written[start + index] === id)) banned.add(written[start + n - 1] as number);
  }
  return banned;
}

/** Log-probabilities of some ids among themselves: they are all that may follow. Same order as `ids`. */
export function logSoftmaxOver(logits: Float32Array, ids: readonly number[]): number[] {
  const values = ids.map((id) => logits[id] ?? Number.NEGATIVE_INFINITY);
  const top = Math.max(...values);
  const logSum = top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
  return values.map((value) => value - logSum);
}
