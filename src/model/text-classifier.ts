/**
 * What the words on a picture lean to by themselves, and by which words: TF-IDF of words and pairs of
 * words, multinomial logistic regression. The pack's file and its form: training/text_classifier.py,
 * whose `read` is the twin of this one. Knows text, no pictures.
 */
import * as v from 'valibot';
import { wireError } from '../shared/errors.ts';
import { EngineFailure } from './graph.ts';

const file = v.object({
  format: v.literal(1),
  terms: v.array(v.string()),
  idf: v.array(v.number()),
  heads: v.array(
    v.object({ task: v.string(), options: v.array(v.string()), bias: v.array(v.number()), scale: v.number(), weights: v.string() }),
  ),
});

/** What a text leans to. */
export interface Wording {
  /** All options, the likeliest first; shares add up to one and treat the options as equally common. */
  shares: { option: string; share: number }[];
  /** Words that pull towards the likeliest option, the strongest first; few, or none. */
  terms: string[];
}

interface Head {
  task: string;
  options: string[];
  bias: number[];
  scale: number;
  /** [terms, options] */
  weights: Int8Array;
}

/** A word is named where it stands on one picture of twenty or fewer: "the" explains nothing. */
const NAMED_IDF = 4;
const MAX_TERMS = 2;
const WORD = /[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/gu;

export class TextClassifier {
  readonly #place: ReadonlyMap<string, number>;
  readonly #terms: readonly string[];
  readonly #idf: readonly number[];
  readonly #heads: readonly Head[];

  /** @param bytes the pack's file. @throws EngineFailure (`pack-corrupt`) where it is not of the form. */
  constructor(bytes: Uint8Array) {
    const parsed = parse(bytes);
    this.#terms = parsed.terms;
    this.#idf = parsed.idf;
    this.#place = new Map(parsed.terms.map((term, index) => [term, index]));
    this.#heads = parsed.heads.map((head) => ({ ...head, weights: int8(head.weights) }));
    const uneven =
      parsed.idf.length !== parsed.terms.length ||
      this.#heads.some((h) => h.bias.length !== h.options.length || h.weights.length !== h.options.length * parsed.terms.length);
    if (uneven) throw corrupt('sizes do not fit together');
  }

  /** Null where the task with these options was not learned, or no term of the text is known. */
  read(text: string, task: string, options: readonly string[]): Wording | null {
    const asked = options.join('\n');
    const head = this.#heads.find((entry) => entry.task === task && entry.options.join('\n') === asked);
    const counts = new Map<number, number>();
    for (const term of termsOf(text)) {
      const place = this.#place.get(term);
      if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    if (!head || counts.size === 0) return null;

    const found = [...counts].map(([place, count]) => ({ place, value: (1 + Math.log(count)) * (this.#idf[place] ?? 0) }));
    const length = Math.sqrt(found.reduce((sum, { value }) => sum + value * value, 0));
    const weight = (place: number, option: number): number => (head.weights[place * options.length + option] ?? 0) * head.scale;
    const logits = head.bias.map((bias, option) =>
      found.reduce((sum, { place, value }) => sum + (value / length) * weight(place, option), bias),
    );
    const largest = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp(logit - largest));
    const whole = powers.reduce((sum, power) => sum + power, 0);

    const top = logits.indexOf(largest);
    const pull = ({ place, value }: { place: number; value: number }): number => {
      const mean = options.reduce((sum, _, option) => sum + weight(place, option), 0) / options.length;
      return value * (weight(place, top) - mean);
    };
    return {
      shares: head.options.map((option, index) => ({ option, share: (powers[index] ?? 0) / whole })).toSorted((a, b) => b.share - a.share),
      terms: found
        .map((entry) => ({ term: this.#terms[entry.place] ?? '', idf: this.#idf[entry.place] ?? 0, pull: pull(entry) }))
        .filter(({ term, idf, pull }) => pull > 0 && idf >= NAMED_IDF && !term.includes(' '))
        .toSorted((a, b) => b.pull - a.pull)
        .slice(0, MAX_TERMS)
        .map(({ term }) => term),
    };
  }
}

/** Words, then pairs of neighbours. */
function termsOf(text: string): string[] {
  const words = text.toLowerCase().replaceAll('’', "'").match(WORD) ?? [];
  return [...words, ...words.slice(1).map((word, index) => `${words[index]} ${word}`)];
}

function parse(bytes: Uint8Array): v.InferOutput<typeof file> {
  try {
    return v.parse(file, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (error) {
    throw corrupt(error instanceof Error ? error.message : String(error));
  }
}

function int8(base64: string): Int8Array {
  try {
    return Int8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw corrupt('weights are not base64');
  }
}

const corrupt = (detail: string): EngineFailure =>
  new EngineFailure(
    wireError('pack-corrupt', 'The pack’s text classifier cannot be read.', 'Get the pack again from where it came, then reload.', detail),
  );
