/**
 * How the page's script is cut into files. The bundler's own way is a file for each set of parts that share a module: many small ones,
 * which pack worse than the same script in a few.
 */
import { join } from 'node:path';
import { ROOT } from './house.mjs';

/** @typedef {{ getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null }} Modules */

const START = 'start.ts';
const PAGE = 'main.tsx';
/** Entries of pages beside the page. */
const OTHERS = ['evaluate.ts', 'self-test.ts'];

/** @param {string} name of src/ui @returns {string} */
const entry = (name) => join(ROOT, 'src/ui', name).replaceAll('\\', '/');

/**
 * A module and all that it imports statically.
 * @param {Modules} modules
 * @param {string} from
 */
function closure(modules, from) {
  const found = new Set([from]);
  for (const id of found) for (const imported of modules.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  return found;
}

/**
 * The file that a module goes into: `first` is there before the language is known, `shared` serves the other pages too, `page` is the
 * rest of what every visitor fetches. Null: the bundler decides; so for entries, for what they do is for nobody else who needs what they import.
 * @param {string} id
 * @param {Modules} modules
 */
export function pageChunk(id, modules) {
  const of = (/** @type {string} */ name) => id !== entry(name) && closure(modules, entry(name)).has(id);
  if (of(START)) return 'first';
  if (!of(PAGE)) return null;
  return OTHERS.some(of) ? 'shared' : 'page';
}

/** For `output.codeSplitting`: the earlier one takes its modules with all that they import. */
export const PAGE_CHUNKS = ['first', 'shared', 'page'].map((name, index) => ({
  name: (/** @type {string} */ id, /** @type {Modules} */ modules) => (pageChunk(id, modules) === name ? name : null),
  priority: 3 - index,
}));
