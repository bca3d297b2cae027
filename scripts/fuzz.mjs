/**
 * `npm run fuzz -- --minutes 10 [--only PART]`: the properties of the unit tests (src/**\/*.properties.test.ts) from random seeds, each for its
 * share of the time, one after another in one process. Ends with a line for each, how often it was tried, and what was found; fails where
 * anything was. A finding's counterexample belongs into the `cases` of its property.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, runCommand } from './house.mjs';

/** @typedef {import('./property.ts').FuzzLine} FuzzLine */

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, only: { type: 'string', default: '' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error(`--minutes must be a number above 0, got "${values.minutes}".`);
  process.exit(1);
}

const REPORT = join(ROOT, 'node_modules', '.cache', 'fuzz.jsonl');
mkdirSync(join(ROOT, 'node_modules', '.cache'), { recursive: true });
rmSync(REPORT, { force: true });

const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.properties.test.ts') && file.includes(values.only))
  .map((file) => join('src', file));
if (files.length === 0) {
  console.error(`--only: no properties are in a file whose name has "${values.only}".`);
  process.exit(1);
}
const properties = files.reduce((sum, file) => sum + readFileSync(join(ROOT, file), 'utf8').split(/^\s*holds\(/m).length - 1, 0);
const seconds = (minutes * 60) / Math.max(1, properties);
console.log(`${properties} properties in ${files.length} files, ${seconds.toFixed(1)} s each.`);
const code = await runCommand('vitest', ['run', ...files, '--maxWorkers=1', '--reporter=dot'], {
  env: { FUZZ_SECONDS: String(seconds), FUZZ_REPORT: REPORT },
});

/** @type {FuzzLine[]} */
const lines = existsSync(REPORT)
  ? readFileSync(REPORT, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  : [];
console.table(lines.map(({ property, runs, finding }) => ({ property, runs, found: finding === null ? '' : 'yes' })));
const findings = lines.flatMap((line) => (line.finding === null ? [] : [{ ...line.finding, property: line.property }]));
for (const { property, seed, path, counterexample, error } of findings) {
  console.log(`\n${property}\n  seed ${seed}, path ${path}\n  ${counterexample}\n  ${error}`);
}
const runs = lines.reduce((sum, line) => sum + line.runs, 0);
console.log(`${runs} executions, ${findings.length} findings`);
process.exitCode = code === 0 && findings.length === 0 && lines.length === properties ? 0 : 1;
