/**
 * Judges a pack on a folder of labelled pictures. Knows the engine and labels.csv; the host
 * decodes pictures and writes the report.
 */
import type { Frame } from '../model/image.ts';
import type { PackManifest } from '../model/manifest.ts';
import { largestFirst } from '../model/projection.ts';
import { type ErrorCode, type WireError, wireError } from '../shared/errors.ts';
import {
  type Affect,
  classesOf,
  type EvaluationCourse,
  type EvaluationReport,
  type EvaluationTask,
  type Guess,
  type Judge,
  type JudgedRow,
  type ReportFacts,
  type ReportHead,
} from '../shared/evaluation.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import { EMOTION_LABELS, type Prompting, type Step, type Task } from '../shared/labels.ts';
import { type AffectRow, type LabelRow, parseAffectLabels, parseLabels } from '../shared/labels-csv.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { emotionOfWords } from './emotion-words.ts';
import type { Engine } from './engine.ts';
import { reportOf } from './evaluation-report.ts';

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
  /** What another evaluation of the same kind judged before it was lost: those rows are not judged again. Default: nothing. */
  before?: EvaluationCourse | null;
  /** Told once, before the first row. */
  onBegun?: (facts: ReportFacts) => void;
  /** Told after each row. @param seconds spent on judging so far */
  onJudged?: (row: JudgedRow, seconds: number) => void;
  /** Likewise. */
  onProgress?: (done: number, total: number) => void;
}

export interface EvaluateSource {
  /** Text of labels.csv. */
  labels: string;
  /** Decodes a picture of the folder; `file` is as labels.csv has it. */
  decode(file: string): Promise<Result<Frame>>;
}

/** Runs the evaluation; the engine must be loaded. Fails with `labels-invalid`, a picture's error, or the engine's. */
export async function evaluate(
  signal: AbortSignal,
  engine: Engine,
  source: EvaluateSource,
  options: EvaluateOptions,
): Promise<Result<EvaluationReport>> {
  const { manifest } = engine;
  if (!manifest) return fail(wireError('model-not-ready', 'The pack is not loaded.', 'Load it first.'));
  const { task } = options;
  if (task === 'scene') {
    const parsed = parseAffectLabels(source.labels);
    if (!parsed.ok) return parsed;
    const facts = () => factsOf(engine, manifest, options, 'scene-encoder', []);
    return judgeEach(signal, source, parsed.value, options, facts, (frame) => engine.sceneAffect(signal, frame));
  }
  const parsed = parseLabels(source.labels);
  if (!parsed.ok) return parsed;
  const classes = classesOf(task, parsed.value, manifest.prompt);
  if (!classes.ok) return classes;
  const by = task === 'faces' && options.by === 'affect-head' ? 'affect-head' : 'language-model';
  const facts = () => factsOf(engine, manifest, options, by, classes.value);
  return judgeEach(signal, source, parsed.value, options, facts, (frame, row) =>
    by === 'affect-head'
      ? judgeByHead(signal, engine, frame, options.cropped)
      : judgeByLanguageModel(signal, engine, frame, row, options, classes.value),
  );
}

function factsOf(
  engine: Engine,
  manifest: PackManifest,
  { task, cropped, prompting = 'emoprompt' }: EvaluateOptions,
  by: ReportHead['by'],
  classes: readonly string[],
): ReportFacts {
  const info = engine.info();
  return {
    head: {
      task,
      by,
      cropped,
      pack: { id: info.packId, version: info.packVersion, hash: info.packHash },
      backends: Object.fromEntries(info.graphs.map((graph) => [graph.graph, graph.backend])),
      ...(by === 'language-model' && info.foundation && { foundation: info.foundation }),
      ...(by === 'language-model' && { prompting }),
    },
    classes,
    threshold: manifest.faceEncoder.uncertainBelow,
  };
}

/** Faults of the picture itself; a file that is not there is a fault of labels.csv. */
const BROKEN: readonly ErrorCode[] = ['file-empty', 'file-unsupported', 'picture-broken', 'picture-too-large'];

/** Goes through the rows as the options say. Fails where nothing was judged at all. */
async function judgeEach<Row extends LabelRow | AffectRow>(
  signal: AbortSignal,
  source: EvaluateSource,
  all: readonly Row[],
  options: EvaluateOptions,
  /** Graphs may have moved to another backend by the end. */
  facts: () => ReportFacts,
  judge: (frame: Frame, row: Row) => Promise<Result<Guess | Affect>>,
): Promise<Result<EvaluationReport>> {
  const { limit, skipBroken = false, keepPartial = false, before = null, onBegun, onJudged, onProgress } = options;
  const started = performance.now();
  const seconds = (): number => (before?.seconds ?? 0) + (performance.now() - started) / 1000;
  const rows = limit === null ? all : all.slice(0, limit);
  const done: JudgedRow[] = [...(before?.rows ?? [])];
  onBegun?.(facts());
  if (done.length > 0) onProgress?.(done.length, rows.length);
  for (const row of rows.slice(done.length)) {
    if (signal.aborted) break;
    const frame = await decodeRow(source, row);
    const value = frame.ok ? await judge(frame.value, row) : frame;
    let judged: JudgedRow;
    if (value.ok) judged = { value: value.value };
    else if (signal.aborted) break;
    else if (!frame.ok && skipBroken && BROKEN.includes(value.error.code)) judged = { skipped: value.error.message };
    else return value;
    done.push(judged);
    onJudged?.(judged, seconds());
    onProgress?.(done.length, rows.length);
  }
  if (done.length < rows.length && (!keepPartial || !done.some((row) => 'value' in row))) {
    return fail(wireError('cancelled', 'Stopped.', 'Start it again when you like.'));
  }
  return reportOf({ facts: facts(), rows: done, seconds: seconds() }, { ...options, labels: source.labels });
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
