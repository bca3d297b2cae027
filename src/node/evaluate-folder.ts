/** `emollm evaluate`: a folder of labelled pictures → a report file. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { evaluate } from '../engine/evaluate.ts';
import { wireError } from '../shared/errors.ts';
import type { EvaluationReport } from '../shared/evaluation.ts';
import { decodeLabels, parseAffectLabels, parseLabels } from '../shared/labels-csv.ts';
import { fail, type Result } from '../shared/result.ts';
import type { EvaluateCommand } from './arguments.ts';
import { readPicture } from './picture.ts';

/** Text of a folder's labels.csv, whose form is checked here: mistakes are told before a pack is loaded. Fails with `labels-invalid`. */
export async function readLabels({ data, task }: Pick<EvaluateCommand, 'data' | 'task'>): Promise<Result<string>> {
  const path = join(data, 'labels.csv');
  try {
    const text = decodeLabels(await readFile(path));
    if (!text.ok) return text;
    const parsed = task === 'scene' ? parseAffectLabels(text.value) : parseLabels(text.value);
    return parsed.ok ? text : parsed;
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

/** Judges and writes the report. */
export async function evaluateFolder(
  signal: AbortSignal,
  engine: Engine,
  labels: string,
  command: EvaluateCommand,
  onProgress: (done: number, total: number) => void,
): Promise<Result<EvaluationReport>> {
  const { task, cropped, by, limit, items, skipBroken, data, out, prompting } = command;
  const report = await evaluate(
    signal,
    engine,
    { labels, decode: (file) => readPicture(join(data, file)) },
    { task, cropped, by, prompting, limit, items, skipBroken, onProgress },
  );
  if (!report.ok) return report;
  try {
    await mkdir(dirname(out), { recursive: true });
    await writeFile(out, `${JSON.stringify(report.value, null, 2)}\n`);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return fail(wireError('file-unreadable', `The report cannot be written to ${out}.`, 'Check the path given with --out.', detail));
  }
  return report;
}
