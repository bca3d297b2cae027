/**
 * A model's text → the steps of EmoPrompt, while it is written. Tolerant: heads in any case, with markdown about them, on one line or on
 * four, some of them missing. Knows text alone.
 */
import { STEPS, type Step } from '../shared/labels.ts';

export type ParsedEvent =
  | { type: 'step'; step: Step }
  | { type: 'text'; step: Step; delta: string }
  | { type: 'step-end'; step: Step; text: string };

const NAMES: Record<string, Step> = {
  observe: 'observe',
  observation: 'observe',
  observations: 'observe',
  cue: 'cues',
  cues: 'cues',
  reason: 'reason',
  reasoning: 'reason',
  reasons: 'reason',
  answer: 'answer',
};
const NAME = Object.keys(NAMES)
  .toSorted((a, b) => b.length - a.length)
  .join('|');
/** Markdown that may stand about a head: list marks, numbers, headings, bold. */
const MARKS = String.raw`[\s*_#>\-]{0,12}(?:\d{1,2}[.)]\s{0,4})?[\s*_#>\-]{0,12}`;
const MAYBE_MARKS = String.raw`[\s*_#>\-]{0,12}(?:\d{1,2}[.)]?\s{0,4})?[\s*_#>\-]{0,12}`;
/** A head begins the text, a line, or follows the end of a sentence: "for that reason:" inside of one is none. */
const BORDER = String.raw`\n|[.!?…"”)\]*]`;
const head = (border: string) =>
  new RegExp(String.raw`(${border})(${MARKS})(?:final\s{1,4})?(${NAME})(\s{0,4}[*_]{0,4}\s{0,4}:[*_]{0,4})`, 'i');
/** The end of what came so far that may become a head with what is still to come. */
const maybe = (border: string) =>
  new RegExp(String.raw`(?:${border})${MAYBE_MARKS}(?:[a-z]{0,12})(?:\s{1,4}[a-z]{0,12})?\s{0,4}[*_]{0,4}\s{0,4}$`, 'i');
/** Nothing was told since the text or its step began; or something was, so that what waits is no beginning. */
const FIRST = { head: head(`^|${BORDER}`), maybe: maybe(`^|${BORDER}`) };
const LATER = { head: head(BORDER), maybe: maybe(BORDER) };

export class FoundationParser {
  readonly #stopAtAnswer: boolean;
  #step: Step | null = null;
  /** Of the step at hand, as told. */
  #text = '';
  #waiting = '';
  #look = FIRST;
  #isOver = false;

  /** @param stopAtAnswer the answer is not read from the text: it is over at the answer's head. */
  constructor(stopAtAnswer: boolean) {
    this.#stopAtAnswer = stopAtAnswer;
  }

  /** Nothing that follows counts: the answer's head or its line is there, or the text has begun to repeat its steps. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the answer's head has come. */
  get isAnswering(): boolean {
    return this.#step === 'answer';
  }

  push(delta: string): ParsedEvent[] {
    if (this.#isOver) return [];
    this.#waiting += delta;
    const events: ParsedEvent[] = [];
    for (let found = this.#look.head.exec(this.#waiting); found && !this.#isOver; found = this.#look.head.exec(this.#waiting)) {
      const [whole, before = '', , name = ''] = found;
      const step = NAMES[name.toLowerCase()];
      this.#tell(this.#waiting.slice(0, found.index) + before.trim(), events);
      this.#waiting = this.#waiting.slice(found.index + whole.length);
      this.#look = FIRST;
      if (step === undefined || (this.#step !== null && STEPS.indexOf(step) <= STEPS.indexOf(this.#step))) this.#isOver = true;
      else this.#begin(step, events);
    }
    if (this.#isOver) return events;
    const held = this.#look.maybe.exec(this.#waiting)?.index ?? this.#waiting.length;
    this.#tell(this.#waiting.slice(0, held), events);
    if (held > 0) this.#look = LATER;
    this.#waiting = this.#waiting.slice(held);
    return events;
  }

  /** The text has ended. */
  end(): ParsedEvent[] {
    const events: ParsedEvent[] = [];
    if (!this.#isOver) this.#tell(this.#waiting, events);
    this.#waiting = '';
    this.#isOver = true;
    this.#close(events);
    return events;
  }

  #begin(step: Step, events: ParsedEvent[]): void {
    this.#close(events);
    this.#step = step;
    if (step === 'answer' && this.#stopAtAnswer) {
      this.#isOver = true;
      return; // who stops here tells the answer
    }
    events.push({ type: 'step', step });
  }

  #close(events: ParsedEvent[]): void {
    if (this.#step === null || (this.#step === 'answer' && this.#stopAtAnswer)) return;
    events.push({ type: 'step-end', step: this.#step, text: this.#text.trimEnd() });
    this.#text = '';
    this.#step = null;
  }

  #tell(text: string, events: ParsedEvent[]): void {
    const plain = text.replaceAll(/[*_#`]+/g, '');
    let delta = this.#text === '' ? plain.trimStart() : plain;
    if (delta === '') return;
    if (this.#step === null) this.#begin('observe', events); // it begins without a head
    const step = this.#step ?? 'observe';
    if (step === 'answer') {
      const end = delta.indexOf('\n');
      if (end >= 0) {
        delta = delta.slice(0, end);
        this.#isOver = true;
      }
    }
    delta = delta.replaceAll(/\s*\n\s*/g, ' ');
    if (delta === '') return;
    this.#text += delta;
    events.push({ type: 'text', step, delta });
  }
}

/** The one option that an answer's text is, or that it alone names; null where it names none or several. */
export function optionIn(text: string, options: readonly string[]): string | null {
  const plain = normalize(text);
  const exact = options.find((option) => normalize(option) === plain);
  if (exact !== undefined) return exact;
  const named = options.filter((option) => ` ${plain} `.includes(` ${normalize(option)} `));
  const denials = DENIALS.filter((word) => !options.includes(word));
  // "not happy" is not the option "happy"; nor does a sentence that weighs two choose one.
  return named.length === 1 && !plain.split(' ').some((word) => denials.includes(word)) ? (named[0] ?? null) : null;
}

const DENIALS = ['not', 'no', 'neither', 'nor', 'never', 'hardly'];

const normalize = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}-]+/gu, ' ')
    .trim();
