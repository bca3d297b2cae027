/** What an evaluation is asked and what it reports: the same for the engine, the command line and the page. */
import type { ModelInfo } from './events.ts';
import { EMOTION_LABELS, type EmotionLabel, type Prompting, type Step } from './labels.ts';
import { invalid, type LabelRow } from './labels-csv.ts';
import type { Evidence } from './readings.ts';
import { fail, ok, type Result } from './result.ts';

export const EVALUATION_TASKS = ['faces', 'emotion', 'emotion-open', 'intent', 'hate', 'sarcasm', 'humor', 'scene'] as const;
export type EvaluationTask = (typeof EVALUATION_TASKS)[number];

export const JUDGES = ['affect-head', 'language-model'] as const;
/** Who is judged on `faces`; other tasks are the language model's. */
export type Judge = (typeof JUDGES)[number];

export interface ClassFigures {
  precision: number;
  recall: number;
  f1: number;
  /** Items that truly are of this class. */
  support: number;
}

export interface Figures {
  n: number;
  accuracy: number;
  /** Mean F1 over the classes that occur as truth or guess. */
  macro_f1: number;
  /** Accuracy of always naming the commonest class. */
  majority_accuracy: number;
  per_class: Record<string, ClassFigures>;
  /** `rows[i][j]`: items of class `labels[i]` taken for `columns[j]`; the last column, if it is `none`, had no answer. */
  confusion: { labels: string[]; columns: string[]; rows: number[][] };
  /** Expected calibration error over 15 bins of equal width; null where no guess has a probability. */
  expected_calibration_error: number | null;
}

/** A row whose picture could not be decoded: it is in no figure. */
export interface SkippedRow {
  file: string;
  /** Line of labels.csv, from 1. */
  line: number;
  reason: string;
}

export interface ReportHead {
  task: EvaluationTask;
  by: Judge | 'scene-encoder';
  cropped: boolean;
  seconds: number;
  pack: { id: string; version: string; hash: string };
  backends: Record<string, string>;
  /** The foundation pack that was judged in the language model's place; absent: the pack's own was, or none. */
  foundation?: NonNullable<ModelInfo['foundation']>;
  /** How the language model was asked; absent where it was not, and in reports of earlier versions. */
  prompting?: Prompting;
  /** Rows of labels.csv that were to be judged. */
  rows: number;
  skipped: SkippedRow[];
  /** Stopped before the last row: the figures are of the first ones. */
  stopped: boolean;
  /** Why there is no more of it; absent where it is whole, was stopped by the user, and in reports of earlier versions. */
  broken_off?: string;
}

export type ClassificationReport = ReportHead &
  Figures & {
    options: string[];
    /** Items where no face was found; only for the affect head. */
    without_face: number;
    /** Free answers without a word that is known (emotion-words.ts): they count as wrong. Null for closed tasks. */
    unmapped: number | null;
    /** Action units that the text named, and those of them that were measured on no face. Null where no text was written. */
    cues: { named: number; unsupported: number } | null;
    /** What the text said of the words on the picture, and how much of it is not so. Null where no text was written. */
    claims: { made: number; untrue: number } | null;
    /** Median over the texts, as they were written; absent where none was, and in reports of earlier versions. */
    tokens_per_second?: number;
    /**
     * The affect head's readings that are sure enough to be named: the pack's threshold, the share of all items at or above it, and how many
     * of those are right (null where there are none). Null for the language model, which has no threshold.
     */
    abstention: { threshold: number; coverage: number; accuracy: number | null } | null;
    items?: ReportItem[];
  };

/**
 * One judged picture; `probabilities` are over the report's options, null where there was no answer or a free one, `text` where none
 * was written. A free answer stands in `text`, the class that it speaks of in `answer`.
 */
export interface ReportItem {
  file: string;
  label: string;
  answer: string | null;
  probabilities: Record<string, number> | null;
  text: Record<Step, string> | null;
}

export interface Affect {
  valence: number;
  arousal: number;
}

/** One judged picture of a scene evaluation: as people rated it, and as the pack did. */
export interface SceneItem {
  file: string;
  label: Affect;
  answer: Affect;
}

export type SceneReport = ReportHead & {
  n: number;
  valence: { concordance: number; mae: number };
  arousal: { concordance: number; mae: number };
  /** Mean of both. */
  concordance: number;
  mae: number;
  items?: SceneItem[];
};

export type EvaluationReport = ClassificationReport | SceneReport;

/** What was made of one picture; `label` null where there was no answer. */
export interface Guess {
  label: string | null;
  probabilities: Record<string, number> | null;
  text: Record<Step, string> | null;
  evidence: Evidence[];
  /** Null where no text was written. */
  tokensPerSecond: number | null;
}

/** A row that is done with: judged, or left out with the reason. */
export type JudgedRow = { value: Guess | Affect } | { skipped: string };

/** What a report says whatever comes out of it: known before the first picture. */
export interface ReportFacts {
  head: Omit<ReportHead, 'seconds' | 'rows' | 'skipped' | 'stopped' | 'broken_off'>;
  /** The closed set that answers come from; empty for scenes. */
  classes: readonly string[];
  /** As in `abstention`. */
  threshold: number;
}

/** How far an evaluation came. Plain data: with it, another worker can go on, or write the report. */
export interface EvaluationCourse {
  facts: ReportFacts;
  /** Of the first rows of labels.csv, in their order. */
  rows: readonly JudgedRow[];
  /** Spent on judging them. */
  seconds: number;
}

/** What a pack's manifest says of the options of its tasks. */
export interface TaskOptions {
  pictureEmotions: readonly string[];
  tasks: Record<Exclude<EvaluationTask, 'faces' | 'scene'>, { options: readonly string[] }>;
}

/** The closed set that the labels must come from: a label outside it is told with its line. */
export function classesOf(
  task: Exclude<EvaluationTask, 'scene'>,
  rows: readonly LabelRow[],
  { pictureEmotions, tasks }: TaskOptions,
): Result<readonly string[]> {
  let classes: readonly string[];
  if (task === 'faces' || task === 'emotion-open') classes = EMOTION_LABELS;
  else if (task === 'emotion') {
    const beyond = rows.find((row) => !isEmotionLabel(row.label));
    classes = beyond && pictureEmotions.includes(beyond.label) ? pictureEmotions : EMOTION_LABELS;
  } else classes = tasks[task].options;
  const wrong = rows.find((row) => !classes.includes(row.label));
  return wrong ? fail(invalid(wrong.line, `"${wrong.label}" is not a label of ${task}: use ${classes.join(', ')}.`)) : ok(classes);
}

const isEmotionLabel = (label: string): label is EmotionLabel => (EMOTION_LABELS as readonly string[]).includes(label);
