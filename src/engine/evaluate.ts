/**
 * Judges a pack on a folder of labelled pictures. Knows the engine and labels.csv; the host
 * decodes pictures and writes the report.
 */
import type { Frame } from '../model/image.ts';
import type { PackManifest } from '../model/manifest.ts';
import { largestFirst } from '../model/projection.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import { EMOTION_LABELS, type EmotionLabel, type Step, type Task } from '../shared/labels.ts';
import type { Evidence } from '../shared/readings.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { emotionOfWords } from './emotion-words.ts';
import type { Engine } from './engine.ts';
import { type AffectRow, invalid, type LabelRow, parseAffectLabels, parseLabels } from './labels-csv.ts';
import { classificationFigures, concordance, type Figures, type Judged, meanAbsoluteError } from './metrics.ts';

export const EVALUATION_TASKS = ['faces', 'emotion', 'emotion-open', 'intent', 'hate', 'sarcasm', 'humor', 'scene'] as const;
export type EvaluationTask = (typeof EVALUATION_TASKS)[number];

export interface EvaluateOptions {
  task: EvaluationTask;
  /** Each picture is a face crop already: nothing is detected. */
  cropped: boolean;
  /** Who is judged on `faces`: the affect head (default there) or the language model. Other tasks are the language model's. */
  by: 'affect-head' | 'language-model';
  /** Only the first so many rows; null takes all. */
  limit: number | null;
  /** The report also holds every item. Default false. */
  items?: boolean;
  /** Told after each item. */
  onProgress?: (done: number, total: number) => void;
}

export interface EvaluateSource {
  /** Text of labels.csv. */
  labels: string;
  /** Decodes a picture of the folder; `file` is as labels.csv has it. */
  decode(file: string): Promise<Result<Frame>>;
}

interface ReportHead {
  task: EvaluationTask;
  by: 'affect-head' | 'language-model' | 'scene-encoder';
  cropped: boolean;
  seconds: number;
  pack: { id: string; version: string; hash: string };
  backends: Record<string, string>;
}

export type ClassificationReport = ReportHead &
  Figures & {
    options: string[];
    /** Items where no face was found; only for the affect head. */
    without_face: number;
    /** Free answers without a word that is known (emotion-words.ts): they count as wrong. Null for closed tasks. */
    unmapped: number | null;
    /** Action units that the text named, and those of them that were measured on no face. Null where no text was written. */
    cues: { named: number; unsupported: number } | null;
    /** What the text said of the words on the picture, and how much of it is not so. Null where no text was written. */
    claims: { made: number; untrue: number } | null;
    items?: ReportItem[];
  };

/**
 * One judged picture; `probabilities` are over the report's options, null where there was no answer or a free one, `text` where none
 * was written. A free answer stands in `text`, the class that it speaks of in `answer`.
 */
export interface ReportItem {
  file: string;
  label: string;
  answer: string | null;
  probabilities: Record<string, number> | null;
  text: Record<Step, string> | null;
}

export type SceneReport = ReportHead & {
  n: number;
  valence: { concordance: number; mae: number };
  arousal: { concordance: number; mae: number };
  /** Mean of both. */
  concordance: number;
  mae: number;
};

export type EvaluationReport = ClassificationReport | SceneReport;

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
  const head = (by: ReportHead['by']): ReportHead => {
    const info = engine.info();
    return {
      task: options.task,
      by,
      cropped: options.cropped,
      seconds: (performance.now() - started) / 1000,
      pack: { id: info.packId, version: info.packVersion, hash: info.packHash },
      backends: Object.fromEntries(info.graphs.map((graph) => [graph.graph, graph.backend])),
    };
  };
  if (options.task === 'scene') return evaluateScene(signal, engine, source, options, head);

  const parsed = parseLabels(source.labels);
  if (!parsed.ok) return parsed;
  const classes = classesOf(options.task, parsed.value, manifest);
  if (!classes.ok) return classes;
  const rows = options.limit === null ? parsed.value : parsed.value.slice(0, options.limit);
  const byHead = options.task === 'faces' && options.by === 'affect-head';
  const judged: Judged[] = [];
  const items: ReportItem[] = [];
  const cues = { named: 0, unsupported: 0 };
  const claims = { made: 0, untrue: 0 };
  for (const [index, row] of rows.entries()) {
    const frame = await decodeRow(source, row);
    if (!frame.ok) return frame;
    const guess = byHead
      ? await judgeByHead(signal, engine, frame.value, options.cropped)
      : await judgeByLanguageModel(signal, engine, frame.value, row, options, classes.value);
    if (!guess.ok) return guess;
    const { label: answer, probabilities, text } = guess.value;
    judged.push({ truth: row.label, guess: answer, confidence: answer === null ? null : (probabilities?.[answer] ?? null) });
    items.push({ file: row.file, label: row.label, answer, probabilities, text });
    for (const each of guess.value.evidence) {
      if (each.kind === 'action-unit') {
        cues.named += 1;
        if (each.faceIds.length === 0) cues.unsupported += 1;
      }
      if (each.kind === 'claim' || each.kind === 'shown') {
        claims.made += 1;
        if (!each.holds) claims.untrue += 1;
      }
    }
    options.onProgress?.(index + 1, rows.length);
  }
  const unanswered = judged.filter((item) => item.guess === null).length;
  return ok({
    ...head(byHead ? 'affect-head' : 'language-model'),
    ...classificationFigures(judged, classes.value),
    options: [...classes.value],
    without_face: byHead ? unanswered : 0,
    unmapped: options.task === 'emotion-open' ? unanswered : null,
    cues: byHead ? null : cues,
    claims: byHead ? null : claims,
    ...(options.items ? { items } : {}),
  });
}

/** The closed set that the labels must come from: a label outside it is told with its line. */
function classesOf(task: Exclude<EvaluationTask, 'scene'>, rows: readonly LabelRow[], manifest: PackManifest): Result<readonly string[]> {
  const { pictureEmotions, tasks } = manifest.prompt;
  let classes: readonly string[];
  if (task === 'faces' || task === 'emotion-open') classes = EMOTION_LABELS;
  else if (task === 'emotion') {
    const beyond = rows.find((row) => !isEmotionLabel(row.label));
    classes = beyond && pictureEmotions.includes(beyond.label) ? pictureEmotions : EMOTION_LABELS;
  } else classes = tasks[task].options;
  const wrong = rows.find((row) => !classes.includes(row.label));
  return wrong ? fail(invalid(wrong.line, `"${wrong.label}" is not a label of ${task}: use ${classes.join(', ')}.`)) : ok(classes);
}

const isEmotionLabel = (label: string): label is EmotionLabel => (EMOTION_LABELS as readonly string[]).includes(label);

interface Guess {
  label: string | null;
  probabilities: Record<string, number> | null;
  text: Record<Step, string> | null;
  evidence: Evidence[];
}

/** The largest face's top label, whether sure or not. */
async function judgeByHead(signal: AbortSignal, engine: Engine, frame: Frame, cropped: boolean): Promise<Result<Guess>> {
  const events = engine.read(signal, frame, { runId: 'evaluate', sourceId: 'evaluate', mode: cropped ? 'cropped' : 'still', smoothing: 0 });
  const all = await collect(events);
  if (!all.ok) return all;
  const readings = all.value.find((event) => event.type === 'readings')?.readings ?? [];
  const [face] = largestFirst(readings);
  if (!face) return ok({ label: null, probabilities: null, text: null, evidence: [] });
  const label = EMOTION_LABELS.reduce((top, name) => (face.probabilities[name] > face.probabilities[top] ? name : top));
  return ok({ label, probabilities: face.probabilities, text: null, evidence: [] });
}

async function judgeByLanguageModel(
  signal: AbortSignal,
  engine: Engine,
  frame: Frame,
  row: LabelRow,
  { task, cropped }: EvaluateOptions,
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
      maxNewTokens: engine.manifest?.prompt.maxNewTokens ?? 0,
      options: task === 'emotion-open' ? null : options,
      cropped,
    }),
  );
  if (!all.ok) return all;
  const answer = all.value.find((event) => event.type === 'answer')?.answer;
  const text: Record<Step, string> = { observe: '', cues: '', reason: '', answer: '' };
  for (const event of all.value) if (event.type === 'text') text[event.step] += event.delta;
  const open = asked === 'emotion-open';
  return ok({
    label: answer ? (open ? emotionOfWords(answer.text) : answer.text) : null,
    probabilities: answer && !open ? Object.fromEntries(answer.distribution.map((entry) => [entry.option, entry.probability])) : null,
    text,
    evidence: all.value.filter((event) => event.type === 'evidence').flatMap((event) => event.evidence),
  });
}

async function evaluateScene(
  signal: AbortSignal,
  engine: Engine,
  source: EvaluateSource,
  options: EvaluateOptions,
  head: (by: 'scene-encoder') => ReportHead,
): Promise<Result<SceneReport>> {
  const parsed = parseAffectLabels(source.labels);
  if (!parsed.ok) return parsed;
  const rows = options.limit === null ? parsed.value : parsed.value.slice(0, options.limit);
  const guesses: { valence: number; arousal: number }[] = [];
  for (const [index, row] of rows.entries()) {
    const frame = await decodeRow(source, row);
    if (!frame.ok) return frame;
    const affect = await engine.sceneAffect(signal, frame.value);
    if (!affect.ok) return affect;
    guesses.push(affect.value);
    options.onProgress?.(index + 1, rows.length);
  }
  const figures = (axis: 'valence' | 'arousal') => {
    const truth = rows.map((row) => row[axis]);
    const guess = guesses.map((value) => value[axis]);
    return { concordance: concordance(truth, guess), mae: meanAbsoluteError(truth, guess) };
  };
  const valence = figures('valence');
  const arousal = figures('arousal');
  return ok({
    ...head('scene-encoder'),
    n: rows.length,
    valence,
    arousal,
    concordance: (valence.concordance + arousal.concordance) / 2,
    mae: (valence.mae + arousal.mae) / 2,
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
