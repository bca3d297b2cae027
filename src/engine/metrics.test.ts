import { describe, expect, it } from 'vitest';
import { classificationFigures, concordance, type Judged, meanAbsoluteError } from './metrics.ts';

const item = (truth: string, guess: string | null, confidence: number | null = guess === null ? null : 0.75): Judged => ({
  truth,
  guess,
  confidence,
});

describe('classificationFigures', () => {
  // By hand: yes is guessed 3 times, 2 right, of 3 true; no is guessed once, right, of 2 true.
  const figures = classificationFigures(
    [item('yes', 'yes'), item('yes', 'yes'), item('yes', null), item('no', 'yes'), item('no', 'no')],
    ['yes', 'no', 'maybe'],
  );

  it('counts accuracy, an item without an answer as wrong, and the commonest class', () => {
    expect(figures).toMatchObject({ n: 5, accuracy: 0.6, majority_accuracy: 0.6 });
  });

  it('gives precision and recall a class, and the mean F1 of the classes that occur', () => {
    expect(figures.per_class.yes).toMatchObject({ precision: 2 / 3, recall: 2 / 3, support: 3 });
    expect(figures.per_class.no).toMatchObject({ precision: 1, recall: 0.5, support: 2 });
    expect(figures.per_class.maybe).toMatchObject({ precision: 0, recall: 0, support: 0 });
    expect(figures.macro_f1).toBeCloseTo((2 / 3 + 2 / 3) / 2);
  });

  it('shows which class was taken for which', () => {
    expect(figures.confusion).toEqual({
      labels: ['yes', 'no', 'maybe'],
      columns: ['yes', 'no', 'maybe', 'none'],
      rows: [
        [2, 0, 0, 1],
        [1, 1, 0, 0],
        [0, 0, 0, 0],
      ],
    });
  });

  it('measures how far confidence is from accuracy', () => {
    expect(figures.expected_calibration_error).toBeCloseTo(0); // 3 of 4 right at 0.75
    const sure = [item('yes', 'no', 1), item('yes', 'yes', 1), item('no', 'no', 0.5)];
    expect(classificationFigures(sure, ['yes', 'no']).expected_calibration_error).toBeCloseTo((2 / 3) * 0.5 + (1 / 3) * 0.5);
    expect(classificationFigures([item('yes', null)], ['yes']).expected_calibration_error).toBeNull();
  });
});

describe('concordance', () => {
  it('is one for the same numbers, less for a shift or a scale that correlation would not see', () => {
    const truth = [-1, 0, 0.5, 1];
    expect(concordance(truth, truth)).toBeCloseTo(1);
    expect(
      concordance(
        truth,
        truth.map((x) => -x),
      ),
    ).toBeLessThan(0);
    expect(concordance([0, 1], [1, 2])).toBeCloseTo(0.5 / (0.25 + 0.25 + 1)); // 2·cov / (var + var + shift²)
    expect(concordance([1, 1], [1, 1])).toBe(0);
  });

  it('goes with the mean absolute error', () => {
    expect(meanAbsoluteError([0, 1], [0.5, 0])).toBeCloseTo(0.75);
  });
});
