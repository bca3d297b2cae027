/** Brings the page into a language. English is there from the start; another one is fetched when it is first spoken. */
import { currentLanguage, type Language, setLanguage } from './language.ts';
import { messages } from './messages.ts';
import { type Phrases, setPhrases } from './phrases.ts';

type Tree = { [key: string]: unknown };
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The branches are copies, the leaves the same. */
export function copyTree(tree: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, isTree(value) ? copyTree(value) : value]));
}

/** Gives every leaf of `target` its translation, or its original where there is none. In place: modules hold branches of it. */
export function fillTree(target: Tree, original: Tree, translation: Tree): void {
  for (const [key, value] of Object.entries(original)) {
    const branch = target[key];
    const translated = translation[key];
    if (isTree(value) && isTree(branch)) fillTree(branch, value, isTree(translated) ? translated : {});
    else target[key] = translated ?? value;
  }
}

const english = copyTree(messages);

async function catalogue(language: Language): Promise<{ strings: Tree; phrases: Phrases }> {
  if (language === 'en') return { strings: {}, phrases: {} };
  const [{ german }, { germanPhrases }] = await Promise.all([import('./messages-de.ts'), import('./phrases-de.ts')]);
  return { strings: german, phrases: germanPhrases };
}

/** All strings of the page in that language; in English still, where its catalogue cannot be fetched. Gives the language that is spoken. */
export async function speak(language: Language): Promise<Language> {
  try {
    const { strings, phrases } = await catalogue(language);
    fillTree(messages, english, strings);
    setPhrases(phrases);
    setLanguage(language);
  } catch {
    // A page that was half fetched still works in the language that it speaks.
  }
  document.documentElement.lang = currentLanguage();
  return currentLanguage();
}
