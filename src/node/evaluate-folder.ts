/** `emollm evaluate`: a folder of labelled pictures → a report file. */
import type { Engine } from '../engine/engine.ts';
import { evaluate } from '../engine/evaluate.ts';
import { reportOf } from '../engine/evaluation-report.ts';
import type { EvaluationReport, JudgedRow, ReportFacts } from '../shared/evaluation.ts';
import { fail, type Result } from '../shared/result.ts';
import type { EvaluateCommand } from './arguments.ts';
import { pictureIn } from './labelled-folder.ts';
import { jsonText, writeResult } from './out-file.ts';
import { readPicture } from './picture.ts';

/** Judges and writes the report: where it is stopped or fails, of the rows before. */
export async function evaluateFolder(
  signal: AbortSignal,
  engine: Engine,
  labels: string,
  command: EvaluateCommand,
  onProgress: (done: number, total: number) => void,
): Promise<Result<EvaluationReport>> {
  const { task, cropped, by, limit, items, skipBroken, data, out, prompting } = command;
  const course = { facts: null as ReportFacts | null, rows: [] as JudgedRow[], seconds: 0 };
  const report = await evaluate(
    signal,
    engine,
    { labels, decode: (file) => readPicture(pictureIn(data, file)) },
    {
      ...{ task, cropped, by, prompting, limit, items, skipBroken, onProgress },
      keepPartial: true,
      onBegun: (facts) => {
        course.facts = facts;
      },
      onJudged: (row, seconds) => {
        course.rows.push(row);
        course.seconds = seconds;
      },
    },
  );
  if (report.ok) {
    const written = await writeResult(out, 'report', jsonText(report.value));
    return written.ok ? report : written;
  }
  const { facts, rows, seconds } = course;
  const { error } = report;
  const part = facts && reportOf({ facts, rows, seconds }, { labels, limit, items, brokenOff: error.message });
  if (!part?.ok) return report; // nothing was judged
  const written = await writeResult(out, 'report', jsonText(part.value));
  return written.ok ? fail({ ...error, remedy: `${error.remedy} The report of the ${rows.length} before it is in ${out}.` }) : written;
}
