/** Picks an id, greedily. Knows scores, not text, graphs or where the scores lie. */
import type { Logits } from './logits.ts';

/**
 * The likeliest id; the lowest one at a tie.
 * @param written ids written so far in this text, without the prompt.
 * @param noRepeatNgram no sequence of this many ids is written twice; 0 is off.
 */
export function pick(logits: Logits, written: readonly number[], noRepeatNgram = 0): Promise<number> {
  return logits.likeliest(bannedByNgram(written, noRepeatNgram));
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

/** Log-probabilities of ids among themselves, from their logits: they are all that may follow. Same order. */
export function logSoftmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const logSum = top + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0));
  return logits.map((value) => value - logSum);
}
