/** Words that the user gives in place of those on the picture: how many, and with what typing begins. Pure. */
import type { Explanation } from './analysis-state.ts';

/** As long as typed words may be. The worst text of this length is some 1,200 tokens: with all the rest it fits the language model. */
export const MAX_CHARACTERS = 400;

/** What the last explanation that was told words was told, a line each, so that a misread word can be corrected; empty where there is none. */
export function wordsToCorrect(explanations: readonly Pick<Explanation, 'words' | 'wordsGiven'>[]): string {
  const last = explanations.findLast(({ words, wordsGiven }) => wordsGiven !== undefined || words !== null);
  return (last?.wordsGiven ?? last?.words?.map((line) => line.text).join('\n') ?? '').slice(0, MAX_CHARACTERS);
}

export function wordCount(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}
