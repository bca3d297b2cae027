/** What a labels.csv is about, told by its columns and words, and what is wrong with it. Pure. */
import { type WireError, wireError } from '../shared/errors.ts';
import { classesOf, type EvaluationTask, type TaskOptions } from '../shared/evaluation.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import { type LabelRow, parseAffectLabels, parseLabels } from '../shared/labels-csv.ts';
import { ok, type Result } from '../shared/result.ts';
import type { LabelledFolder } from './labelled-folder.ts';
import { messages } from './messages.ts';

/** The tasks that yes and no may belong to, and intent with words of its own. */
const TASKS_OF_WORDS = ['intent', 'hate', 'sarcasm', 'humor'] as const;

/** What is wrong in the rows below is said for that task then. */
const AFFECT_COLUMNS = /^\uFEFF?\s*"?file"?\s*,\s*"?valence"?\s*,\s*"?arousal"?/;

/** The task that the labels fit; where several do, the one that the folder's name speaks of. Null where none does. */
export function guessTask({ name, labels }: Pick<LabelledFolder, 'name' | 'labels'>, options: TaskOptions): EvaluationTask | null {
  if (AFFECT_COLUMNS.test(labels)) return 'scene';
  const rows = parseLabels(labels);
  if (!rows.ok) return null;
  const found = [...new Set(rows.value.map((row) => row.label))];
  const within = (words: readonly string[]): boolean => found.every((label) => words.includes(label));
  // Captions come with pictures of things, not with portraits.
  const captioned = rows.value.some((row) => row.text !== null);
  if (within(EMOTION_LABELS)) return captioned ? 'emotion' : 'faces';
  if (within(options.pictureEmotions)) return 'emotion';
  const fitting = TASKS_OF_WORDS.filter((task) => within(options.tasks[task].options));
  return fitting.find((task) => name.toLowerCase().includes(task)) ?? fitting[0] ?? null;
}

/** What there is of labels.csv. */
export interface CheckedLabels {
  rows: number;
  /** File of the first row. */
  first: string;
  /** Files that are not there: the first of them, how many more, and some of them with their lines. Null where none is missing. */
  missing: { line: number; file: string; more: number; listed: string[] } | null;
}

/** Of missing files that are named. */
const MAX_LISTED = 20;

/** Fails with `labels-invalid`, naming the line: the table's form, a label of another task. A million rows take seconds: the page has it done apart. */
export function checkLabels(
  { labels, has }: Pick<LabelledFolder, 'labels' | 'has'>,
  task: EvaluationTask,
  options: TaskOptions,
): Result<CheckedLabels> {
  const rows = task === 'scene' ? parseAffectLabels(labels) : labelsOf(task, labels, options);
  if (!rows.ok) return rows;
  const missing = rows.value.filter((row) => !has(row.file));
  const [first] = missing;
  const listed = missing.slice(0, MAX_LISTED).map((row) => `${row.line}: ${row.file}`);
  return ok({
    rows: rows.value.length,
    first: rows.value[0]?.file ?? '',
    missing: first ? { line: first.line, file: first.file, more: missing.length - 1, listed } : null,
  });
}

/** What the page says of files that are not there. */
export function missingFiles({ line, file, more, listed }: NonNullable<CheckedLabels['missing']>): WireError {
  return wireError('labels-invalid', messages.evaluation.missing(line, file, more), messages.evaluation.missingRemedy, listed.join('\n'));
}

function labelsOf(task: Exclude<EvaluationTask, 'scene'>, labels: string, options: TaskOptions): Result<LabelRow[]> {
  const rows = parseLabels(labels);
  if (!rows.ok) return rows;
  const classes = classesOf(task, rows.value, options);
  return classes.ok ? rows : classes;
}
