/** Figures of an evaluation. Pure. */
import type { ClassFigures, Figures } from '../shared/evaluation.ts';

export interface Judged {
  truth: string;
  /** Null where there was no answer (no face was found, a free answer named no emotion): counts as wrong. */
  guess: string | null;
  /** Probability of the guess, [0, 1]; null where there is none. */
  confidence: number | null;
}

/** @param classes in the order of the report; every truth and guess is one of them. */
export function classificationFigures(judged: readonly Judged[], classes: readonly string[]): Figures {
  const hasNone = judged.some((item) => item.guess === null);
  const columns = hasNone ? [...classes, 'none'] : [...classes];
  const rows = classes.map((truth) =>
    columns.map((column) => judged.filter((item) => item.truth === truth && (item.guess ?? 'none') === column).length),
  );
  const n = judged.length;
  const figures = classes.map((name, index): [string, ClassFigures] => {
    const hits = rows[index]?.[index] ?? 0;
    const support = sum(rows[index] ?? []);
    const guessed = sum(rows.map((row) => row[index] ?? 0));
    const precision = guessed === 0 ? 0 : hits / guessed;
    const recall = support === 0 ? 0 : hits / support;
    return [name, { precision, recall, f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall), support }];
  });
  const occurring = figures.filter(([name, { support }]) => support > 0 || judged.some((item) => item.guess === name));
  return {
    n,
    accuracy: n === 0 ? 0 : judged.filter((item) => item.guess === item.truth).length / n,
    macro_f1: occurring.length === 0 ? 0 : sum(occurring.map(([, figure]) => figure.f1)) / occurring.length,
    majority_accuracy: n === 0 ? 0 : Math.max(...figures.map(([, { support }]) => support)) / n,
    per_class: Object.fromEntries(figures),
    confusion: { labels: [...classes], columns, rows },
    expected_calibration_error: calibrationError(judged),
  };
}

const BINS = 15;

/** Guo et al., On Calibration of Modern Neural Networks (2017): Σ |bin| / n · |accuracy − mean confidence|. */
function calibrationError(judged: readonly Judged[]): number | null {
  const sure = judged.filter((item) => item.confidence !== null);
  if (sure.length === 0) return null;
  const bins = Array.from({ length: BINS }, () => ({ hits: 0, confidence: 0, count: 0 }));
  for (const { truth, guess, confidence } of sure) {
    const bin = bins[Math.min(BINS - 1, Math.floor((confidence ?? 0) * BINS))];
    if (!bin) continue;
    bin.count += 1;
    bin.confidence += confidence ?? 0;
    if (guess === truth) bin.hits += 1;
  }
  return sum(bins.map((bin) => Math.abs(bin.hits - bin.confidence))) / sure.length;
}

/** Lin's concordance correlation, [-1, 1]; 0 where neither side varies. */
export function concordance(truth: readonly number[], guess: readonly number[]): number {
  const n = truth.length;
  const meanTruth = sum(truth) / n;
  const meanGuess = sum(guess) / n;
  let covariance = 0;
  let spread = 0;
  for (const [index, value] of truth.entries()) {
    const other = guess[index] ?? 0;
    covariance += (value - meanTruth) * (other - meanGuess);
    spread += (value - meanTruth) ** 2 + (other - meanGuess) ** 2;
  }
  const below = spread / n + (meanTruth - meanGuess) ** 2;
  return below === 0 ? 0 : (2 * covariance) / n / below;
}

export function meanAbsoluteError(truth: readonly number[], guess: readonly number[]): number {
  return sum(truth.map((value, index) => Math.abs(value - (guess[index] ?? 0)))) / truth.length;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
