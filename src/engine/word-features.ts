/**
 * What can be seen in a caption without understanding it: the phrases that the language model says of the words ("the text
 * swears"), each with the check that makes it true. The twin of `word_features` in training/emoprompt.py, whose phrases it was taught;
 * the pack's goldens hold the two together.
 */

const PROFANE = /\b(fuck\w*|shit\w*|bitch\w*|ass|asshole|damn|hell|dick|wtf|crap|piss\w*|whore|slut)\b/i;
const GROUP =
  /\b(women|woman|men|girls|black|white|asian|mexican\w*|muslim\w*|jew\w*|gay\w*|immigrants?|feminis\w*|christian\w*|liberals?|republicans?|democrats?)\b/i;

const FEATURES: readonly (readonly [phrase: string, holds: (words: string) => boolean])[] = [
  ['swears', (words) => PROFANE.test(words)],
  ['names a group of people', (words) => GROUP.test(words)],
  ['asks a question', (words) => words.includes('?')],
  ['uses words of praise', (words) => /\b(love|best|great|good|happy|nice|thank\w*|lovely|awesome)\b/i.test(words)],
  ['sets up a situation', (words) => /\b(when|that moment)\b/i.test(words)],
  ['addresses the reader', (words) => /\b(you|your|you're)\b/i.test(words)],
  ['speaks in the first person', (words) => /\b(i|me|my|i'm|im)\b/i.test(words)],
  ['takes a turn', (words) => /\b(but|not|no|never|don't|can't|isn't)\b/i.test(words)],
  ['exclaims', (words) => words.includes('!')],
  ['is short', (words) => wordCount(words) <= 6],
  ['tells a little story', (words) => wordCount(words) >= 18],
];
const PLAIN = 'keeps to plain words';

const wordCount = (words: string): number => words.split(/\s+/).filter((word) => word !== '').length;

/** Phrases that are true of the words on a picture, most telling first; never none. */
export function wordFeatures(words: string): string[] {
  // `\b` and `\w` know ASCII letters only, Python's know all: "menú" is not "men". A letter beyond ASCII counts as some other letter.
  const plain = words.replace(/(?!\w)[\p{L}\p{N}]/gu, 'q');
  const found = FEATURES.filter(([, holds]) => holds(plain)).map(([phrase]) => phrase);
  return found.length > 0 ? found : [PLAIN];
}

/** The phrases that a step says of the text ("… the text swears and asks a question"), in their order there. */
export function claimsOf(step: string): string[] {
  const said = [...step.matchAll(/\bthe text ([^;.…]+)/gi)].map((match) => match[1] ?? '');
  const phrases = [...FEATURES.map(([phrase]) => phrase), PLAIN];
  const places = said.flatMap((clause, index) =>
    phrases.map((phrase) => ({ phrase, index, at: clause.toLowerCase().indexOf(phrase) })).filter(({ at }) => at >= 0),
  );
  return [...new Set(places.toSorted((a, b) => a.index - b.index || a.at - b.at).map(({ phrase }) => phrase))];
}
