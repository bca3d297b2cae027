/** The languages of the page, and which of them is spoken. Knows no strings. */

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];
/** `auto`: as the browser is set. */
export type LanguageChoice = 'auto' | Language;

export function languageChoice(value: unknown): LanguageChoice | null {
  return value === 'auto' || value === 'en' || value === 'de' ? value : null;
}

/** `?lang=de`: what the address asks for; it wins over what was set, for this visit. Null where it asks for nothing that there is. */
export function languageInAddress(search: string): LanguageChoice | null {
  return languageChoice(new URLSearchParams(search).get('lang'));
}

const baseOf = (tag: string): string => tag.toLowerCase().split('-', 1)[0] ?? '';

/** @param wanted BCP 47 tags, the dearest first (`navigator.languages`). English where none of them is ours. */
export function chooseLanguage(choice: LanguageChoice, wanted: readonly string[]): Language {
  if (choice !== 'auto') return choice;
  for (const tag of wanted) {
    const language = LANGUAGES.find((each) => each === baseOf(tag));
    if (language) return language;
  }
  return 'en';
}

/** The user's own variant of a language (`en-GB`), by which dates are written; the language itself where there is none. */
export function localeOf(language: Language, wanted: readonly string[]): string {
  return wanted.find((tag) => baseOf(tag) === language) ?? language;
}

let spoken: Language = 'en';

export const currentLanguage = (): Language => spoken;
export const currentLocale = (): string => localeOf(spoken, navigator.languages);

/** For `speak` alone: the strings must be of the same language. */
export function setLanguage(language: Language): void {
  spoken = language;
}
