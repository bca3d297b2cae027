/**
 * The pack's model card (card.json, written by training/evaluate.py): what it was trained on, what it must not be used
 * for, and what was measured. Check at the door, trust inside. The pack's hash does not cover this file, so the card
 * names the build that it was measured on.
 */
import * as v from 'valibot';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { isWebPage } from '../shared/web-page.ts';
import { messages } from './messages.ts';

/** No honest card has more of anything; a million cells would hang the tab. */
const MAX_ENTRIES = 100;
const few = <T extends v.GenericSchema>(entry: T) => v.pipe(v.array(entry), v.maxLength(MAX_ENTRIES));

const text = v.pipe(v.string(), v.maxLength(2000));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const concordance = v.object({ concordance: v.pipe(v.number(), v.minValue(-1), v.maxValue(1)) });
/** Drawn with the text as the key: what is said twice is shown once. */
const sentences = v.pipe(
  few(text),
  v.transform((lines) => [...new Set(lines)]),
);
const names = v.pipe(
  few(text),
  v.check((labels) => new Set(labels).size === labels.length, 'a name comes twice'),
);

const figures = v.object({ accuracy: share, macroF1: share });

/** `rows[i][j]`: items labelled `labels[i]` for which the pack said `columns[j]`; the last column may be `none`. */
const confusion = v.pipe(
  v.object({ labels: names, columns: names, rows: v.array(v.array(count)) }),
  v.check(
    ({ labels, columns, rows }) => rows.length === labels.length && rows.every((row) => row.length === columns.length),
    'the rows do not fit the names',
  ),
);

const task = v.object({
  task: text,
  /** Faces come twice: once by the affect head, once by the language model. */
  decidedBy: text,
  n: count,
  ...figures.entries,
  majority: figures,
  wordsAlone: v.nullish(figures, null),
  calibrationError: v.nullish(share, null),
  confusion: v.nullish(confusion, null),
});

const card = v.object({
  format: v.literal(1),
  /** Hash of the pack on which the figures were measured. */
  pack: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  title: text,
  version: text,
  licence: text,
  trainedOn: sentences,
  notes: sentences,
  notFor: sentences,
  tasks: few(task),
  /** Of readings that were about so sure, how many were right. */
  reliability: v.nullish(few(v.object({ confidence: share, accuracy: share, n: count })), []),
  abstention: v.nullish(
    v.object({
      threshold: share,
      coverage: share,
      accuracyKept: share,
      /** Null where nothing was below the threshold. */
      accuracyAbstained: v.nullish(share, null),
    }),
    null,
  ),
  scene: v.nullish(v.object({ n: count, valence: concordance, arousal: concordance }), null),
  conditions: v.nullish(few(v.object({ name: text, n: count, accuracy: share })), []),
  /** What could not be measured, a sentence each. */
  unknown: sentences,
});

export type ModelCard = v.InferOutput<typeof card>;
export type TaskFigures = ModelCard['tasks'][number];
export type Confusion = NonNullable<TaskFigures['confusion']>;

const said = messages.card;

export function parseModelCard(input: unknown): Result<ModelCard> {
  if (typeof input === 'object' && input !== null && 'format' in input && typeof input.format === 'number' && input.format > 1) {
    return fail(wireError('pack-unsupported', said.newer(input.format), said.newerRemedy));
  }
  const parsed = v.safeParse(card, input);
  if (parsed.success) return ok(parsed.output);
  const issue = parsed.issues[0];
  return fail(wireError('pack-corrupt', said.unreadable, said.unreadableRemedy, `${v.getDotPath(issue) ?? 'card'}: ${issue.message}`));
}

/**
 * Fails with `pack-missing` where the pack brings none, `file-unreadable` where it cannot be had.
 * @param packUrl absolute, ending in `/`
 */
export async function fetchModelCard(packUrl: string, signal: AbortSignal): Promise<Result<ModelCard>> {
  let body: string;
  try {
    const response = await fetch(new URL('card.json', packUrl), { credentials: 'same-origin', signal });
    if (response.status === 404 || response.status === 410 || (response.ok && isWebPage(response))) {
      return fail(wireError('pack-missing', said.absent, ''));
    }
    if (!response.ok) throw new Error(`HTTP ${response.status} ${response.statusText}`.trim());
    body = await response.text();
  } catch (error) {
    return fail(wireError('file-unreadable', said.unreachable, said.unreachableRemedy, String(error)));
  }
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch (error) {
    return fail(wireError('pack-corrupt', said.unreadable, said.unreadableRemedy, String(error)));
  }
  return parseModelCard(input);
}
