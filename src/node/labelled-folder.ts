/** A folder of labelled pictures: labels.csv, and where its pictures are. All that can be wrong with it is told before a pack is loaded. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PackManifest } from '../model/manifest.ts';
import { wireError } from '../shared/errors.ts';
import { classesOf, type EvaluationTask } from '../shared/evaluation.ts';
import { decodeLabels, parseAffectLabels, parseLabels } from '../shared/labels-csv.ts';
import { fail, ok, type Result } from '../shared/result.ts';

export interface Labelled {
  data: string;
  task: EvaluationTask;
  /** Only the first so many rows; null takes all. */
  limit: number | null;
}

/** Text of a folder's labels.csv. Fails with `labels-invalid`, or with `file-unreadable` where a picture of its rows is not there. */
export async function readLabels({ data, task, limit }: Labelled): Promise<Result<string>> {
  const text = await readTable(join(data, 'labels.csv'));
  if (!text.ok) return text;
  const parsed = task === 'scene' ? parseAffectLabels(text.value) : parseLabels(text.value);
  if (!parsed.ok) return parsed;
  const missing = parsed.value.slice(0, limit ?? undefined).find(({ file }) => !existsSync(pictureIn(data, file)));
  if (missing === undefined) return text;
  const message = `labels.csv, line ${missing.line}: ${basename(missing.file)} cannot be read.`;
  return fail(wireError('file-unreadable', message, 'Check its path and permissions.', pictureIn(data, missing.file)));
}

/** Whether every label is one that this pack can be asked for. */
export function checkLabels(task: Exclude<EvaluationTask, 'scene'>, text: string, { prompt }: PackManifest): Result<void> {
  const rows = parseLabels(text);
  if (!rows.ok) return rows;
  const classes = classesOf(task, rows.value, prompt);
  return classes.ok ? ok(undefined) : classes;
}

/** As the page finds it: labels.csv may be of another system, which writes slashes and umlauts in its own way. */
export function pictureIn(data: string, file: string): string {
  const slashed = file.replaceAll('\\', '/');
  const spellings = [file, slashed, slashed.normalize('NFC'), slashed.normalize('NFD')].map((each) => join(data, each));
  return spellings.find((path) => existsSync(path)) ?? join(data, slashed);
}

async function readTable(path: string): Promise<Result<string>> {
  try {
    return decodeLabels(await readFile(path));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return fail(
      wireError(
        'labels-invalid',
        'labels.csv cannot be read.',
        'The folder given with --data must hold labels.csv beside the pictures.',
        detail,
      ),
    );
  }
}
