/**
 * Hours of use of the built page: `npm run soak -- [options]`. Writes soak.json and SOAK.md, anew every minute, so that a run that is
 * cut off leaves its figures. Ends with 1 where a goal is missed.
 *
 *     --minutes 60            of each part
 *     --part camera,queue     both unless told
 *     --files 200             of the queue
 *     --dir dist              a page that is built already; else it is built
 *     --out bench             the folder of the two files
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { serve } from '../../scripts/serve.mjs';
import { openableChromium } from '../browser.mjs';
import { describeMachine } from '../machine.mjs';
import { watchOthers } from '../others.mjs';
import { placePacks } from '../packs.mjs';
import { median, slope } from '../pages/statistics.js';
import { BENCH, DIST, PACK } from '../places.mjs';
import { openSoaked } from './browser.mjs';
import { CAMERA_FLAGS, soakCamera } from './camera.mjs';
import { makeFiles } from './files.mjs';
import { soakQueue } from './queue.mjs';
import { missed, report } from './report.mjs';

const PARTS = ['camera', 'queue'];
/** Of a part, before memory is looked at; at most so many minutes. */
const WARM_UP = { share: 0.35, minutes: 10 };
/** What was begun is waited for, at the end. */
const SETTLE_MS = 20_000;

const wait = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sleepUntil = (/** @type {number} */ at) => wait(Math.max(0, at - performance.now()));

/** @param {string[]} args as after `node run.mjs` */
function soakOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '60' },
      part: { type: 'string', default: PARTS.join(',') },
      files: { type: 'string', default: '200' },
      dir: { type: 'string' },
      out: { type: 'string', default: BENCH },
    },
  });
  const minutes = Number(values.minutes);
  if (!(Number.isInteger(minutes) && minutes > 0)) throw new Error(`--minutes wants a number from 1 on, not "${values.minutes}".`);
  const files = Number(values.files);
  if (!(Number.isInteger(files) && files >= minutes)) throw new Error(`--files wants at least one a minute, not "${values.files}".`);
  const parts = values.part.split(',');
  const unknown = parts.find((name) => !PARTS.includes(name));
  if (unknown !== undefined) throw new Error(`--part is ${PARTS.join(' or ')}, not "${unknown}".`);
  return { minutes, parts, files, dir: values.dir ?? null, out: values.out, json: join(values.out, 'soak.json'), table: join(values.out, 'SOAK.md') };
}

/** The page's own account against what was done. @param {string} name @param {any} figures @param {any} outcome @param {import('./files.mjs').SoakFile[]} files */
function account(name, figures, outcome, files) {
  const { kinds, open, videos } = figures;
  const faults = [];
  let lost = open + kinds.read.withoutReadings;
  if (name === 'camera') lost += kinds.read.failed + kinds.explain.failed;
  for (const { name: file, kind, frames } of outcome ? files : []) {
    const phase = outcome.phases[file];
    if (kind === 'broken') {
      if (phase !== 'failed') faults.push(`${file} is broken and nothing said so (${phase})`);
    } else if (kind === 'picture') {
      if (phase !== 'ready') {
        lost += 1;
        faults.push(`${file} was not read (${phase})`);
      }
    } else {
      const video = videos[file] ?? { frames: 0, outcome: 'not begun' };
      lost += Math.max(0, frames - video.frames);
      if (video.outcome !== 'done' || video.frames !== frames) faults.push(`${file}: ${video.frames} of ${frames} frames, ${video.outcome}`);
    }
  }
  return { lost, faults };
}

/** @param {string} name @param {ReturnType<typeof soakOptions>} options @param {string} url @param {{ executablePath: string, version: string }} browser @param {Record<string, any>} results */
async function soak(name, options, url, browser, results) {
  const files = name === 'queue' ? await makeFiles(options.files) : [];
  const soaked = await openSoaked({ executablePath: browser.executablePath, url: `${url}?backend=wasm&lang=en`, flags: CAMERA_FLAGS });
  const othersShare = watchOthers();
  const machine = describeMachine(browser.version);
  /** @type {{ at: number, heapMB: number, nodes: number, pageMB: number | null }[]} */
  const heaps = [];
  const began = performance.now();
  let isWarm = false;
  const write = async (/** @type {any} */ outcome, /** @type {boolean} */ whole) => {
    const figures = await soaked.figures();
    const { kinds, age, tasks } = figures;
    const minutes = (performance.now() - began) / 60_000;
    const warmUp = Math.min(WARM_UP.minutes, WARM_UP.share * options.minutes);
    const warm = soaked.points().filter(({ at }) => at >= began + 60_000 * warmUp);
    const fifth = Math.ceil(warm.length / 5);
    const { lost, faults } = account(name, whole ? figures : { ...figures, open: 0 }, outcome, files);
    const keptRows = whole ? await soaked.keptRows() : null;
    // A video plays while it waits for its analysis, which stands in the place of what was read of it then.
    const faces = name === 'camera' ? kinds.read.faces : kinds.read.faces - kinds.read.liveFaces + kinds.analyzeVideo.faces;
    if (whole && keptRows !== faces) faults.push(`${faces} readings came, ${keptRows} are kept`);
    results[name] = {
      name,
      made: new Date().toISOString().slice(0, 10),
      command: `npm run soak -- --minutes ${options.minutes} --part ${name}`,
      machine,
      asked: options.minutes,
      minutes,
      whole,
      files: files.length,
      frames: kinds.read.frames + kinds.analyzeVideo.frames,
      faces,
      lost,
      keptRows,
      explained: kinds.explain.done,
      explainAsked: kinds.explain.begun,
      kinds,
      slopeMB: slope(warm),
      earlyMB: median(warm.slice(0, fifth).map(({ mb }) => mb)),
      lateMB: median(warm.slice(-fifth).map(({ mb }) => mb)),
      peakMB: Math.max(...soaked.points().map(({ mb }) => mb)),
      sweptSlopeMB: slope(heaps.filter(({ at }) => at >= began + 60_000 * warmUp).map(({ at, heapMB }) => ({ at, mb: heapMB }))),
      heapEarlyMB: heaps[Math.floor(heaps.length * WARM_UP.share)]?.heapMB ?? null,
      heapLateMB: heaps.at(-1)?.heapMB ?? null,
      minutely: heaps.map(({ heapMB, nodes, pageMB }) => [heapMB, nodes, pageMB]),
      memoryMB: everySoManyth(warm, 120).map(({ at, mb }) => [Math.round((at - began) / 1000), Math.round(mb)]),
      age,
      tasks,
      others: null,
      faults: [...faults, ...soaked.errors],
    };
    if (whole) results[name].others = othersShare();
    writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
    writeFileSync(options.table, report(results));
  };
  const onMinute = async () => {
    heaps.push({ at: performance.now(), ...(await soaked.heaps()) });
    if (!isWarm) await soaked.restart();
    isWarm = true;
    await write(null, false);
    const { kinds, slopeMB, sweptSlopeMB, lateMB, age } = results[name];
    const { heapMB, pageMB, nodes } = /** @type {{ heapMB: number, pageMB: number | null, nodes: number }} */ (heaps.at(-1));
    console.error(
      `${name}, minute ${Math.round((performance.now() - began) / 60_000)}: ${kinds.read.frames + kinds.analyzeVideo.frames} frames, tab ${lateMB.toFixed(0)} MB (${slopeMB.toFixed(2)} a minute), page ${pageMB?.toFixed(1)} MB, heap ${heapMB.toFixed(1)} MB (${sweptSlopeMB.toFixed(2)} a minute), ${nodes} nodes, age p99 ${age?.p99} ms`,
    );
  };
  try {
    const run = { minutes: options.minutes, files, onMinute, sleepUntil };
    const outcome = name === 'camera' ? (await soakCamera(soaked, run), null) : await soakQueue(soaked, run);
    await wait(SETTLE_MS);
    await write(outcome, true);
  } finally {
    othersShare();
    await soaked.close();
  }
}

/** @template T @param {readonly T[]} all @param {number} most @returns {T[]} */
function everySoManyth(all, most) {
  const step = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, index) => index % step === 0);
}

/** @param {ReturnType<typeof soakOptions>} options @returns {Promise<number>} the exit status */
async function run(options) {
  if (!existsSync(join(PACK, 'manifest.json'))) {
    console.error('The pack public/models/emollm-s is not there.');
    return 1;
  }
  const browser = await openableChromium();
  if (browser === null) {
    console.error('No Chromium was found. Install one, or set CHROMIUM_PATH.');
    return 1;
  }
  if (options.dir === null) {
    console.error('Building the page …');
    const { build } = await import('vite');
    await build({ configFile: join(BENCH, 'vite.config.mjs'), logLevel: 'warn' });
    placePacks();
  }
  mkdirSync(options.out, { recursive: true });
  const server = await serve({ dir: options.dir ?? DIST, port: 0 });
  /** @type {Record<string, any>} */
  const results = existsSync(options.json) ? JSON.parse(readFileSync(options.json, 'utf8')) : {};
  try {
    for (const name of options.parts) await soak(name, options, server.url, browser, results);
  } finally {
    await server.close();
  }
  console.log(readFileSync(options.table, 'utf8'));
  return options.parts.some((name) => missed(results[name]).length > 0) ? 1 : 0;
}

let options;
try {
  options = soakOptions(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(2);
}
process.exitCode = await run(options);
