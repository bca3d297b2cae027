/** Two reports side by side. Pure. */
import type { ClassificationReport, EvaluationReport, ReportItem, SceneItem, SceneReport } from '../shared/evaluation.ts';
import { kappa, mcNemar } from './evaluation-statistics.ts';

/** One figure of both; null where a report lacks it. */
export interface FigurePair {
  figure:
    | 'n'
    | 'accuracy'
    | 'macro_f1'
    | 'calibration_error'
    | 'coverage'
    | 'accuracy_kept'
    | 'concordance'
    | 'mae'
    | 'seconds'
    | 'tokens_per_second';
  a: number | null;
  b: number | null;
}

export interface ClassPair {
  name: string;
  a: number | null;
  b: number | null;
}

export interface ItemPair {
  file: string;
  a: ReportItem;
  b: ReportItem;
}

/** What both judged: the items with the same file and the same label. */
export interface Paired {
  n: number;
  /** Right in both, in one alone, in neither. */
  both: number;
  onlyA: number;
  onlyB: number;
  neither: number;
  /** McNemar's exact test, two-sided. */
  p: number;
  /** Share of the items with the same answer, and Cohen's kappa of the answers. */
  agreement: number;
  kappa: number;
  /** Those with different answers. */
  differing: ItemPair[];
}

export interface ScenePair {
  file: string;
  a: SceneItem;
  b: SceneItem;
  /** How much farther B is from what people said than A, in the plane of valence and arousal. */
  farther: number;
}

export interface Comparison {
  figures: FigurePair[];
  /** F1 by class, for classes that either names. */
  classes: ClassPair[];
  /** Null where a report holds no items, or both are of scenes. */
  paired: Paired | null;
  /** Of scenes: all that both judged, the greatest difference first. */
  scenes: ScenePair[];
}

export const isScene = (report: EvaluationReport): report is SceneReport => report.task === 'scene';

/** Null where the reports are of different kinds: classes and scenes have nothing in common. */
export function compareReports(a: EvaluationReport, b: EvaluationReport): Comparison | null {
  if (isScene(a) && isScene(b)) return compareScenes(a, b);
  return isScene(a) || isScene(b) ? null : compareClasses(a, b);
}

function compareClasses(a: ClassificationReport, b: ClassificationReport): Comparison {
  const figure = (name: FigurePair['figure'], of: (report: ClassificationReport) => number | null): FigurePair => ({
    figure: name,
    a: of(a),
    b: of(b),
  });
  const names = [...new Set([...a.options, ...b.options])];
  const figures = [
    figure('n', (report) => report.n),
    figure('accuracy', (report) => report.accuracy),
    figure('macro_f1', (report) => report.macro_f1),
    figure('calibration_error', (report) => report.expected_calibration_error),
    figure('coverage', (report) => report.abstention?.coverage ?? null),
    figure('accuracy_kept', (report) => report.abstention?.accuracy ?? null),
    figure('seconds', (report) => report.seconds),
    figure('tokens_per_second', (report) => report.tokens_per_second ?? null),
  ];
  return {
    figures: figures.filter((pair) => pair.a !== null || pair.b !== null),
    classes: names.map((name) => ({ name, a: a.per_class[name]?.f1 ?? null, b: b.per_class[name]?.f1 ?? null })),
    paired: a.items && b.items ? pairItems(a.items, b.items) : null,
    scenes: [],
  };
}

function pairItems(itemsA: readonly ReportItem[], itemsB: readonly ReportItem[]): Paired {
  const byFile = new Map(itemsB.map((item) => [item.file, item]));
  const pairs = itemsA.flatMap((a): ItemPair[] => {
    const b = byFile.get(a.file);
    return b && b.label === a.label ? [{ file: a.file, a, b }] : [];
  });
  const right = ({ label, answer }: ReportItem): boolean => label === answer;
  const count = (ofA: boolean, ofB: boolean): number => pairs.filter(({ a, b }) => right(a) === ofA && right(b) === ofB).length;
  const onlyA = count(true, false);
  const onlyB = count(false, true);
  const differing = pairs.filter(({ a, b }) => a.answer !== b.answer);
  return {
    n: pairs.length,
    both: count(true, true),
    onlyA,
    onlyB,
    neither: count(false, false),
    p: mcNemar(onlyA, onlyB),
    agreement: pairs.length === 0 ? 1 : 1 - differing.length / pairs.length,
    kappa: kappa(pairs.map(({ a, b }) => [a.answer ?? '', b.answer ?? ''])),
    differing,
  };
}

function compareScenes(a: SceneReport, b: SceneReport): Comparison {
  const byFile = new Map((b.items ?? []).map((item) => [item.file, item]));
  const scenes = (a.items ?? []).flatMap((item): ScenePair[] => {
    const other = byFile.get(item.file);
    return other ? [{ file: item.file, a: item, b: other, farther: affectError(other) - affectError(item) }] : [];
  });
  return {
    figures: [
      { figure: 'n', a: a.n, b: b.n },
      { figure: 'concordance', a: a.concordance, b: b.concordance },
      { figure: 'mae', a: a.mae, b: b.mae },
      { figure: 'seconds', a: a.seconds, b: b.seconds },
    ],
    classes: [],
    paired: null,
    scenes: scenes.toSorted((one, other) => Math.abs(other.farther) - Math.abs(one.farther)),
  };
}

/** Distance between what people said and what the pack did, in the plane of valence and arousal. */
export const affectError = ({ label, answer }: SceneItem): number =>
  Math.hypot(answer.valence - label.valence, answer.arousal - label.arousal);
