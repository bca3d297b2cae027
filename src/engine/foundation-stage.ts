/**
 * A foundation model in the language model's place: the same evidence, in words and as faces close up, and the same steps, by instruction.
 * Its answers are not calibrated. Fetched only when such a pack is chosen; knows neither loading of ours nor runs.
 */
import type { FoundationFiles } from '../model/foundation-manifest.ts';
import { type FoundationModel, type FoundationText, foundationSize, openFoundationModel } from '../model/foundation-model.ts';
import { EngineFailure, type Runtime } from '../model/graph.ts';
import { type Frame, faceRegion, type Picture, sampleRegion } from '../model/image.ts';
import { throwIfCancelled } from '../model/language-model.ts';
import type { PackManifest } from '../model/manifest.ts';
import { largestFirst } from '../model/projection.ts';
import { wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ModelInfo, StageTimes } from '../shared/events.ts';
import { STEPS } from '../shared/labels.ts';
import type { Answer, Reading } from '../shared/readings.ts';
import type { DeepRequest } from './deep-path.ts';
import { promptBody, taskOptions } from './emoprompt.ts';
import { EventChannel } from './event-channel.ts';
import { type EvidenceContext, findEvidence } from './evidence.ts';
import { FoundationParser, optionIn, type ParsedEvent } from './foundation-parser.ts';
import { FOUNDATION_HEADS, foundationPrompt, repairPrompt } from './foundation-prompt.ts';
import type { LanguageStage } from './language-stage.ts';
import type { WordsPart } from './load.ts';
import { readWords } from './words-on-picture.ts';

/** What a text says where no option could be made out. */
export const NO_ANSWER = 'no answer';

/** Decode speed is told this often, in tokens. */
const SPEED_EVERY = 8;
/** Breaks a loop; long enough that two faces may show the same cues. */
const NO_REPEAT_NGRAM = 24;
/** For an option, or a free answer of ten words. */
const ANSWER_TOKENS = 24;
/** Side of a close-up over the longer side of the face's box: hair and chin belong to a look. */
const CLOSE_UP_SCALE = 1.6;
const CLOSE_UP_PX = 512;

/** The part of a model that is needed here. */
type Model = Pick<FoundationModel, 'manifest' | 'device' | 'dtypes' | 'ask' | 'dispose'>;
type Text = Pick<FoundationText, 'promptTokens' | 'write' | 'score' | 'dispose'>;

/** How a foundation pack becomes a stage. */
export interface FoundationLoader {
  title: string;
  /** What is read of it; null where nobody knows before. */
  bytes: number | null;
  /** @param onBytes of the pack's files that have been read. @throws EngineFailure */
  open(signal: AbortSignal, words: WordsPart, manifest: PackManifest, onBytes: (bytes: number) => void): Promise<LanguageStage>;
}

export function foundationLoader(runtime: Runtime, files: FoundationFiles): FoundationLoader {
  return {
    title: files.manifest.title,
    bytes: foundationSize(runtime, files.manifest),
    async open(signal, words, manifest, onBytes) {
      return new FoundationStage(await openFoundationModel(signal, runtime, files, onBytes), words, manifest);
    },
  };
}

export class FoundationStage implements LanguageStage {
  readonly foundation: NonNullable<ModelInfo['foundation']>;
  readonly maxNewTokens: number;
  readonly #model: Model;
  readonly #words: WordsPart;
  /** Of the pack whose readings are explained. */
  readonly #manifest: PackManifest;

  constructor(model: Model, words: WordsPart, manifest: PackManifest) {
    const { id, hub, maxNewTokens } = model.manifest;
    this.foundation = { id, revision: hub.revision, dtypes: model.dtypes, device: model.device };
    this.maxNewTokens = maxNewTokens;
    this.#model = model;
    this.#words = words;
    this.#manifest = manifest;
  }

  async *explain(signal: AbortSignal, frame: Frame, request: DeepRequest): AsyncGenerator<AnalysisEvent> {
    const { runId, task, prompting } = request;
    const times: StageTimes = {};
    const faces = largestFirst(request.readings);
    const words = await readWords(signal, this.#words, this.#manifest, frame, request);
    if (words.lines !== null) yield { type: 'words', runId, lines: words.lines, times: { words: words.ms } };

    const options = taskOptions(this.#manifest, task, request.options);
    const wording = words.text ? (this.#words.textClassifier?.read(words.text, task, options) ?? null) : null;
    const body = promptBody(this.#manifest, { task, options: request.options, readings: faces, words: words.text, wording });
    const closeUps = this.#closeUps(frame, faces);
    const prompt = foundationPrompt({ task, options, body, prompting, closeUps: closeUps.length });
    const context: EvidenceContext = {
      readings: faces,
      lines: words.lines ?? [],
      words: words.text,
      actionUnits: this.#manifest.actionUnits,
      cueThreshold: this.#manifest.prompt.cueThreshold,
    };
    const telling = new Telling(runId, context);
    const question = { ...prompt, pictures: [frame, ...closeUps] };
    const budget = Math.min(request.maxNewTokens, this.maxNewTokens);
    const started = performance.now();

    let answer: Answer;
    if (prompting === 'plain' && this.#scores(options)) {
      // The colon is left out: options are scored behind at least one token.
      const text = await this.#model.ask(signal, { ...question, prefix: FOUNDATION_HEADS[3].slice(0, -1) });
      try {
        yield telling.prompt(prompt, text.promptTokens);
        answer = await this.#scored(signal, text, ':', options);
      } finally {
        text.dispose();
      }
      times.prefill = performance.now() - started;
      yield* telling.chosen(answer);
    } else {
      const head = prompting === 'plain' ? FOUNDATION_HEADS[3] : FOUNDATION_HEADS[0];
      const parser = new FoundationParser(this.#scores(options));
      const text = await this.#model.ask(signal, { ...question, prefix: head });
      try {
        yield telling.prompt(prompt, text.promptTokens);
        yield* telling.parsed(parser.push(head));
        yield* this.#written(signal, text, parser, budget, telling);
        yield* telling.parsed(parser.end());
        times.prefill = (telling.firstTokenAt ?? performance.now()) - started;
        times.decode = performance.now() - started - times.prefill;
        if (this.#scores(options)) {
          answer = await this.#scored(signal, text, parser.isAnswering ? '' : `\n${FOUNDATION_HEADS[3]}`, options);
        } else answer = { text: telling.answerText, distribution: [] };
      } finally {
        text.dispose();
      }
      if (this.#scores(options)) yield* telling.chosen(answer);
      else {
        answer = { text: await this.#settled(signal, question, telling.whole, answer.text, options), distribution: [] };
        if (telling.answerText === '') yield* telling.chosen(answer);
      }
    }
    yield { type: 'answer', runId, answer, times };
  }

  async sceneAffect(): Promise<{ valence: number; arousal: number }> {
    throw new EngineFailure(
      wireError(
        'model-not-ready',
        'What the whole picture makes people feel is read by the pack’s own language model, which is not loaded.',
        'Choose the pack’s own language model.',
      ),
    );
  }

  dispose(): Promise<void> {
    return this.#model.dispose();
  }

  #scores(options: readonly string[]): boolean {
    return options.length > 0 && this.#model.manifest.answers === 'scored';
  }

  /** The largest faces, upright, as many as the model takes pictures beside the whole one. */
  #closeUps(frame: Frame, faces: readonly Reading[]): Picture[] {
    const { most } = this.#model.manifest.pictures;
    return faces.slice(0, most - 1).map((face) => {
      const region = faceRegion(face.box, face.roll, CLOSE_UP_SCALE);
      const side = Math.max(1, Math.min(CLOSE_UP_PX, Math.round(region.width)));
      return sampleRegion(frame, region, side, side);
    });
  }

  /** Events while the model writes. */
  async *#written(
    signal: AbortSignal,
    text: Text,
    parser: FoundationParser,
    budget: number,
    telling: Telling,
  ): AsyncGenerator<AnalysisEvent> {
    const channel = new EventChannel<{ events: ParsedEvent[]; tokens: number }>();
    const left = new AbortController();
    const onText = (delta: string, tokens: number): boolean => {
      channel.push({ events: parser.push(delta), tokens });
      return parser.isOver;
    };
    const work = text
      .write(AbortSignal.any([signal, left.signal]), { maxNewTokens: budget, noRepeatNgram: NO_REPEAT_NGRAM, onText })
      .finally(() => channel.end());
    work.catch(() => {}); // told below, unless nobody listens any more
    try {
      for await (const { events, tokens } of channel.events()) {
        yield* telling.parsed(events);
        yield* telling.speed(tokens);
      }
      await work;
      yield* telling.lastSpeed();
    } finally {
      left.abort();
      await work.catch(() => {}); // the model must rest before its text is disposed
    }
  }

  async #scored(signal: AbortSignal, text: Text, head: string, options: readonly string[]): Promise<Answer> {
    const probabilities = await text.score(signal, head, options);
    const distribution = options.map((option, index) => ({ option, probability: probabilities[index] ?? 0 }));
    const best = distribution.reduce((top, entry) => (entry.probability > top.probability ? entry : top));
    return { text: best.option, distribution };
  }

  /** The answer that a text gives, strictly; else asked for once more; else none. */
  async #settled(
    signal: AbortSignal,
    question: { user: string; system: string; pictures: readonly Picture[] },
    whole: string,
    answer: string,
    options: readonly string[],
  ): Promise<string> {
    const isOpen = options.length === 0;
    const given = isOpen ? answer : optionIn(answer, options);
    if (given) return given;
    throwIfCancelled(signal);
    const again = isOpen
      ? { ...question, prefix: `${whole}\n${FOUNDATION_HEADS[3]}` }
      : { ...repairPrompt(options, whole), pictures: question.pictures.slice(0, 1), prefix: FOUNDATION_HEADS[3] };
    const text = await this.#model.ask(signal, again);
    let repaired = '';
    try {
      const onText = (delta: string): boolean => {
        repaired += delta;
        return repaired.trim() !== '' && repaired.includes('\n');
      };
      await text.write(signal, { maxNewTokens: ANSWER_TOKENS, noRepeatNgram: 0, onText });
    } finally {
      text.dispose();
    }
    const line = repaired.trim().split('\n', 1)[0]?.trim() ?? '';
    return (isOpen ? line : optionIn(line, options)) || NO_ANSWER;
  }
}

/** Turns what was parsed into the engine's events, and remembers what was told. */
class Telling {
  firstTokenAt: number | null = null;
  /** Of the answer's step. */
  answerText = '';
  /** All that was written, with its heads. */
  whole = '';
  #tokens = 0;
  #told = 0;
  readonly #runId: string;
  readonly #context: EvidenceContext;

  constructor(runId: string, context: EvidenceContext) {
    this.#runId = runId;
    this.#context = context;
  }

  prompt({ system, user }: { system: string; user: string }, promptTokens: number): AnalysisEvent {
    return { type: 'prompt', runId: this.#runId, text: `${system}\n\n${user}`, promptTokens };
  }

  *parsed(events: readonly ParsedEvent[]): Generator<AnalysisEvent> {
    const runId = this.#runId;
    for (const event of events) {
      switch (event.type) {
        case 'step':
          this.whole += `${this.whole === '' ? '' : '\n'}${FOUNDATION_HEADS[STEPS.indexOf(event.step)] ?? ''} `;
          yield { type: 'step', runId, step: event.step };
          break;
        case 'text':
          this.whole += event.delta;
          if (event.step === 'answer') this.answerText += event.delta;
          yield { type: 'text', runId, step: event.step, delta: event.delta };
          break;
        case 'step-end':
          yield { type: 'evidence', runId, step: event.step, evidence: findEvidence(event.text, this.#context) };
      }
    }
  }

  /** The answer's step, whole. */
  *chosen(answer: Answer): Generator<AnalysisEvent> {
    const { text } = answer;
    yield* this.parsed([
      { type: 'step', step: 'answer' },
      { type: 'text', step: 'answer', delta: text },
      { type: 'step-end', step: 'answer', text },
    ]);
  }

  *speed(tokens: number): Generator<AnalysisEvent> {
    this.firstTokenAt ??= performance.now();
    this.#tokens = tokens;
    if (tokens < this.#told + SPEED_EVERY) return;
    this.#told = tokens;
    yield* this.lastSpeed();
  }

  *lastSpeed(): Generator<AnalysisEvent> {
    if (this.firstTokenAt === null || this.#tokens < 2) return;
    const seconds = (performance.now() - this.firstTokenAt) / 1000;
    yield { type: 'decode-speed', runId: this.#runId, tokens: this.#tokens, tokensPerSecond: (this.#tokens - 1) / Math.max(seconds, 1e-6) };
  }
}
