/** Reports that come from outside: the page's own exports, and the command line's. Check at the door, trust inside. */
import * as v from 'valibot';
import { EVALUATION_TASKS, type EvaluationReport, JUDGES } from '../shared/evaluation.ts';
import { PROMPTINGS } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { reportRefused } from './file-refusals.ts';

/** A million cells would hang the tab; nothing has so many classes. */
const MAX_CLASSES = 200;
/** As many items as a labels.csv of the page may have, roughly. */
const MAX_ITEMS = 500_000;
const MAX_BYTES = 500e6;

const name = v.pipe(v.string(), v.maxLength(4000));
const names = v.pipe(v.array(name), v.maxLength(MAX_CLASSES));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const amount = v.pipe(v.number(), v.minValue(0));
/** JSON has no word for what is no number. */
const degree = v.pipe(
  v.nullish(v.pipe(v.number(), v.minValue(-1), v.maxValue(1)), 0),
  v.transform((value) => value ?? 0),
);

const head = {
  cropped: v.boolean(),
  seconds: amount,
  pack: v.object({ id: name, version: name, hash: name }),
  backends: v.record(name, name),
  foundation: v.exactOptional(v.object({ id: name, revision: name, dtypes: v.record(name, name), device: name })),
  prompting: v.exactOptional(v.picklist(PROMPTINGS)),
  // Reports of earlier versions lack these three.
  rows: v.optional(count),
  skipped: v.optional(v.pipe(v.array(v.object({ file: name, line: count, reason: name })), v.maxLength(MAX_ITEMS)), []),
  stopped: v.optional(v.boolean(), false),
  broken_off: v.exactOptional(name),
};

const confusion = v.pipe(
  v.object({ labels: names, columns: names, rows: v.array(v.array(count)) }),
  v.check(
    ({ labels, columns, rows }) => rows.length === labels.length && rows.every((row) => row.length === columns.length),
    'the rows do not fit the names',
  ),
);

const item = v.object({
  file: name,
  label: name,
  answer: v.nullable(name),
  probabilities: v.nullable(v.record(name, share)),
  text: v.nullable(v.object({ observe: v.string(), cues: v.string(), reason: v.string(), answer: v.string() })),
});

const classification = v.object({
  task: v.picklist(EVALUATION_TASKS.filter((task) => task !== 'scene')),
  by: v.picklist(JUDGES),
  ...head,
  n: count,
  accuracy: share,
  macro_f1: share,
  majority_accuracy: share,
  per_class: v.record(name, v.object({ precision: share, recall: share, f1: share, support: count })),
  confusion,
  expected_calibration_error: v.nullable(share),
  options: names,
  without_face: count,
  unmapped: v.nullable(count),
  cues: v.nullable(v.object({ named: count, unsupported: count })),
  claims: v.optional(v.nullable(v.object({ made: count, untrue: count })), null),
  tokens_per_second: v.exactOptional(amount),
  abstention: v.optional(v.nullable(v.object({ threshold: share, coverage: share, accuracy: v.nullable(share) })), null),
  items: v.optional(v.pipe(v.array(item), v.maxLength(MAX_ITEMS))),
});

const affect = v.object({ valence: v.number(), arousal: v.number() });
const axis = v.object({ concordance: degree, mae: amount });
const scene = v.object({
  task: v.literal('scene'),
  by: v.literal('scene-encoder'),
  ...head,
  n: count,
  valence: axis,
  arousal: axis,
  concordance: degree,
  mae: amount,
  items: v.optional(v.pipe(v.array(v.object({ file: name, label: affect, answer: affect })), v.maxLength(MAX_ITEMS))),
});

const report = v.variant('task', [classification, scene]);

/** Fails with `file-unreadable`, saying which part of the text is not as it should be. */
export function parseReport(text: string): Result<EvaluationReport> {
  const refused = (detail: string) => fail(reportRefused(detail));
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    return refused(String(error));
  }
  const parsed = v.safeParse(report, input);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return refused(`${v.getDotPath(issue) ?? 'report'}: ${issue.message}`);
  }
  const { items, rows, ...rest } = parsed.output;
  return ok({ ...rest, rows: rows ?? rest.n, ...(items ? { items } : {}) } as EvaluationReport);
}

/** As `parseReport`. Of a large file it takes seconds: the page has it done apart (`file-reader.ts`). */
export async function readReport(file: Blob): Promise<Result<{ report: EvaluationReport; text: string }>> {
  if (file.size > MAX_BYTES) return fail(reportRefused(`${file.size} bytes`));
  const text = await file.text();
  const parsed = parseReport(text);
  return parsed.ok ? ok({ report: parsed.value, text }) : parsed;
}
