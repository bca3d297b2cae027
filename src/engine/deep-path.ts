/**
 * The deep path on one frame whose faces are known: scene and face tokens and words on the picture
 * → projection → language model → EmoPrompt text, step by step. Knows neither loading nor runs.
 */
import type { FaceEncoder } from '../model/face-encoder.ts';
import type { Frame } from '../model/image.ts';
import { type Sequence, throwIfCancelled } from '../model/language-model.ts';
import type { PackManifest } from '../model/manifest.ts';
import { largestFirst } from '../model/projection.ts';
import type { AnalysisEvent, StageTimes } from '../shared/events.ts';
import type { Prompting, Task } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { Decision, evidenceShares } from './decision.ts';
import { answerCalibration, aroundImage, promptBody, taskOptions } from './emoprompt.ts';
import { type EvidenceContext, findEvidence } from './evidence.ts';
import type { LanguagePart } from './load.ts';
import { decodeSteps } from './steps.ts';
import { readWords } from './words-on-picture.ts';

export interface DeepRequest {
  runId: string;
  task: Task;
  readings: readonly Reading[];
  /** Words on the picture, if somebody gave them; null reads them where the task needs it. */
  words: string | null;
  /** At most the pack's own limit. */
  maxNewTokens: number;
  /** Replace the task's options; null keeps them. */
  options: readonly string[] | null;
  /** `plain`: the answer alone. */
  prompting: Prompting;
}

/** Decode speed is told this often, in tokens. */
const SPEED_EVERY = 8;
/** The prompt pass goes in pieces of at most this many tokens, so that live frames get their turn between them. Most prompts are one piece. */
const PREFILL_CHUNK = 128;

/** @throws EngineFailure, `cancelled` included. */
export async function* explainFrame(
  signal: AbortSignal,
  part: LanguagePart,
  encoder: FaceEncoder,
  manifest: PackManifest,
  frame: Frame,
  request: DeepRequest,
): AsyncGenerator<AnalysisEvent> {
  const { runId, task } = request;
  const times: StageTimes = {};
  const faces = largestFirst(request.readings);

  const words = await readWords(signal, part, manifest, frame, request);
  if (words.lines !== null) yield { type: 'words', runId, lines: words.lines, times: { words: words.ms } };

  throwIfCancelled(signal);
  const imageEmbeddings = await embedImage(part, encoder, manifest, frame, faces, times);

  const options = taskOptions(manifest, task, request.options);
  const wording = words.text ? (part.textClassifier?.read(words.text, task, options) ?? null) : null;
  const body = promptBody(manifest, { task, options: request.options, readings: faces, words: words.text, wording });
  const { before, after } = aroundImage(manifest, body);
  const { model, tokenizer } = part;
  const start = tokenizer.encode(before);
  const rows = concatenate([imageEmbeddings, model.embed(tokenizer.encode(after))]); // [T, hidden]
  const { hidden, stopIds } = manifest.languageModel;
  yield { type: 'prompt', runId, text: body, promptTokens: start.length + rows.length / hidden };

  const sequence = await timed(times, 'prefill', () => prefill(signal, part, start, rows, hidden));
  try {
    const context: EvidenceContext = {
      readings: faces,
      lines: words.lines ?? [],
      words: words.text,
      actionUnits: manifest.actionUnits,
      cueThreshold: manifest.prompt.cueThreshold,
    };
    // Fitted on answers that follow a reasoning.
    const calibration = request.prompting === 'plain' ? null : answerCalibration(manifest, task, options);
    const shares = calibration && evidenceShares(calibration.options, faces);
    const started = performance.now();
    const decodeMs = (): number => performance.now() - started;
    let tokens = 0;
    let told = 0;
    const steps = decodeSteps(signal, sequence, {
      model,
      tokenizer,
      heads: manifest.prompt.heads,
      options,
      calibration,
      shares,
      decision: Decision.of(tokenizer, manifest.prompt, calibration, shares),
      prompting: request.prompting,
      stopIds,
      drafts: model.takesDrafts ? part.drafts : null,
      maxNewTokens: Math.min(request.maxNewTokens, manifest.prompt.maxNewTokens),
    });
    const speed = (): AnalysisEvent => ({
      type: 'decode-speed',
      runId,
      tokens,
      tokensPerSecond: tokens / Math.max(decodeMs() / 1000, 1e-6),
    });
    for await (const event of steps) {
      switch (event.type) {
        case 'step':
          yield { type: 'step', runId, step: event.step };
          break;
        case 'text':
          yield { type: 'text', runId, step: event.step, delta: event.delta };
          break;
        case 'step-end':
          yield { type: 'evidence', runId, step: event.step, evidence: findEvidence(event.text, context) };
          break;
        case 'tokens':
          tokens = event.tokens;
          if (tokens < told + SPEED_EVERY) break;
          told = tokens;
          yield speed();
          break;
        case 'answer':
          times.decode = decodeMs();
          yield speed();
          yield { type: 'answer', runId, answer: event.answer, times };
      }
    }
  } finally {
    sequence.dispose();
  }
}

/** → [T_image, hidden] */
async function embedImage(
  part: LanguagePart,
  encoder: FaceEncoder,
  manifest: PackManifest,
  frame: Frame,
  faces: readonly Reading[],
  times: StageTimes,
): Promise<Float32Array> {
  const scene = await timed(times, 'scene', () => part.scene.encode(frame)); // [49, D_s]
  const shown = faces.slice(0, manifest.projection.maxFaces);
  const regions = shown.map((face) => encoder.regionOf(face.box, face.roll));
  const expressions = await timed(times, 'encode', () => encoder.encode(frame, regions));
  const projected = shown.map((face, index) => ({ box: face.box, tokens: expressions[index]?.tokens ?? new Float32Array() }));
  return timed(times, 'project', () => part.projection.project(scene.tokens, projected, frame));
}

/** The prompt pass, piece by piece. */
async function prefill(
  signal: AbortSignal,
  { model }: LanguagePart,
  start: readonly number[],
  rows: Float32Array,
  hidden: number,
): Promise<Sequence> {
  const step = PREFILL_CHUNK * hidden;
  const sequence = await model.begin(signal, start);
  try {
    for (let at = 0; at < rows.length; at += step) await sequence.appendEmbeddings(signal, rows.subarray(at, at + step));
    return sequence;
  } catch (error) {
    sequence.dispose();
    throw error;
  }
}

async function timed<T>(times: StageTimes, stage: keyof StageTimes, job: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await job();
  times[stage] = performance.now() - started;
  return result;
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
