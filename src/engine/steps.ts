/**
 * Guided decoding: the four steps of an EmoPrompt answer. The engine writes the heads, the model
 * the text between them, and a closed answer is what Reason has decided, or is taken from the
 * distribution over its options, so that every run has all four steps, whatever the weights. Knows
 * ids and text, not pictures.
 */
import type { DraftTable } from '../model/draft-table.ts';
import { type LanguageModel, type Sequence, scoreOptions } from '../model/language-model.ts';
import type { Logits } from '../model/logits.ts';
import type { AnswerCalibration } from '../model/manifest.ts';
import { pick } from '../model/sampler.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { type Prompting, STEPS, type Step } from '../shared/labels.ts';
import type { Answer } from '../shared/readings.ts';
import { type Decision, pooled } from './decision.ts';

export type StepEvent =
  | { type: 'step'; step: Step }
  | { type: 'text'; step: Step; delta: string }
  | { type: 'step-end'; step: Step; text: string }
  /** After every run: tokens written by the model so far. */
  | { type: 'tokens'; tokens: number }
  | { type: 'answer'; answer: Answer };

export interface StepOptions {
  model: Pick<LanguageModel, 'isStop'>;
  tokenizer: Tokenizer;
  /** Each step's head, in order. */
  heads: readonly string[];
  /** Empty: the answer is free text. */
  options: readonly string[];
  /** Corrects the distribution over the options where the answer decides; null leaves it as the model gives it. */
  calibration: Pick<AnswerCalibration, 'scale' | 'evidence' | 'bias'> | null;
  /** What the measured evidence says of the options, as of `evidenceShares`; goes in with the calibration. */
  shares: readonly number[] | null;
  /** Where Reason decides; null leaves that to the model and the answer. */
  decision: Decision | null;
  /** Ids that end a text. */
  stopIds: readonly number[];
  /** Guesses what is written next, for the model to check several ids at a time; null where it cannot. */
  drafts: Pick<DraftTable, 'guess'> | null;
  /** For the whole text; what a step leaves over goes to the next ones. */
  maxNewTokens: number;
  /** `plain`: the last step alone. Default `emoprompt`. */
  prompting?: Prompting;
}

/** How the budget is shared; the answer's part is used only where it is free text. */
const SHARES: Record<Step, number> = { observe: 0.25, cues: 0.3, reason: 0.35, answer: 0.1 };
/**
 * Long enough that two faces may show the same two cues ("lip corners pulled up (AU12) and brows lowered and drawn together (AU04)" is 20
 * ids), short enough to break a loop.
 */
const NO_REPEAT_NGRAM = 24;
/** Ids guessed at a time at most: a run of up to eight rows costs hardly more than one of a single row. */
const MAX_GUESSES = 7;

/**
 * Writes the answer onto `sequence`, which holds the prompt and stays the caller's.
 * @throws EngineFailure with `cancelled` between decode steps.
 */
export async function* decodeSteps(signal: AbortSignal, sequence: Sequence, settings: StepOptions): AsyncGenerator<StepEvent> {
  const { tokenizer, options } = settings;
  let left = settings.maxNewTokens;
  let tokens = 0;
  const written: number[] = []; // heads included
  const steps = settings.prompting === 'plain' ? STEPS.slice(-1) : STEPS;
  for (const [index, step] of steps.entries()) {
    yield { type: 'step', step };
    const head = settings.heads[STEPS.indexOf(step)] ?? '';
    const headIds = tokenizer.encode(index === 0 ? head : `\n${head}`);
    if (step === 'answer' && options.length > 0) {
      const decided = settings.decision?.probabilities;
      if (!decided) await sequence.append(signal, headIds);
      const answer = decided ? likeliest(options, decided) : await chooseOption(signal, sequence, settings);
      yield { type: 'text', step, delta: answer.text };
      yield { type: 'step-end', step, text: answer.text };
      yield { type: 'answer', answer };
      return;
    }
    const ahead = steps.slice(index).reduce((sum, later) => sum + SHARES[later], 0);
    const budget = Math.max(1, Math.floor((left * SHARES[step]) / ahead));
    let text = '';
    for await (const piece of writeLine(signal, sequence, settings, { step, headIds, written, budget })) {
      if (piece.delta !== '') yield { type: 'text', step, delta: piece.delta };
      text += piece.delta;
      if (piece.tokens > 0) {
        tokens += piece.tokens;
        left -= piece.tokens;
        yield { type: 'tokens', tokens };
      }
    }
    text = text.trimEnd();
    yield { type: 'step-end', step, text };
    if (step === 'answer') yield { type: 'answer', answer: { text, distribution: [] } };
  }
}

/**
 * One line of free text behind its head, both added to `written` too: up to a newline, a stop id or the budget, where `…` says that
 * it was cut. A piece is what one run brought.
 */
async function* writeLine(
  signal: AbortSignal,
  sequence: Sequence,
  { model, tokenizer, drafts, decision }: StepOptions,
  { step, headIds, written, budget }: { step: Step; headIds: readonly number[]; written: number[]; budget: number },
): AsyncGenerator<{ delta: string; tokens: number }> {
  const stream = tokenizer.stream();
  const line: number[] = [];
  let isStart = true;
  const clean = (delta: string): string => {
    const text = isStart ? delta.trimStart() : delta;
    if (text !== '') isStart = false;
    return text;
  };
  const next = async (logits: Logits, kept: readonly number[]): Promise<number> => {
    const ids = [...line, ...kept];
    const decided = step === 'reason' ? await decision?.next(ids, logits) : null;
    return decided ?? pick(logits, ids, NO_REPEAT_NGRAM);
  };
  const endsLine = (id: number): boolean => model.isStop(id) || tokenizer.decode([id]).includes('\n');
  /** Adds ids that are certain and the guesses behind them that hold. → these */
  const advance = async (ids: readonly number[], room: number): Promise<number[]> => {
    written.push(...ids);
    const guesses = drafts?.guess(written, Math.min(MAX_GUESSES, room)) ?? [];
    const end = guesses.findIndex(endsLine);
    const kept = await sequence.appendChecked(signal, ids, end < 0 ? guesses : guesses.slice(0, end), next);
    written.push(...kept);
    line.push(...kept);
    return kept;
  };
  const textOf = (ids: readonly number[]): string => ids.map((id) => stream.push(id)).join('');

  const first = await advance(headIds, budget);
  if (first.length > 0) yield { delta: clean(textOf(first)), tokens: first.length };
  while (line.length < budget) {
    const id = await next(sequence.logits, []);
    if (model.isStop(id)) return;
    const [delta = '', ...rest] = stream.push(id).split('\n');
    if (rest.length > 0) {
      yield { delta: clean(delta.trimEnd()), tokens: 0 };
      return;
    }
    line.push(id);
    const kept = await advance([id], budget - line.length);
    yield { delta: clean(delta + textOf(kept)), tokens: 1 + kept.length };
  }
  // What is not written decides nothing.
  if (!endsLine(await pick(sequence.logits, line, NO_REPEAT_NGRAM))) yield { delta: clean('…'), tokens: 0 };
}

/** The likeliest option and the calibrated distribution over all of them, by what may follow. Options are written with a leading space. */
async function chooseOption(signal: AbortSignal, sequence: Sequence, settings: StepOptions): Promise<Answer> {
  const { tokenizer, options, stopIds, calibration, shares } = settings;
  const ends = [...new Set([...stopIds, ...tokenizer.encode('\n').slice(0, 1)])];
  const raw = await scoreOptions(
    signal,
    sequence,
    options.map((option) => tokenizer.encode(` ${option}`)),
    ends,
  );
  return likeliest(options, calibration ? pooled(raw, shares, calibration) : raw);
}

function likeliest(options: readonly string[], probabilities: readonly number[]): Answer {
  const distribution = options.map((option, index) => ({ option, probability: probabilities[index] ?? 0 }));
  const best = distribution.reduce((top, entry) => (entry.probability > top.probability ? entry : top));
  return { text: best.option, distribution };
}
