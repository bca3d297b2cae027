/** What a labels.csv is about, told by its columns and words, and what is wrong with it. Pure. */
import { wireError } from '../shared/errors.ts';
import { classesOf, type EvaluationTask, type TaskOptions } from '../shared/evaluation.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import { type LabelRow, parseAffectLabels, parseLabels } from '../shared/labels-csv.ts';
import { fail, ok, type Result } from '../shared/result.ts';
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

/** Files of the rows, in order. Fails with `labels-invalid`, naming the line: the table's form, a label of another task, a file that is not there. */
export function checkLabels(
  { labels, has }: Pick<LabelledFolder, 'labels' | 'has'>,
  task: EvaluationTask,
  options: TaskOptions,
): Result<string[]> {
  const rows = task === 'scene' ? parseAffectLabels(labels) : labelsOf(task, labels, options);
  if (!rows.ok) return rows;
  const missing = rows.value.filter((row) => !has(row.file));
  const [first, ...more] = missing;
  if (!first) return ok(rows.value.map((row) => row.file));
  const message = messages.evaluation.missing(first.line, first.file, more.length);
  const detail = missing.slice(0, 20).map((row) => `${row.line}: ${row.file}`);
  return fail(wireError('labels-invalid', message, messages.evaluation.missingRemedy, detail.join('\n')));
}

function labelsOf(task: Exclude<EvaluationTask, 'scene'>, labels: string, options: TaskOptions): Result<LabelRow[]> {
  const rows = parseLabels(labels);
  if (!rows.ok) return rows;
  const classes = classesOf(task, rows.value, options);
  return classes.ok ? rows : classes;
}
