/** The report of an evaluation, from what was judged. Pure: knows no engine and no picture. */
import { wireError } from '../shared/errors.ts';
import type {
  Affect,
  ClassificationReport,
  EvaluationCourse,
  EvaluationReport,
  Guess,
  ReportHead,
  ReportItem,
  SceneReport,
  SkippedRow,
} from '../shared/evaluation.ts';
import { type AffectRow, type LabelRow, parseAffectLabels, parseLabels } from '../shared/labels-csv.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { classificationFigures, concordance, type Judged, meanAbsoluteError } from './metrics.ts';

export interface ReportOptions {
  /** Text of labels.csv. */
  labels: string;
  /** Only the first so many rows; null takes all. */
  limit: number | null;
  /** The report also holds every item. Default false. */
  items?: boolean;
  /** Why it ended before the last row, in words for the user. Default null: it was stopped, or was not. */
  brokenOff?: string | null;
}

/** Fails where no picture was judged at all (`picture-broken`), or labels.csv is another one (`labels-invalid`). */
export function reportOf(course: EvaluationCourse, options: ReportOptions): Result<EvaluationReport> {
  return course.facts.head.task === 'scene' ? sceneReport(course, options) : classificationReport(course, options);
}

function classificationReport(course: EvaluationCourse, options: ReportOptions): Result<ClassificationReport> {
  const outcome = outcomeOf(course, options, parseLabels, isGuess);
  if (!outcome.ok) return outcome;
  const { classes, threshold } = course.facts;
  const { head } = outcome.value;
  const byHead = head.by === 'affect-head';
  const judged: Judged[] = [];
  const items: ReportItem[] = [];
  const cues = { named: 0, unsupported: 0 };
  const claims = { made: 0, untrue: 0 };
  const speeds: number[] = [];
  for (const { row, value } of outcome.value.judged) {
    const { label: answer, probabilities, text } = value;
    judged.push({ truth: row.label, guess: answer, confidence: answer === null ? null : (probabilities?.[answer] ?? null) });
    items.push({ file: row.file, label: row.label, answer, probabilities, text });
    if (value.tokensPerSecond !== null) speeds.push(value.tokensPerSecond);
    for (const each of value.evidence) {
      if (each.kind === 'action-unit') {
        cues.named += 1;
        if (each.faceIds.length === 0) cues.unsupported += 1;
      }
      if (each.kind === 'claim' || each.kind === 'shown') {
        claims.made += 1;
        if (!each.holds) claims.untrue += 1;
      }
    }
  }
  const unanswered = judged.filter((item) => item.guess === null).length;
  return ok({
    ...head,
    ...classificationFigures(judged, classes),
    options: [...classes],
    without_face: byHead ? unanswered : 0,
    unmapped: head.task === 'emotion-open' ? unanswered : null,
    cues: byHead ? null : cues,
    claims: byHead ? null : claims,
    ...(speeds.length > 0 && { tokens_per_second: speeds.toSorted((a, b) => a - b)[speeds.length >> 1] }),
    abstention: byHead ? abstentionOf(judged, threshold) : null,
    ...(options.items ? { items } : {}),
  });
}

function sceneReport(course: EvaluationCourse, options: ReportOptions): Result<SceneReport> {
  const outcome = outcomeOf(course, options, parseAffectLabels, isAffect);
  if (!outcome.ok) return outcome;
  const { head, judged } = outcome.value;
  const figures = (axis: keyof Affect) => {
    const truth = judged.map(({ row }) => row[axis]);
    const guess = judged.map(({ value }) => value[axis]);
    return { concordance: concordance(truth, guess), mae: meanAbsoluteError(truth, guess) };
  };
  const valence = figures('valence');
  const arousal = figures('arousal');
  const items = judged.map(({ row: { file, valence, arousal }, value: { valence: v, arousal: a } }) => ({
    file,
    label: { valence, arousal },
    answer: { valence: v, arousal: a },
  }));
  return ok({
    ...head,
    n: judged.length,
    valence,
    arousal,
    concordance: (valence.concordance + arousal.concordance) / 2,
    mae: (valence.mae + arousal.mae) / 2,
    ...(options.items ? { items } : {}),
  });
}

const isGuess = (value: Guess | Affect): value is Guess => 'label' in value;
const isAffect = (value: Guess | Affect): value is Affect => 'valence' in value;

/** What was judged beside its row of labels.csv, and the report's head. */
function outcomeOf<Row extends LabelRow | AffectRow, Value extends Guess | Affect>(
  { facts, rows: done, seconds }: EvaluationCourse,
  { labels, limit, brokenOff = null }: ReportOptions,
  parse: (labels: string) => Result<Row[]>,
  is: (value: Guess | Affect) => value is Value,
): Result<{ head: ReportHead; judged: { row: Row; value: Value }[] }> {
  const parsed = parse(labels);
  if (!parsed.ok) return parsed;
  const rows = limit === null ? parsed.value : parsed.value.slice(0, limit);
  const judged: { row: Row; value: Value }[] = [];
  const skipped: SkippedRow[] = [];
  for (const [index, row] of rows.slice(0, done.length).entries()) {
    const each = done[index];
    if (each && 'skipped' in each) skipped.push({ file: row.file, line: row.line, reason: each.skipped });
    else if (each && is(each.value)) judged.push({ row, value: each.value });
  }
  const [first] = skipped;
  if (judged.length === 0 && first) {
    return fail(wireError('picture-broken', 'None of the pictures could be decoded.', 'Check that the files are pictures.', first.reason));
  }
  const { task, by, cropped, ...asked } = facts.head;
  const head: ReportHead = {
    task,
    by,
    cropped,
    seconds,
    ...asked,
    rows: rows.length,
    skipped,
    stopped: done.length < rows.length,
    ...(brokenOff !== null && { broken_off: brokenOff }),
  };
  return ok({ head, judged });
}

function abstentionOf(judged: readonly Judged[], threshold: number): ClassificationReport['abstention'] {
  const sure = judged.filter(({ confidence }) => confidence !== null && confidence >= threshold);
  const right = sure.filter(({ truth, guess }) => truth === guess).length;
  return { threshold, coverage: sure.length / judged.length, accuracy: sure.length === 0 ? null : right / sure.length };
}
