import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { translator } from './phrases.ts';
import { germanPhrases } from './phrases-de.ts';

test('a sentence is translated whole, with what fills its places, or left as it is', () => {
  const say = translator({
    'Stopped.': 'Angehalten.',
    'The file {0} is not there.': 'Die Datei {0} fehlt.',
    'line {0}: {1}': 'Zeile {0}: {1}',
    'the label is empty.': 'die Bezeichnung ist leer.',
    'Is {0} (really)?': 'Wirklich {0}?',
  });
  expect(say('Stopped.')).toBe('Angehalten.');
  expect(say('The file a.$&.onnx is not there.')).toBe('Die Datei a.$&.onnx fehlt.');
  expect(say('line 3: the label is empty.')).toBe('Zeile 3: die Bezeichnung ist leer.');
  expect(say('Is it (really)?')).toBe('Wirklich it?');
  expect(say('Something new.')).toBe('Something new.');
  expect(say('a: b.png: Stopped.')).toBe('a: b.png: Angehalten.');
});

const ROOT = join(import.meta.dirname, '..');
/** What the page's threads run. */
const ROOMS = ['shared', 'model', 'engine', 'media', 'export', 'workers', 'ui'];

interface Place {
  where: string;
  /** The source of an argument. */
  code: string;
}

/** The arguments of every call of a function in a source, as they are written. */
function callsOf(name: string, source: string, where: string): Place[][] {
  return [...source.matchAll(new RegExp(`(?<!\\w)(?<!function )${name}\\(`, 'g'))].map((match) => {
    const args = argumentsAt(source, match.index + match[0].length);
    const line = source.slice(0, match.index).split('\n').length;
    return args.map((code) => ({ where: `${where}:${line}`, code }));
  });
}

/** Splits at the commas that lie in no bracket and no string. */
function argumentsAt(source: string, from: number): string[] {
  const args: string[] = [];
  let depth = 0;
  let quote = '';
  let start = from;
  for (let i = from; i < source.length; i += 1) {
    const character = source[i] ?? '';
    if (quote !== '') {
      if (character === '\\') i += 1;
      else if (character === quote) quote = '';
    } else if (/['"`]/.test(character)) quote = character;
    else if (/[([{]/.test(character)) depth += 1;
    else if (/[)\]}]/.test(character)) {
      if (depth === 0) {
        args.push(source.slice(start, i));
        return args.map((each) => each.trim()).filter((each) => each !== '');
      }
      depth -= 1;
    } else if (character === ',' && depth === 0) {
      args.push(source.slice(start, i));
      start = i + 1;
    }
  }
  throw new Error('a call that does not end');
}

/** The strings of an expression: a literal, a template (its places numbered), either of a choice, or a constant of the same file. */
function sentences(code: string, source: string): string[] | null {
  const literal = /^(['"])((?:\\.|(?!\1).)*)\1$/s.exec(code);
  if (literal) return [(literal[2] ?? '').replaceAll(/\\(.)/g, '$1')];
  if (/^`[^`]*`$/s.test(code)) {
    let places = 0;
    return [code.slice(1, -1).replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, () => `{${places++}}`)];
  }
  const choice = /\?\s*((?:'[^']*'|`[^`]*`))\s*:\s*((?:'[^']*'|`[^`]*`))$/s.exec(code);
  if (choice) return [...(sentences(choice[1] ?? '', source) ?? []), ...(sentences(choice[2] ?? '', source) ?? [])];
  if (/^[A-Za-z_]\w*$/.test(code)) {
    const set = [...source.matchAll(new RegExp(`(?:const|let) ${code}(?:: string)? =\\s*([^;]*);`, 'g'))].map(([, value = '']) =>
      value.trim(),
    );
    const found = set.map((value) => sentences(value, source));
    return found.length > 0 && found.every((each) => each !== null) ? found.flat() : null;
  }
  return null;
}

/** What is no sentence of its own: it comes from the catalogue, from another error, or from an argument that is checked where it is given. */
const ELSEWHERE = /^(messages|said|text|say|words)\.|\.(message|remedy)$/;

function sources(): { where: string; source: string }[] {
  return ROOMS.flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file) && !/\.(test|fixture)\.tsx?$/.test(file))
      .map((file) => ({ where: `${room}/${file}`, source: readFileSync(join(ROOT, room, file), 'utf8') })),
  );
}

/** Calls whose arguments, by their places, are shown to the user; `where`: in that file alone. */
const SAYING: { name: string; places: number[]; where?: string }[] = [
  { name: 'wireError', places: [1, 2] },
  { name: 'runtimeFailure', places: [1] },
  { name: '#notReady', places: [0], where: 'engine/engine.ts' },
  { name: 'invalid', places: [1] },
  { name: 'notes\\.push', places: [0] },
];
/** A method's own head is no call of it. */
const PARAMETER = /^\w+: \w+$/;
/** A note that is no call's argument. */
const NOTE = /\bnotes\b[^;\n]*\[(`[^`]*`|'[^']*')\]/g;
/** Arguments that are given by one of those calls, or come from the catalogue. */
const PASSED_ON = new Set([
  'model/graph.ts message',
  'model/manifest.ts remedy', // manifest-format.ts says it, too
  "model/parity.ts notes[0] ?? ''", // graph.ts says it
  'engine/engine.ts message',
  'shared/labels-csv.ts what',
  'ui/app.tsx message',
  'ui/app.tsx remedy',
  'ui/evaluation-guess.ts message',
]);

/** Every sentence that those calls say, with where; and the arguments that this test cannot read. */
function spoken() {
  const said: { where: string; sentence: string }[] = [];
  const unread: string[] = [];
  for (const { where, source } of sources()) {
    for (const [, code = ''] of source.matchAll(NOTE))
      said.push(...(sentences(code, source) ?? []).map((sentence) => ({ where, sentence })));
    for (const { name, places } of SAYING.filter((each) => (each.where ?? where) === where)) {
      for (const args of callsOf(name, source, where)) {
        for (const [place, { where: line, code }] of args.entries()) {
          // What is spread comes from the catalogue; nothing after it is a sentence.
          if (code.startsWith('...')) break;
          if (!places.includes(place) || code === "''" || ELSEWHERE.test(code) || PARAMETER.test(code) || PASSED_ON.has(`${where} ${code}`))
            continue;
          const found = sentences(code, source);
          if (found === null) unread.push(`${line} ${code}`);
          for (const sentence of found ?? []) said.push({ where: line, sentence });
        }
      }
    }
  }
  return { said, unread };
}

test('every error and note from elsewhere has its words in German', () => {
  const { said, unread } = spoken();
  expect(said.length, 'the sources were found').toBeGreaterThan(100);
  expect(said.filter(({ sentence }) => !(sentence in germanPhrases)).map(({ where, sentence }) => `${where} ${sentence}`)).toEqual([]);
  expect(unread, 'words that this test cannot read').toEqual([]);
});

test('the German words fill the same places, and are of sentences that are still said', () => {
  const places = (text: string) => [...new Set(text.match(/\{\d\}/g) ?? [])].sort().join();
  for (const [english, german] of Object.entries(germanPhrases)) expect(places(german), english).toBe(places(english));
  const { said } = spoken();
  const still = new Set(said.map(({ sentence }) => sentence));
  expect(Object.keys(germanPhrases).filter((english) => !still.has(english))).toEqual([]);
});
