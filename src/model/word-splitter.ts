/**
 * Puts back the spaces that a recogniser dropped: "WHENYOU" → "WHEN YOU". Knows a list of words by
 * rank, no grammar. Zipf's law makes a word's cost of its rank and dynamic programming finds the
 * cheapest cut, as in the PyPI package wordninja (MIT); unlike there, letters that are no word may
 * stay together, so that names survive.
 */

/** Letters that are no word cost as much as the rarest word and this much each: less than the rare words that a name could be cut into. */
const UNKNOWN_LETTER = 2.4;
/** A cut where a capital follows a small letter is likelier than others by this much. */
const CAMEL_BONUS = 3;
/** In a line that has its spaces, a cut is unlikelier by this much. */
const SPACED_PENALTY = 10;
/** Letters a run, on average, up to which a line has its spaces. */
const SPACED_RUN = 6;
/** Longest run of letters that is tried as one word, known or not. */
const MAX_WORD = 24;
/** Letters, with apostrophes between them. */
const RUN = /\p{L}+(?:['’]\p{L}+)*/gu;
/** "don't" costs what "don" does and this much. */
const CONTRACTION = 1;
const CONTRACTED = /^(.+?)n?'(?:t|s|re|ve|ll|d|m)$/;
/** A scream is one word. */
const SCREAM = /(\p{L})\1{3}/iu;
const ORDINALS = ['st', 'nd', 'rd', 'th'];
const DOMAINS = ['com', 'net', 'org', 'co', 'uk', 'de', 'gov', 'edu', 'io', 'tv', 'me'];

export class WordSplitter {
  readonly #costs = new Map<string, number>();
  readonly #unknown: number;

  /** `vocabulary`: a word a line, commonest first. */
  constructor(vocabulary: string) {
    const words = vocabulary.split(/\s+/).filter((word) => word !== '');
    const scale = Math.log(words.length + 1);
    for (const [rank, word] of words.entries()) {
      const key = plain(word);
      if (!this.#costs.has(key)) this.#costs.set(key, Math.log((rank + 1) * scale));
    }
    this.#unknown = Math.log(Math.max(1, words.length) * scale);
  }

  /** The text with spaces put in, between words and behind punctuation; nothing else of it changes. */
  split(text: string): string {
    const runs = text.match(RUN) ?? [];
    const spaced = runs.length > 1 && runs.join('').length <= SPACED_RUN * runs.length;
    return text
      .replace(RUN, (run: string, at: number) => {
        const words = this.#cut(run, spaced ? SPACED_PENALTY : 0);
        // "ARE1DAY" is three words, "21ST" and "MP3" are one.
        const first = plain(words[0] ?? '');
        const leading = /[\d%]$/.test(text.slice(0, at)) && this.#isWord(first) && !ORDINALS.includes(first) ? ' ' : '';
        const trailing = /^\d/.test(text.slice(at + run.length)) && this.#isWord(plain(words.at(-1) ?? '')) ? ' ' : '';
        return leading + words.join(' ') + trailing;
      })
      .replace(/(?<=\p{L}{2})([,;:!?]|\.{2,}|…)(?=\p{L}{2})/gu, '$1 ')
      .replace(/(\p{L}{2,})\.(?=(\p{L}{2,}))/gu, (all, before: string, after: string) =>
        this.#isWord(plain(before)) && this.#isWord(plain(after)) && !DOMAINS.includes(plain(after)) ? `${before}. ` : all,
      );
  }

  /** The cheapest cut of a run into words. */
  #cut(run: string, penalty: number): string[] {
    const letters = plain(run);
    if (SCREAM.test(run) || Number.isFinite(this.#knownCost(letters))) return [run];
    const best: { cost: number; start: number }[] = [{ cost: 0, start: 0 }];
    for (let end = 1; end <= run.length; end++) {
      let cheapest = { cost: Number.POSITIVE_INFINITY, start: 0 };
      for (let start = Math.max(0, end - MAX_WORD); start < end; start++) {
        const cutting = start === 0 ? 0 : penalty - (/\p{Ll}\p{Lu}/u.test(run.slice(start - 1, start + 1)) ? CAMEL_BONUS : 0);
        const cost = (best[start]?.cost ?? 0) + this.#cost(letters.slice(start, end)) + cutting;
        if (cost < cheapest.cost) cheapest = { cost, start };
      }
      best.push(cheapest);
    }
    const words: string[] = [];
    for (let end = run.length; end > 0; ) {
      const start = best[end]?.start ?? 0;
      words.unshift(run.slice(start, end));
      end = start;
    }
    return words;
  }

  #cost(word: string): number {
    return Math.min(this.#knownCost(word), this.#unknown + UNKNOWN_LETTER * word.length);
  }

  #knownCost(word: string): number {
    const known = this.#costs.get(word);
    if (known !== undefined) return known;
    if (!word.includes("'")) return Number.POSITIVE_INFINITY;
    // "isn't" is "is" with an ending, "don't" and "can't" are "don" and "can" to the list.
    const stems = [CONTRACTED.exec(word)?.[1], word.slice(0, word.indexOf("'"))];
    const contracted = CONTRACTED.test(word);
    const cost = Math.min(...stems.map((stem) => (contracted && stem ? this.#costs.get(stem) : undefined) ?? Number.POSITIVE_INFINITY));
    return cost + CONTRACTION;
  }

  #isWord(word: string): boolean {
    return word.length >= 2 && this.#costs.has(word);
  }
}

const plain = (word: string): string => word.toLowerCase().replaceAll('’', "'");
