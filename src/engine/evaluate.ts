/**
 * Judges a pack on a folder of labelled pictures. Knows the engine and labels.csv; the host
 * decodes pictures and writes the report.
 */
import type { Frame } from '../model/image.ts';
import { largestFirst } from '../model/projection.ts';
import { type ErrorCode, type WireError, wireError } from '../shared/errors.ts';
import {
  type Affect,
  type ClassificationReport,
  classesOf,
  type EvaluationReport,
  type EvaluationTask,
  type Judge,
  type ReportHead,
  type ReportItem,
  type SceneReport,
  type SkippedRow,
} from '../shared/evaluation.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import { EMOTION_LABELS, type Prompting, type Step, type Task } from '../shared/labels.ts';
import { type AffectRow, type LabelRow, parseAffectLabels, parseLabels } from '../shared/labels-csv.ts';
import type { Evidence } from '../shared/readings.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { emotionOfWords } from './emotion-words.ts';
import type { Engine } from './engine.ts';
import { classificationFigures, concordance, type Judged, meanAbsoluteError } from './metrics.ts';

export interface EvaluateOptions {
  task: EvaluationTask;
  /** Each picture is a face crop already: nothing is detected. */
  cropped: boolean;
  /** Who is judged on `faces`: the affect head (default there) or the language model. Other tasks are the language model's. */
  by: Judge;
  /** How the language model is asked. Default `emoprompt`. */
  prompting?: Prompting;
  /** Only the first so many rows; null takes all. */
  limit: number | null;
  /** The report also holds every item. Default false. */
  items?: boolean;
  /** A picture that cannot be decoded is listed in the report instead of ending all; a missing file still ends it. Default false. */
  skipBroken?: boolean;
  /** An abort after the first item gives the report of those that were judged, instead of `cancelled`. Default false. */
  keepPartial?: boolean;
  /** Told after each row. */
  onProgress?: (done: number, total: number) => void;
}

export interface EvaluateSource {
  /** Text of labels.csv. */
  labels: string;
  /** Decodes a picture of the folder; `file` is as labels.csv has it. */
  decode(file: string): Promise<Result<Frame>>;
}

type HeadOf = <By extends ReportHead['by']>(by: By, course: Course<unknown, unknown>) => ReportHead & { by: By };

/** Runs the evaluation; the engine must be loaded. Fails with `labels-invalid`, a picture's error, or the engine's. */
export async function evaluate(
  signal: AbortSignal,
  engine: Engine,
  source: EvaluateSource,
  options: EvaluateOptions,
): Promise<Result<EvaluationReport>> {
  const { manifest } = engine;
  if (!manifest) return fail(wireError('model-not-ready', 'The pack is not loaded.', 'Load it first.'));
  const started = performance.now();
  const head: HeadOf = (by, { rows, skipped, stopped }) => {
    const info = engine.info();
    return {
      task: options.task,
      by,
      cropped: options.cropped,
      seconds: (performance.now() - started) / 1000,
      pack: { id: info.packId, version: info.packVersion, hash: info.packHash },
      backends: Object.fromEntries(info.graphs.map((graph) => [graph.graph, graph.backend])),
      ...(by === 'language-model' && info.foundation && { foundation: info.foundation }),
      ...(by === 'language-model' && { prompting: options.prompting ?? 'emoprompt' }),
      rows,
      skipped,
      stopped,
    };
  };
  const { task } = options;
  if (task === 'scene') return evaluateScene(signal, engine, source, options, head);

  const parsed = parseLabels(source.labels);
  if (!parsed.ok) return parsed;
  const classes = classesOf(task, parsed.value, manifest.prompt);
  if (!classes.ok) return classes;
  const byHead = task === 'faces' && options.by === 'affect-head';
  const course = await judgeEach(signal, source, parsed.value, options, (frame, row) =>
    byHead ? judgeByHead(signal, engine, frame, options.cropped) : judgeByLanguageModel(signal, engine, frame, row, options, classes.value),
  );
  if (!course.ok) return course;
  const judged: Judged[] = [];
  const items: ReportItem[] = [];
  const cues = { named: 0, unsupported: 0 };
  const claims = { made: 0, untrue: 0 };
  const speeds: number[] = [];
  for (const { row, value } of course.value.judged) {
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
    ...head(byHead ? 'affect-head' : 'language-model', course.value),
    ...classificationFigures(judged, classes.value),
    options: [...classes.value],
    without_face: byHead ? unanswered : 0,
    unmapped: task === 'emotion-open' ? unanswered : null,
    cues: byHead ? null : cues,
    claims: byHead ? null : claims,
    ...(speeds.length > 0 && { tokens_per_second: speeds.toSorted((a, b) => a - b)[speeds.length >> 1] }),
    abstention: byHead ? abstentionOf(judged, manifest.faceEncoder.uncertainBelow) : null,
    ...(options.items ? { items } : {}),
  });
}

/** Faults of the picture itself; a file that is not there is a fault of labels.csv. */
const BROKEN: readonly ErrorCode[] = ['file-empty', 'file-unsupported', 'picture-broken', 'picture-too-large'];

interface Course<Row, T> {
  judged: { row: Row; value: T }[];
  rows: number;
  skipped: SkippedRow[];
  stopped: boolean;
}

/** Goes through the rows as the options say. Fails where nothing was judged at all. */
async function judgeEach<Row extends LabelRow | AffectRow, T>(
  signal: AbortSignal,
  source: EvaluateSource,
  all: readonly Row[],
  { limit, skipBroken = false, keepPartial = false, onProgress }: EvaluateOptions,
  judge: (frame: Frame, row: Row) => Promise<Result<T>>,
): Promise<Result<Course<Row, T>>> {
  const rows = limit === null ? all : all.slice(0, limit);
  const course: Course<Row, T> = { judged: [], rows: rows.length, skipped: [], stopped: false };
  let done = 0;
  for (const row of rows) {
    if (signal.aborted) break;
    const frame = await decodeRow(source, row);
    const value = frame.ok ? await judge(frame.value, row) : frame;
    if (value.ok) course.judged.push({ row, value: value.value });
    else if (signal.aborted) break;
    else if (!frame.ok && skipBroken && BROKEN.includes(value.error.code)) {
      course.skipped.push({ file: row.file, line: row.line, reason: value.error.message });
    } else return value;
    done += 1;
    onProgress?.(done, rows.length);
  }
  course.stopped = done < rows.length;
  if (course.stopped && (!keepPartial || course.judged.length === 0)) {
    return fail(wireError('cancelled', 'Stopped.', 'Start it again when you like.'));
  }
  const [first] = course.skipped;
  if (course.judged.length > 0 || !first) return ok(course);
  return fail(wireError('picture-broken', 'None of the pictures could be decoded.', 'Check that the files are pictures.', first.reason));
}

function abstentionOf(judged: readonly Judged[], threshold: number): ClassificationReport['abstention'] {
  const sure = judged.filter(({ confidence }) => confidence !== null && confidence >= threshold);
  const right = sure.filter(({ truth, guess }) => truth === guess).length;
  return { threshold, coverage: sure.length / judged.length, accuracy: sure.length === 0 ? null : right / sure.length };
}

interface Guess {
  label: string | null;
  probabilities: Record<string, number> | null;
  text: Record<Step, string> | null;
  evidence: Evidence[];
  /** Null where no text was written. */
  tokensPerSecond: number | null;
}

/** The largest face's top label, whether sure or not. */
async function judgeByHead(signal: AbortSignal, engine: Engine, frame: Frame, cropped: boolean): Promise<Result<Guess>> {
  const events = engine.read(signal, frame, { runId: 'evaluate', sourceId: 'evaluate', mode: cropped ? 'cropped' : 'still', smoothing: 0 });
  const all = await collect(events);
  if (!all.ok) return all;
  const readings = all.value.find((event) => event.type === 'readings')?.readings ?? [];
  const [face] = largestFirst(readings);
  if (!face) return ok({ label: null, probabilities: null, text: null, evidence: [], tokensPerSecond: null });
  const label = EMOTION_LABELS.reduce((top, name) => (face.probabilities[name] > face.probabilities[top] ? name : top));
  return ok({ label, probabilities: face.probabilities, text: null, evidence: [], tokensPerSecond: null });
}

async function judgeByLanguageModel(
  signal: AbortSignal,
  engine: Engine,
  frame: Frame,
  row: LabelRow,
  { task, cropped, prompting = 'emoprompt' }: EvaluateOptions,
  options: readonly string[],
): Promise<Result<Guess>> {
  const asked: Task = task === 'faces' || task === 'scene' ? 'emotion' : task;
  const all = await collect(
    engine.explain(signal, frame, {
      runId: 'evaluate',
      sourceId: 'evaluate',
      task: asked,
      readings: null,
      words: row.text,
      maxNewTokens: engine.maxNewTokens,
      options: task === 'emotion-open' ? null : options,
      cropped,
      prompting,
    }),
  );
  if (!all.ok) return all;
  const answer = all.value.find((event) => event.type === 'answer')?.answer;
  const text: Record<Step, string> = { observe: '', cues: '', reason: '', answer: '' };
  for (const event of all.value) if (event.type === 'text') text[event.step] += event.delta;
  const open = asked === 'emotion-open';
  const choice = answer && options.includes(answer.text) ? answer.text : null; // a foundation model may find none
  const speed = all.value.findLast((event) => event.type === 'decode-speed');
  return ok({
    label: answer && open ? emotionOfWords(answer.text) : choice,
    probabilities:
      answer && answer.distribution.length > 0
        ? Object.fromEntries(answer.distribution.map((entry) => [entry.option, entry.probability]))
        : null,
    text,
    evidence: all.value.filter((event) => event.type === 'evidence').flatMap((event) => event.evidence),
    tokensPerSecond: speed && Number.isFinite(speed.tokensPerSecond) && speed.tokens > 0 ? speed.tokensPerSecond : null,
  });
}

async function evaluateScene(
  signal: AbortSignal,
  engine: Engine,
  source: EvaluateSource,
  options: EvaluateOptions,
  head: HeadOf,
): Promise<Result<SceneReport>> {
  const parsed = parseAffectLabels(source.labels);
  if (!parsed.ok) return parsed;
  const course = await judgeEach(signal, source, parsed.value, options, (frame) => engine.sceneAffect(signal, frame));
  if (!course.ok) return course;
  const { judged } = course.value;
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
    ...head('scene-encoder', course.value),
    n: judged.length,
    valence,
    arousal,
    concordance: (valence.concordance + arousal.concordance) / 2,
    mae: (valence.mae + arousal.mae) / 2,
    ...(options.items ? { items } : {}),
  });
}

async function decodeRow(source: EvaluateSource, row: LabelRow | AffectRow): Promise<Result<Frame>> {
  const frame = await source.decode(row.file);
  if (frame.ok) return frame;
  const error: WireError = { ...frame.error, message: `labels.csv, line ${row.line}: ${frame.error.message}` };
  return fail(error);
}

/** All events of a run, or its failure. */
async function collect(events: AsyncIterable<AnalysisEvent>): Promise<Result<AnalysisEvent[]>> {
  const all: AnalysisEvent[] = [];
  for await (const event of events) {
    if (event.type === 'failed') return fail(event.error);
    all.push(event);
  }
  return ok(all);
}
