/**
 * `emollm table`: packs on every task that a folder has, each with EmoPrompt and with the answer alone, so that the paper's table can be
 * made anew for any model in one command.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate } from '../engine/evaluate.ts';
import { wireError } from '../shared/errors.ts';
import type { ClassificationReport, EvaluationTask } from '../shared/evaluation.ts';
import { PROMPTINGS, type Prompting } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { VERSION } from '../shared/version.ts';
import { checkLabels, pictureIn, readLabels } from './labelled-folder.ts';
import { jsonText, tryToWrite, writeResult } from './out-file.ts';
import type { TableCommand } from './pack-arguments.ts';
import { readPackManifest } from './pack-choice.ts';
import { type NamedPack, nameOf, packLabels } from './pack-name.ts';
import { readPicture } from './picture.ts';
import { openEngine } from './session.ts';

type TableTask = Exclude<EvaluationTask, 'scene'>;

/** One cell's worth: a pack on a task, asked in one way. */
export interface TableRow extends NamedPack {
  task: TableTask;
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

/** Judges, and writes `<out>.md` and `<out>.json` after every row: what is done is not lost. Gives their names. */
export async function makeTable(
  signal: AbortSignal,
  command: TableCommand,
  onProgress: (what: string, done: number, total: number) => void,
): Promise<Result<string[]>> {
  for (const path of filesOf(command)) {
    const place = await tryToWrite(path, 'table');
    if (!place.ok) return place;
  }
  const places = placesIn(command.data);
  if (places.length === 0) {
    const remedy = `The folder given with --data must have a subfolder with labels.csv for at least one of ${TASKS.join(', ')}.`;
    return fail(wireError('labels-invalid', 'There is no task to judge.', remedy, command.data));
  }
  const checked = await checkAll(places, command);
  if (!checked.ok) return checked;
  const rows: TableRow[] = [];
  const keep = (row: TableRow) => {
    rows.push(row);
    return writeTable(rows, false, command);
  };
  for (const pack of command.packs) {
    const judged = await judgePack(signal, pack, places, command, onProgress, keep);
    if (!judged.ok) return judged;
  }
  const written = await writeTable(rows, true, command);
  return written.ok ? ok(filesOf(command)) : written;
}

/** A mistake in a table or in the name of a pack is told before hours of work. */
async function checkAll(places: readonly Place[], { packs, limit }: TableCommand): Promise<Result<void>> {
  for (const pack of packs) {
    const manifest = await readPackManifest(pack);
    if (!manifest.ok) return manifest;
    for (const { task, folder } of places) {
      const labels = await readLabels({ data: folder, task, limit });
      if (!labels.ok) return labels;
      const known = checkLabels(task, labels.value, manifest.value);
      if (!known.ok) return known;
    }
  }
  return ok(undefined);
}

/** @param keep is given each row as soon as it is made */
async function judgePack(
  signal: AbortSignal,
  pack: string | null,
  places: readonly Place[],
  command: TableCommand,
  onProgress: (what: string, done: number, total: number) => void,
  keep: (row: TableRow) => Promise<Result<void>>,
): Promise<Result<void>> {
  const opened = await openEngine(signal, { ...command, pack }, (loaded, total) => onProgress('Loading', loaded, total));
  if (!opened.ok) return opened;
  const engine = opened.value;
  const { limit } = command;
  try {
    for (const { task, folder, cropped } of places) {
      const labels = await readLabels({ data: folder, task, limit });
      if (!labels.ok) return labels;
      for (const prompting of PROMPTINGS) {
        const options = { task, cropped, prompting, limit, by: 'language-model', skipBroken: true } as const;
        const tell = (done: number, total: number) => onProgress(`${task}, ${prompting}:`, done, total);
        const source = { labels: labels.value, decode: (file: string) => readPicture(pictureIn(folder, file)) };
        const report = await evaluate(signal, engine, source, { ...options, onProgress: tell });
        if (!report.ok) return report;
        const kept = 'accuracy' in report.value ? await keep(rowOf(task, prompting, report.value)) : ok(undefined);
        if (!kept.ok) return kept;
      }
    }
    return ok(undefined);
  } finally {
    await engine.dispose();
  }
}

function rowOf(task: TableTask, prompting: Prompting, report: ClassificationReport): TableRow {
  const { n, accuracy, macro_f1, majority_accuracy, expected_calibration_error, seconds, tokens_per_second = null } = report;
  const skipped = report.skipped.length;
  return {
    task,
    ...nameOf(report.pack, report.foundation),
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

const filesOf = ({ out }: TableCommand): string[] => [`${out}.md`, `${out}.json`];

async function writeTable(rows: readonly TableRow[], complete: boolean, { out, data, limit }: TableCommand): Promise<Result<void>> {
  const written = await writeResult(`${out}.md`, 'table', markdownOf(rows));
  if (!written.ok) return written;
  return writeResult(`${out}.json`, 'table', jsonText({ app: { version: VERSION }, complete, data, limit, rows }));
}

/** A table of Markdown, and what its figures are. */
export function markdownOf(rows: readonly TableRow[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const figure = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits));
  const head = ['Task', 'Pack', 'Prompt', 'n', 'Accuracy', 'Macro-F1', 'Majority', 'ECE', 'Seconds', 'Tokens/s'];
  const packs = packLabels(rows);
  const body = rows.map((row, index) =>
    line([
      row.task,
      packs[index] ?? row.pack,
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
