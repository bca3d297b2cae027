/**
 * Checks what the built page makes a visitor fetch before any runtime or weights: `node scripts/check-size.mjs`.
 * Follows static imports alone; what is imported lazily arrives when it is needed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isMain, ROOT } from './house.mjs';

/** Gzipped bytes of script: what is needed only now and then comes when it is asked for (src/ui/lazy-part.tsx). */
const MAX_PAGE_SCRIPT = 240_000;
const MAX_WORKER_SCRIPT = 150_000;
/** Only transformers.js carries this; it comes with the language model and never before. */
const TRANSFORMERS_MARK = 'AutoTokenizer';
/** Only what foundation packs need says this; it comes when one is chosen. */
const FOUNDATION_MARK = 'Look before you judge';
/** Another language is fetched by those who read it. */
const GERMAN_MARK = 'Kamera starten';
const ORT_FILES = ['ort-wasm-simd-threaded', 'ort-wasm-simd-threaded.asyncify'].flatMap((name) => [`${name}.mjs`, `${name}.wasm`]);

/**
 * A script and all that it imports statically.
 * @param {string} assets folder
 * @param {string} entry file name
 */
export function staticClosure(assets, entry) {
  const found = new Set([entry]);
  for (const name of found) {
    const code = readFileSync(join(assets, name), 'utf8');
    for (const [, path = ''] of code.matchAll(/(?:^|[;\n}])\s*(?:import|export)\s*(?:[\w$*{}\s,]*?from\s*)?["']\.\/([^"']+\.js)["']/g))
      found.add(basename(path));
  }
  return [...found];
}

/**
 * What every visitor fetches before the page is seen: the entry, and the page itself, which the entry asks for once the language is known.
 * @param {string} dist the built page
 * @returns {string[]} file names under assets/; none where the page cannot be found
 */
export function pageScripts(dist) {
  const assets = join(dist, 'assets');
  const entry = /<script[^>]+src="[^"]*assets\/([^"]+\.js)"/.exec(readFileSync(join(dist, 'index.html'), 'utf8'))?.[1];
  const pages = readdirSync(assets).filter((name) => /^main-[\w-]+\.js$/.test(name));
  if (entry === undefined || pages.length !== 1) return [];
  return [...new Set([entry, ...pages].flatMap((from) => staticClosure(assets, from)))];
}

/** @param {string} assets @param {string[]} names */
const gzipped = (assets, names) => names.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0);

/**
 * @param {string} dist the built page
 * @returns {string[]} faults
 */
export function checkSize(dist) {
  const faults = [];
  const assets = join(dist, 'assets');
  const page = pageScripts(dist);
  if (page.length === 0) return ['index.html names no script, or that script no page'];

  /** @param {string} what @param {string[]} names @param {number} limit */
  const check = (what, names, limit) => {
    const bytes = gzipped(assets, names);
    console.log(`${what}: ${(bytes / 1000).toFixed(1)} kB gzipped of at most ${limit / 1000} in ${names.length} files`);
    if (bytes > limit) faults.push(`${what} has ${bytes} bytes gzipped, more than ${limit}: ${names.join(', ')}`);
    const heavy = names.filter((name) => readFileSync(join(assets, name), 'utf8').includes(TRANSFORMERS_MARK));
    if (heavy.length > 0) faults.push(`${what} carries transformers.js from the start: ${heavy.join(', ')}`);
    const foundation = names.filter((name) => readFileSync(join(assets, name), 'utf8').includes(FOUNDATION_MARK));
    if (foundation.length > 0) faults.push(`${what} carries foundation packs from the start: ${foundation.join(', ')}`);
    const german = names.filter((name) => readFileSync(join(assets, name), 'utf8').includes(GERMAN_MARK));
    if (german.length > 0) faults.push(`${what} carries the German catalogue from the start: ${german.join(', ')}`);
  };
  check('page script', page, MAX_PAGE_SCRIPT);
  const workers = readdirSync(assets).filter((name) => /^worker-[\w-]+\.js$/.test(name));
  if (workers.length !== 1) faults.push(`one worker script is expected, found ${workers.length}: ${workers.join(', ')}`);
  for (const name of workers) check('worker script', staticClosure(assets, name), MAX_WORKER_SCRIPT);

  for (const name of ORT_FILES) if (!existsSync(join(dist, 'ort', name))) faults.push(`ort/${name} is missing`);
  const inlined = readdirSync(assets).filter((name) => name.endsWith('.wasm'));
  if (inlined.length > 0) faults.push(`onnxruntime's wasm lies in assets/ as well: ${inlined.join(', ')}`);
  return faults;
}

if (isMain(import.meta.url)) {
  const faults = checkSize(join(ROOT, 'dist'));
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
