/** What the page adds to an evaluation's figures. Pure. */
import type { ReportItem } from '../shared/evaluation.ts';

/** Of the normal distribution, for 95% on both sides. */
const Z = 1.959963984540054;

/** Wilson's score interval at 95% for a share of `hits` in `n`, [0, 1] each; the whole range where n is 0. */
export function wilsonInterval(hits: number, n: number): { low: number; high: number } {
  if (n === 0) return { low: 0, high: 1 };
  const share = hits / n;
  const middle = share + (Z * Z) / (2 * n);
  const half = Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
  const below = 1 + (Z * Z) / n;
  return { low: Math.max(0, (middle - half) / below), high: Math.min(1, (middle + half) / below) };
}

/**
 * McNemar's exact test, two-sided: how likely so uneven a split of the items that one is right and the other wrong on would be, if both were
 * equally good.
 * @param onlyA items that A alone is right on
 */
export function mcNemar(onlyA: number, onlyB: number): number {
  const n = onlyA + onlyB;
  // Σ C(n, k) / 2ⁿ up to the smaller; in logarithms, since 2ⁿ overflows from a thousand on.
  let log = -n * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyA, onlyB); k += 1) {
    tail += Math.exp(log);
    log += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}

/** Cohen's kappa of two lists of answers: agreement beyond chance; 1 where both always say the same one thing. */
export function kappa(pairs: readonly (readonly [string, string])[]): number {
  const n = pairs.length;
  if (n === 0) return 1;
  const count = (side: 0 | 1, name: string): number => pairs.filter((pair) => pair[side] === name).length;
  const names = new Set(pairs.flat());
  const chance = [...names].reduce((sum, name) => sum + (count(0, name) * count(1, name)) / (n * n), 0);
  const agreed = pairs.filter(([a, b]) => a === b).length / n;
  return chance === 1 ? 1 : (agreed - chance) / (1 - chance);
}

const BINS = 15;

/** The bins of the expected calibration error that are not empty: mean confidence, share that is right, how many. */
export function calibrationPoints(items: readonly ReportItem[]): { confidence: number; accuracy: number; n: number }[] {
  const bins = Array.from({ length: BINS }, () => ({ confidence: 0, right: 0, n: 0 }));
  for (const { label, answer, probabilities } of items) {
    const confidence = answer === null ? undefined : probabilities?.[answer];
    const bin = confidence === undefined ? undefined : bins[Math.min(BINS - 1, Math.floor(confidence * BINS))];
    if (!bin || confidence === undefined) continue;
    bin.n += 1;
    bin.confidence += confidence;
    if (answer === label) bin.right += 1;
  }
  return bins.filter(({ n }) => n > 0).map(({ confidence, right, n }) => ({ confidence: confidence / n, accuracy: right / n, n }));
}
