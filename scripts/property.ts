/**
 * What holds for whatever comes: properties, and input that has been tampered with. The unit tests try each a few times from a fixed seed;
 * `npm run fuzz` (fuzz.mjs) tries the same ones for minutes from random seeds. What it finds is kept in a property's `cases`.
 */
import { appendFileSync } from 'node:fs';
import fc from 'fast-check';
import { it } from 'vitest';

/** Of one property; none: the unit tests run. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 0);
const REPORT = process.env.FUZZ_REPORT ?? '';
const SEED = 20_261_126;

/** A line of the fuzz run's report. */
export interface FuzzLine {
  property: string;
  runs: number;
  /** Null where it held. */
  finding: { seed: number; path: string | null; counterexample: string; error: string } | null;
}

interface PropertyOptions<Values> {
  /** Of a unit test. */
  runs?: number;
  /** Tried first, each time: what was found once. */
  cases?: Values[];
}

/** A test that the property holds. */
export function holds<Values extends [unknown, ...unknown[]]>(
  name: string,
  arbitraries: { [K in keyof Values]: fc.Arbitrary<Values[K]> },
  check: (...values: Values) => void | Promise<void>,
  { runs = 100, cases = [] }: PropertyOptions<Values> = {},
): void {
  const property = fc.asyncProperty<Values>(...arbitraries, async (...values) => {
    await check(...values);
  });
  if (SECONDS === 0) {
    it(name, () => fc.assert(property, { seed: SEED, numRuns: runs, examples: cases }));
    return;
  }
  const patience = SECONDS * 2000 + 60_000;
  it(
    name,
    async ({ task }) => {
      const details = await fc.check(property, {
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: SECONDS * 1000,
        examples: cases,
      });
      const { seed, counterexamplePath: path, counterexample, errorInstance } = details;
      const finding = details.failed
        ? { seed, path, counterexample: fc.stringify(counterexample).slice(0, 4000), error: String(errorInstance).slice(0, 2000) }
        : null;
      const line: FuzzLine = { property: `${task.file.name}: ${name}`, runs: details.numRuns, finding };
      if (REPORT !== '') appendFileSync(REPORT, `${JSON.stringify(line)}\n`);
    },
    patience,
  );
}

/** Values that programs stumble over. */
const NASTY: readonly unknown[] = [
  ...[null, true, 0, -0, -1, 0.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 53, 1e21],
  ...[
    '',
    'x'.repeat(5000),
    '../../etc/passwd',
    '__proto__',
    'constructor',
    '<img src=x onerror=alert(1)>',
    '\u0000',
    '\u202e',
    '=1+1',
    'NaN',
  ],
  ...[[], {}, [[[[]]]], { length: 1e9 }, { toString: null }],
];
const nasty = fc.oneof(fc.constantFrom(...NASTY), fc.jsonValue({ maxDepth: 3 }));

/** A JSON value with one to three of its parts replaced, removed or added. */
export function tampered(original: unknown): fc.Arbitrary<unknown> {
  const change = fc.record({ at: fc.nat(), how: fc.constantFrom('replace', 'remove', 'add', 'repeat'), value: nasty, key: fc.string() });
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    let text = JSON.stringify(original);
    for (const { at, how, value, key } of changes) {
      const copy: unknown = JSON.parse(text);
      const places = placesOf(copy);
      const place = places[at % places.length];
      if (!place) return value;
      const { holder, name } = place;
      if (how === 'replace') set(holder, name, value);
      else if (how === 'remove') remove(holder, name);
      else if (how === 'add') set(holder, Array.isArray(holder) ? holder.length : key, value);
      else
        set(
          holder,
          name,
          Array.from({ length: 5 }, () => get(holder, name)),
        );
      text = JSON.stringify(copy);
    }
    return JSON.parse(text) as unknown;
  });
}

type Holder = Record<string, unknown> | unknown[];

/** Every part of a value, by what holds it. */
function placesOf(value: unknown): { holder: Holder; name: string | number }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Holder;
  const own = Array.isArray(holder) ? [...holder.keys()] : Object.keys(holder);
  return own.flatMap((name) => [{ holder, name }, ...placesOf(get(holder, name))]);
}

const get = (holder: Holder, name: string | number): unknown => (holder as Record<string | number, unknown>)[name];

function set(holder: Holder, name: string | number, value: unknown): void {
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
}

function remove(holder: Holder, name: string | number): void {
  if (Array.isArray(holder)) holder.splice(Number(name), 1);
  else delete holder[name];
}

/** Bytes with some flipped, inserted, cut out or repeated, as a bad disk or an enemy leaves them. */
export function damaged(original: Uint8Array): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const change = fc.record({
    // Not fc.double, most of whose numbers are next to 0: nothing but the first byte would ever be touched.
    at: fc.integer({ min: 0, max: 1e6 }).map((millionth) => millionth / 1e6),
    how: fc.constantFrom('set', 'set', 'set', 'number', 'insert', 'cut', 'repeat', 'end'),
    byte: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
    length: fc.nat(64),
  });
  return fc.array(change, { minLength: 1, maxLength: 8 }).map((changes) => {
    let bytes = new Uint8Array(original);
    for (const { at: share, how, byte, length } of changes) {
      // Headers stand at the beginning and at the end.
      const at = Math.floor((share < 0.4 ? share / 20 : share > 0.9 ? 1 - (1 - share) / 20 : share) * bytes.length);
      const [before, rest] = [bytes.subarray(0, at), bytes.subarray(at)];
      if (how === 'set') bytes[at] = byte;
      else if (how === 'number') bytes.fill(byte, at, at + 4);
      else if (how === 'insert') bytes = Uint8Array.from([...before, ...new Uint8Array(length).fill(byte), ...rest]);
      else if (how === 'cut') bytes = Uint8Array.from([...before, ...rest.subarray(length)]);
      else if (how === 'repeat') bytes = Uint8Array.from([...before, ...rest.subarray(0, length), ...rest]);
      else bytes = bytes.slice(0, at);
    }
    return bytes;
  });
}
