/**
 * Sentences that come in English from elsewhere (errors and notes of the worker, the media, the engine) in the language of the page.
 * A phrase may have places, numbered in the order in which the English fills them: `The pack’s file {0} is not there.`
 */

/** English → another language. */
export type Phrases = Readonly<Record<string, string>>;

const PLACE = /\{(\d)\}/g;

/** Translates a sentence; one that the phrases do not have stays as it is. What fills a place is looked up, too. */
export function translator(phrases: Phrases): (text: string) => string {
  const patterns = Object.entries(phrases).flatMap(([english, other]) => {
    if (english.search(PLACE) < 0) return [];
    const literals = english.split(/\{\d\}/).map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    return [{ pattern: new RegExp(`^${literals.join('([\\s\\S]*?)')}$`), other }];
  });
  const translate = (text: string): string => {
    const whole = phrases[text];
    if (whole !== undefined) return whole;
    for (const { pattern, other } of patterns) {
      const found = pattern.exec(text);
      if (found) return other.replaceAll(PLACE, (_place, index: string) => translate(found[Number(index) + 1] ?? ''));
    }
    // A sentence about one of many files comes after the file's name.
    const colon = text.indexOf(': ');
    return colon < 0 ? text : `${text.slice(0, colon + 2)}${translate(text.slice(colon + 2))}`;
  };
  return translate;
}

let inPageLanguage = (text: string): string => text;

/** For `speak` alone. */
export function setPhrases(phrases: Phrases): void {
  inPageLanguage = translator(phrases);
}

/** A sentence from elsewhere, as the page says it. */
export const said = (text: string): string => inPageLanguage(text);
