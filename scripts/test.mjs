/**
 * `npm test`: installs what is missing, runs every step of the gate, goes on after a failed one, and ends with one
 * line, `N passed, N failed, N skipped`. Steps can be named: `npm test -- lint types`; `npm run check` takes the
 * quick ones. A step that runs tests counts its tests, any other counts as one.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fromRoot, installMissing, pageIsStale, ROOT, requireNode, runCommand } from './house.mjs';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Count
 * @typedef {{ status: string, assertionResults: unknown[] }} UnitFile
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: UnitFile[] }} UnitReport
 * @typedef {{ specs?: { tests: unknown[] }[], suites?: BrowserSuite[] }} BrowserSuite
 * @typedef {{ suites: BrowserSuite[], stats: { expected: number, unexpected: number, flaky: number, skipped: number } }} BrowserReport
 */

const REPORTS = join(ROOT, 'node_modules', '.cache', 'gate');
/** @type {Count} */
const NOTHING = { passed: 0, failed: 0, skipped: 0 };
const QUICK = ['lint', 'types', 'unused', 'packs', 'dependencies', 'unit'];

/** @param {string} path @returns {unknown} what a runner reported, or null */
function readReport(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

/** A runner that failed must leave a failure in the count, whatever its report says. @param {Count} count @param {number} code @returns {Count} */
const atLeastOneFailed = (count, code) => (code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count);

/** @param {Count} a @param {Count} b @returns {Count} */
const sum = (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped });

/** @param {string} command @param {string[]} args @returns {Promise<Count>} */
async function gate(command, args) {
  return (await runCommand(command, args)) === 0 ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1 };
}

/** @returns {Promise<Count>} */
async function audit() {
  const { NOT_REACHED } = await import('./audit.mjs');
  const code = await runCommand('node', ['scripts/audit.mjs']);
  if (code === NOT_REACHED) return { ...NOTHING, skipped: 1 };
  return code === 0 ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1 };
}

/** @returns {Promise<Count>} */
async function unit() {
  const file = join(REPORTS, 'unit.json');
  const code = await runCommand('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${fromRoot(file)}`]);
  const report = /** @type {UnitReport | null} */ (readReport(file));
  if (report === null) return { ...NOTHING, failed: 1 };
  // A file that could not be loaded has failed and has no tests to say so.
  const broken = report.testResults.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0).length;
  return atLeastOneFailed(
    { passed: report.numPassedTests, failed: report.numFailedTests + broken, skipped: report.numPendingTests + report.numTodoTests },
    code,
  );
}

let pageBuilt = false;

/** @returns {Promise<Count>} */
async function build() {
  const { buildNode, buildPage } = await import('./build.mjs');
  pageBuilt = await buildPage();
  const outcomes = [pageBuilt, await buildNode(), pageBuilt && (await runCommand('node', ['scripts/check-size.mjs'])) === 0];
  return { ...NOTHING, passed: outcomes.filter(Boolean).length, failed: outcomes.filter((outcome) => !outcome).length };
}

/** Why the browser tests cannot run, in plain words, or null. Builds the page where that step was not asked for. */
async function browserObstacle() {
  const { findChromium, noChromium } = await import('./chromium.mjs');
  if ((await findChromium()) === null) return noChromium();
  if (pageBuilt) return null;
  if (wanted.includes('build')) return 'The page could not be built.';
  if (!pageIsStale()) return null;
  const { buildPage } = await import('./build.mjs');
  return (await buildPage({ quiet: true })) ? null : 'The page could not be built.';
}

/** @returns {Promise<Count>} */
async function browser() {
  const obstacle = await browserObstacle();
  if (obstacle !== null) {
    const { report } = await playwright('browser.json', ['--list', '--reporter=json']);
    const listed = report === null ? 1 : countSpecs(report.suites);
    console.log(`SKIPPED: the ${listed} browser tests were not run. ${obstacle}`);
    return { ...NOTHING, skipped: listed };
  }
  const together = await browserRun('browser.json', ['--workers=2', '--grep-invert=@alone']);
  // In a folder of its own: it would remove what is kept of the first run's failures.
  return sum(together, await browserRun('browser-alone.json', ['--grep=@alone', '--output=test-results/alone']));
}

/** @param {string} name the report's @param {string[]} which @returns {Promise<Count>} */
async function browserRun(name, which) {
  const { code, report } = await playwright(name, ['--reporter=list,json', ...which]);
  if (report === null) return { ...NOTHING, failed: 1 };
  const { stats } = report;
  return atLeastOneFailed({ passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped }, code);
}

/** @param {string} name the report's @param {string[]} more @returns {Promise<{ code: number, report: BrowserReport | null }>} */
async function playwright(name, more) {
  const file = join(REPORTS, name);
  const code = await runCommand('playwright', ['test', ...more], { env: { PLAYWRIGHT_JSON_OUTPUT_FILE: file } });
  return { code, report: /** @type {BrowserReport | null} */ (readReport(file)) };
}

/** @param {BrowserSuite[]} suites @returns {number} tests */
function countSpecs(suites) {
  let tests = 0;
  for (const suite of suites) {
    for (const spec of suite.specs ?? []) tests += spec.tests.length;
    tests += countSpecs(suite.suites ?? []);
  }
  return tests;
}

const STEPS = new Map(
  /** @type {[string, () => Promise<Count>][]} */ ([
    ['lint', () => gate('biome', ['ci', '--colors=off'])],
    ['types', () => gate('tsc', ['-b'])],
    ['unused', () => gate('knip', ['--no-progress'])],
    ['packs', () => gate('node', ['scripts/check-packs.mjs'])],
    ['dependencies', () => gate('node', ['scripts/check-dependencies.mjs'])],
    ['audit', audit],
    ['unit', unit],
    ['build', build],
    ['browser', browser],
  ]),
);

requireNode();
const args = process.argv.slice(2);
const wanted = args.includes('--quick') ? QUICK : args.length > 0 ? args : [...STEPS.keys()];
const unknown = wanted.filter((name) => !STEPS.has(name));
if (unknown.length > 0) {
  console.error(`There is no step "${unknown.join('", "')}"; there are: ${[...STEPS.keys()].join(', ')}.`);
  process.exit(1);
}

/** @type {Count} */
let total = { ...NOTHING };
if (!(await installMissing())) {
  console.error('The packages could not be installed.');
  total.failed += 1;
} else {
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  const summary = [];
  for (const name of wanted) {
    console.log(`\n── ${name} ──`);
    const started = performance.now();
    let count;
    try {
      count = await (STEPS.get(name) ?? (async () => NOTHING))();
    } catch (error) {
      console.error(error);
      count = { ...NOTHING, failed: 1 };
    }
    total = sum(total, count);
    summary.push({ step: name, ...count, seconds: Math.round((performance.now() - started) / 100) / 10 });
  }
  console.log('');
  console.table(summary);
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
