/**
 * `emollm table`: packs on every task that a folder has, each with EmoPrompt and with the answer alone, so that the paper's table can be
 * made anew for any model in one command.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { evaluate } from '../engine/evaluate.ts';
import { wireError } from '../shared/errors.ts';
import type { ClassificationReport, EvaluationTask } from '../shared/evaluation.ts';
import { PROMPTINGS, type Prompting } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { readLabels } from './evaluate-folder.ts';
import type { TableCommand } from './pack-arguments.ts';
import { readPicture } from './picture.ts';
import { openEngine } from './session.ts';

type TableTask = Exclude<EvaluationTask, 'scene'>;

/** One cell's worth: a pack on a task, asked in one way. */
export interface TableRow {
  task: TableTask;
  /** Id of the pack, or of the foundation pack in its language model's place. */
  pack: string;
  prompting: Prompting;
  n: number;
  /** Pictures that could not be decoded: in no figure. Not in tables of earlier versions. */
  skipped?: number;
  accuracy: number;
  macro_f1: number;
  majority_accuracy: number;
  expected_calibration_error: number | null;
  /** For all n, loading not counted. */
  seconds: number;
  tokens_per_second: number | null;
}

/** A task and where its pictures are. */
interface Place {
  task: TableTask;
  folder: string;
  /** EmoBench-S's faces are crops already. */
  cropped: boolean;
}

const TASKS: readonly TableTask[] = ['faces', 'emotion-open', 'emotion', 'intent', 'hate', 'sarcasm', 'humor'];

/** Judges, and writes `<out>.md` and `<out>.json` after every pack: what is done is not lost. Gives their names. */
export async function makeTable(
  signal: AbortSignal,
  command: TableCommand,
  onProgress: (what: string, done: number, total: number) => void,
): Promise<Result<string[]>> {
  const places = placesIn(command.data);
  if (places.length === 0) {
    const remedy = `The folder given with --data must have a subfolder with labels.csv for at least one of ${TASKS.join(', ')}.`;
    return fail(wireError('labels-invalid', 'There is no task to judge.', remedy, command.data));
  }
  for (const { task, folder } of places) {
    const labels = await readLabels({ data: folder, task }); // a mistake is told before hours of work
    if (!labels.ok) return labels;
  }
  const rows: TableRow[] = [];
  let written: Result<string[]> = ok([]);
  for (const pack of command.packs) {
    const judged = await judgePack(signal, pack, places, command, onProgress, rows);
    if (rows.length > 0) written = await writeTable(rows, command);
    if (!judged.ok) return judged;
    if (!written.ok) return written;
  }
  return written;
}

/** @param rows those that were made are added, also where a later one fails */
async function judgePack(
  signal: AbortSignal,
  pack: string | null,
  places: readonly Place[],
  command: TableCommand,
  onProgress: (what: string, done: number, total: number) => void,
  rows: TableRow[],
): Promise<Result<void>> {
  const opened = await openEngine(signal, { ...command, pack }, (loaded, total) => onProgress('Loading', loaded, total));
  if (!opened.ok) return opened;
  const engine = opened.value;
  try {
    for (const { task, folder, cropped } of places) {
      const labels = await readLabels({ data: folder, task });
      if (!labels.ok) return labels;
      for (const prompting of PROMPTINGS) {
        const options = { task, cropped, prompting, limit: command.limit, by: 'language-model', skipBroken: true } as const;
        const tell = (done: number, total: number) => onProgress(`${task}, ${prompting}:`, done, total);
        const source = { labels: labels.value, decode: (file: string) => readPicture(join(folder, file)) };
        const report = await evaluate(signal, engine, source, { ...options, onProgress: tell });
        if (!report.ok) return report;
        if ('accuracy' in report.value) rows.push(rowOf(task, prompting, report.value));
      }
    }
    return ok(undefined);
  } finally {
    await engine.dispose();
  }
}

function rowOf(task: TableTask, prompting: Prompting, report: ClassificationReport): TableRow {
  const { n, accuracy, macro_f1, majority_accuracy, expected_calibration_error, seconds, tokens_per_second = null } = report;
  const pack = report.foundation?.id ?? report.pack.id;
  const skipped = report.skipped.length;
  return {
    task,
    pack,
    prompting,
    n,
    skipped,
    accuracy,
    macro_f1,
    majority_accuracy,
    expected_calibration_error,
    seconds,
    tokens_per_second,
  };
}

/** The tasks that the folder has, in the table's order. */
export function placesIn(data: string): Place[] {
  const has = (name: string): boolean => existsSync(join(data, name, 'labels.csv'));
  return TASKS.flatMap((task): Place[] => {
    if (has(task)) return [{ task, folder: join(data, task), cropped: task === 'faces' }];
    return task === 'emotion-open' && has('faces') ? [{ task, folder: join(data, 'faces'), cropped: true }] : [];
  });
}

async function writeTable(rows: readonly TableRow[], { out, data, limit }: TableCommand): Promise<Result<string[]>> {
  const paths = [`${out}.md`, `${out}.json`];
  try {
    await mkdir(dirname(out), { recursive: true });
    await writeFile(`${out}.md`, markdownOf(rows));
    await writeFile(`${out}.json`, `${JSON.stringify({ data, limit, rows }, null, 2)}\n`);
    return ok(paths);
  } catch (error) {
    return fail(wireError('file-unreadable', `The table cannot be written to ${out}.`, 'Check the path given with --out.', String(error)));
  }
}

/** A table of Markdown, and what its figures are. */
export function markdownOf(rows: readonly TableRow[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const figure = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits));
  const head = ['Task', 'Pack', 'Prompt', 'n', 'Accuracy', 'Macro-F1', 'Majority', 'ECE', 'Seconds', 'Tokens/s'];
  const body = rows.map((row) =>
    line([
      row.task,
      row.pack,
      row.prompting === 'emoprompt' ? 'EmoPrompt' : 'answer alone',
      row.skipped ? `${row.n} (${row.skipped} left out)` : String(row.n),
      figure(row.accuracy, 3),
      figure(row.macro_f1, 3),
      figure(row.majority_accuracy, 3),
      figure(row.expected_calibration_error, 3),
      figure(row.seconds, 0),
      figure(row.tokens_per_second, 1),
    ]),
  );
  const notes = [
    'Majority: accuracy of always naming the commonest class. ECE: expected calibration error over 15 bins; – where no answer has a probability.',
    'Tokens/s: median over the texts, as they were written; – where none was. Measured on the machine that wrote this file.',
  ];
  return `${[line(head), line(head.map(() => '---')), ...body, '', ...notes].join('\n')}\n`;
}
