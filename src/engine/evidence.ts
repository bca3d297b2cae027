/** Finds what a step's text points at: the chips of the reasoning. Pure; knows text and readings. */
import type { ActionUnitEntry } from '../model/manifest.ts';
import type { Evidence, Reading, TextLine } from '../shared/readings.ts';
import { claimsOf, wordFeatures } from './word-features.ts';

export interface EvidenceContext {
  /** In the prompt's order: "face 1" is the first. */
  readings: readonly Reading[];
  /** Lines read from the picture. */
  lines: readonly TextLine[];
  /** Words that the prompt named, from the picture or the user; empty or null where it named none. */
  words: string | null;
  actionUnits: readonly Pick<ActionUnitEntry, 'code' | 'cue'>[];
  /** Action units at or above this probability count as measured. */
  cueThreshold: number;
}

/**
 * Evidence in the order of kinds: action units (with the faces on which they were measured; none
 * where the text names what was not), how many faces and how the first is shown (and whether it is so), faces, words, what is said of the words (and whether it is so), and the scene where
 * the text speaks of the picture.
 */
export function findEvidence(text: string, context: EvidenceContext): Evidence[] {
  const said = text.replace(/["“][^"”]*["”]/g, '""'); // what it quotes is not what it says
  return [
    ...actionUnitsIn(said, context),
    ...shownIn(text, context.readings),
    ...facesIn(said, context.readings),
    ...wordsIn(text, context),
    ...claimsIn(said, context),
    ...sceneIn(said),
  ];
}

function actionUnitsIn(text: string, { readings, actionUnits, cueThreshold }: EvidenceContext): Evidence[] {
  const shownBy = new Map<string, Set<number>>();
  for (const clause of text.split(';')) {
    // "face 2: …" speaks of that face alone.
    const number = /^\s*face (\d+):/i.exec(clause)?.[1];
    const meant = number === undefined ? readings : readings.slice(Math.max(0, Number(number) - 1), Number(number));
    const lower = clause.toLowerCase();
    const codes = new Set(clause.match(/\bAU[0-9A-Z]{2}\b/g) ?? []); // a slip of the model ("AU2O") is a code that nobody measured
    for (const unit of actionUnits) if (lower.includes(unit.cue.toLowerCase())) codes.add(unit.code);
    for (const code of codes) {
      const faceIds = shownBy.get(code) ?? new Set<number>();
      for (const reading of meant) {
        const isMeasured = reading.actionUnits.some((unit) => unit.code === code && unit.probability >= cueThreshold);
        if (isMeasured) faceIds.add(reading.faceId);
      }
      shownBy.set(code, faceIds);
    }
  }
  return [...shownBy]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, faceIds]) => ({ kind: 'action-unit', code, faceIds: [...faceIds] }));
}

const COUNTS = ['no', 'one', 'two', 'three', 'four'];

/** "Two faces", "One face, close, dark": the start of Observe, up to the words that it quotes. */
function shownIn(text: string, readings: readonly Reading[]): Evidence[] {
  const said = /^(no|one|two|three|four|\d+) (faces?)\b([^"“.…]*)/i.exec(text.trim());
  if (!said) return [];
  const [, count = '', noun = '', rest = ''] = said;
  const faceIds = readings.map((reading) => reading.faceId);
  const counted = { kind: 'shown' as const, phrase: `${count} ${noun}`.toLowerCase(), holds: faceIds.length === countOf(count), faceIds };
  const traits = rest
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !/^(and the |no )?words$|^in the picture$/.test(part));
  const first = readings[0];
  return [
    counted,
    ...traits.map((phrase) => ({
      kind: 'shown' as const,
      phrase,
      holds: first?.traits.includes(phrase) ?? false,
      faceIds: faceIds.slice(0, 1),
    })),
  ];
}

function countOf(word: string): number {
  const index = COUNTS.indexOf(word.toLowerCase());
  return index >= 0 ? index : Number(word);
}

function facesIn(text: string, readings: readonly Reading[]): Evidence[] {
  const numbers = new Set([...text.matchAll(/\bface (\d+)\b/gi)].map((match) => Number(match[1])));
  return [...numbers].flatMap((number) => {
    const reading = readings[number - 1];
    return reading ? [{ kind: 'face' as const, faceId: reading.faceId }] : [];
  });
}

function wordsIn(text: string, { lines, words }: EvidenceContext): Evidence[] {
  if (!words) return [];
  const quotes = [...text.matchAll(/["“]([^"”]{2,})["”]/g)].map((match) => normalize(match[1] ?? '')).filter((quote) => quote !== '');
  const quoted = lines.flatMap((line, index) => {
    const plain = normalize(line.text);
    return plain !== '' && quotes.some((quote) => hasWords(quote, plain) || hasWords(plain, quote)) ? [index] : [];
  });
  if (quoted.length > 0) return [{ kind: 'words', lines: quoted }];
  const isQuoted = quotes.some((quote) => hasWords(normalize(words), quote));
  if (!isQuoted && !/\b(words?|wording|captions?|text|says)\b/i.test(text)) return [];
  return [{ kind: 'words', lines: lines.map((_, index) => index) }];
}

function claimsIn(text: string, { lines, words }: EvidenceContext): Evidence[] {
  const holding = words ? wordFeatures(words) : [];
  return claimsOf(text).map((phrase) => ({
    kind: 'claim',
    phrase,
    holds: holding.includes(phrase),
    lines: lines.map((_, index) => index),
  }));
}

function sceneIn(text: string): Evidence[] {
  return /\b(scene|picture|image|photo(graph)?|background|setting)\b/i.test(text) ? [{ kind: 'scene' }] : [];
}

/** Whether whole words of `text` are those of `part`, one after another; both normalised. */
const hasWords = (text: string, part: string): boolean => ` ${text} `.includes(` ${part} `);

const normalize = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
