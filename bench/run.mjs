/**
 * Our speed beside the peers', in one run on one machine: `npm run bench -- [options]`. Writes results.json and RESULTS.md.
 *
 *     --only fast|growth|language|profile|start|video   several with commas; the others' figures stay as they were
 *     --repeat 5                   passes over the frames, runs of the language model, visits of the page
 *     --threads 2                  of our engine and of the language models
 *     --rows wllama,EmoLLM         these measurements alone; rows of the others stay as they were
 *     --out FOLDER                 where the two are written; default bench
 *     --before CMD, --after CMD    run around each measurement: to halt what else works on this machine
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { fromCaller } from '../scripts/house.mjs';
import { serve } from '../scripts/serve.mjs';
import { openableChromium } from './browser.mjs';
import { measureFast } from './fast.mjs';
import { measureGrowth } from './growth.mjs';
import { measureLanguage } from './language.mjs';
import { describeMachine, missingPeers } from './machine.mjs';
import { watchOthers } from './others.mjs';
import { placePacks } from './packs.mjs';
import { BENCH, DIST, PACK, ROOT } from './places.mjs';
import { measureProfile } from './profile.mjs';
import { report } from './report.mjs';
import { servePeers } from './server.mjs';
import { measureStart } from './start.mjs';
import { measureVideo } from './video.mjs';

/** @type {Record<string, (bench: Bench) => Promise<Record<string, unknown>>>} */
const SUITES = { fast: measureFast, growth: measureGrowth, language: measureLanguage, profile: measureProfile, start: measureStart, video: measureVideo };

/** @typedef {Record<string, any>} Row */

/** What the suites share: servers, options, and the way to measure one thing. */
export class Bench {
  /** @type {{ what: string, why: string }[]} */
  leftOut = [];
  /** Of the suite at hand, in an earlier run. @type {Row[]} */
  earlier = [];
  /** What each row says of when it was measured, and on which sources. @type {{ made: string, commit: string }} */
  stamp = { made: '', commit: '' };
  /** @type {(() => Promise<void>)[]} */
  #closing = [];

  /** @param {{ repeat: number, threads: number, rows: string[] | null, before: string | null, after: string | null, chromium: string }} options */
  constructor({ repeat, threads, rows, before, after, chromium }) {
    this.repeat = repeat;
    this.threads = threads;
    this.rows = rows;
    this.before = before;
    this.after = after;
    this.chromium = chromium;
    this.missing = missingPeers();
    /** @type {{ url: string }} */
    this.peers = { url: '' };
  }

  async open() {
    const peers = await servePeers();
    this.#closing.push(peers.close);
    this.peers = peers;
  }

  /** The built page on the server that users have. @param {string} [data] a second folder, see serve.mjs */
  async serveOurs(data) {
    const server = await serve({ dir: DIST, port: 0, ...(data === undefined ? {} : { data }) });
    this.#closing.push(server.close);
    return server;
  }

  /** Whether a measurement is asked for. @param {string} what */
  wants(what) {
    return this.rows === null || this.rows.some((part) => what.includes(part));
  }

  /** @param {string} name of a package */
  isMissing(name) {
    return this.missing.includes(name);
  }

  /** @param {string} what @param {string} why */
  leaveOut(what, why) {
    console.error(`${what}: left out, ${why}.`);
    this.leftOut.push({ what, why });
  }

  /**
   * One measurement, told as rows. One that fails leaves its rows out, and the table says why; one that is not asked for keeps
   * those of an earlier run.
   * @param {string} what
   * @param {() => Promise<Row[]>} job
   * @param {string | null} [lack] why it cannot be measured at all
   * @returns {Promise<Row[]>}
   */
  async measure(what, job, lack = null) {
    if (!this.wants(what)) return this.earlier.filter((row) => row.what === what);
    if (lack !== null) {
      this.leaveOut(what, lack);
      return [];
    }
    console.error(`${what} …`);
    if (this.before !== null) spawnSync(this.before, { shell: true, stdio: ['ignore', 2, 2] });
    const start = Date.now();
    const othersShare = watchOthers();
    try {
      const rows = await job();
      const others = othersShare();
      console.error(
        `  ${((Date.now() - start) / 1000).toFixed(0)} s${others === null ? '' : `; others used ${(100 * others).toFixed(1)} % of the machine`}`,
      );
      return rows.map((row) => ({ what, ...row, others, ...this.stamp }));
    } catch (error) {
      // A message may name where things lie on this machine.
      const [line = ''] = String(error instanceof Error ? error.message : error).split('\n');
      this.leaveOut(what, line.replaceAll(ROOT, '.'));
      return [];
    } finally {
      othersShare();
      if (this.after !== null) spawnSync(this.after, { shell: true, stdio: ['ignore', 2, 2] });
    }
  }

  async close() {
    for (const close of this.#closing) await close();
  }
}

/** @param {string[]} args as after `node run.mjs` */
function benchOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      repeat: { type: 'string', default: '5' },
      threads: { type: 'string', default: '2' },
      rows: { type: 'string' },
      out: { type: 'string', default: BENCH },
      before: { type: 'string' },
      after: { type: 'string' },
    },
  });
  const suites = values.only?.split(',') ?? Object.keys(SUITES);
  const unknown = suites.find((name) => !(name in SUITES));
  if (unknown !== undefined) throw new Error(`--only is ${Object.keys(SUITES).join(', ')}, not "${unknown}".`);
  const [repeat, threads] = [Number(values.repeat), Number(values.threads)];
  if (!(Number.isInteger(repeat) && repeat > 0)) throw new Error(`--repeat wants a number from 1 on, not "${values.repeat}".`);
  if (!(Number.isInteger(threads) && threads > 0)) throw new Error(`--threads wants a number from 1 on, not "${values.threads}".`);
  const out = fromCaller(values.out);
  return {
    suites,
    repeat,
    threads,
    rows: values.rows?.split(',') ?? null,
    out,
    json: join(out, 'results.json'),
    table: join(out, 'RESULTS.md'),
    before: values.before ?? null,
    after: values.after ?? null,
  };
}

/** @param {ReturnType<typeof benchOptions>} options @returns {Promise<string | null>} what went wrong */
async function run(options) {
  if (!existsSync(join(ROOT, 'node_modules'))) return 'The project’s packages are not installed. Run npm ci first.';
  if (!existsSync(join(PACK, 'manifest.json'))) return 'The pack public/models/emollm-s is not there.';
  const browser = await openableChromium();
  if (browser === null) return 'No Chromium was found. Install one, or set CHROMIUM_PATH.';
  const bench = new Bench({ ...options, chromium: browser.executablePath });
  if (bench.missing.length > 0) console.error(`${bench.missing.join(', ')}: not installed. npm ci --prefix bench installs the peers.`);

  // Before the build: what others change meanwhile is not in it.
  const machine = describeMachine(browser.version);
  console.error('Building the page …');
  await build({ configFile: join(BENCH, 'vite.config.mjs'), logLevel: 'warn' });
  placePacks();
  mkdirSync(options.out, { recursive: true });
  /** @type {Record<string, any>} */
  const results = existsSync(options.json) ? JSON.parse(readFileSync(options.json, 'utf8')) : {};
  await bench.open();
  try {
    for (const name of options.suites) {
      bench.leftOut = [];
      bench.earlier = results[name]?.rows ?? [];
      bench.stamp = { made: new Date().toISOString().slice(0, 10), commit: machine.commit };
      const command = ['npm run bench --', `--only ${name}`, `--repeat ${options.repeat}`, `--threads ${options.threads}`].join(' ');
      const figures = await SUITES[name]?.(bench);
      results[name] = { ...bench.stamp, command, machine, ...figures, leftOut: bench.leftOut };
      writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
      writeFileSync(options.table, report(results));
    }
  } finally {
    await bench.close();
  }
  console.log(readFileSync(options.table, 'utf8'));
  return null;
}

let options;
try {
  options = benchOptions(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(2);
}
const fault = await run(options);
if (fault !== null) {
  console.error(fault);
  process.exitCode = 1;
}
