/**
 * `emollm evaluate` in Chromium: serves the built page and the folder, opens evaluate.html and writes its report.
 *
 *     node scripts/evaluate-chromium.mjs --task faces --data FOLDER --cropped --out report.json
 *         [--by language-model] [--limit N] [--items] [--skip-broken] [--pack emollm-s] [--backend wasm]
 *
 * Arguments are the command line's, but that --pack names one of the page's packs. The report is the command line's, with
 * `runtime` and `browser` before it. Needs `npm run build`.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { findChromium, noChromium } from './chromium.mjs';
import { isMain, ROOT } from './house.mjs';
import { DATA_PATH, serve } from './serve.mjs';

const FAILED = 1;
const WRONG_USAGE = 2;
/** A decode step takes long here, loading longer; what hangs longer than this between two pictures hangs for ever. */
const PATIENCE_MS = 15 * 60_000;
const LOOK_EVERY_MS = 200;

/**
 * @param {string[]} args as after `node evaluate-chromium.mjs`
 * @returns {{ data: string, out: string, query: URLSearchParams }}
 */
function chromiumOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      task: { type: 'string' },
      data: { type: 'string' },
      out: { type: 'string' },
      by: { type: 'string' },
      limit: { type: 'string' },
      pack: { type: 'string' },
      backend: { type: 'string' },
      cropped: { type: 'boolean' },
      items: { type: 'boolean' },
      'skip-broken': { type: 'boolean' },
    },
  });
  const { task, data, out, by, limit, pack = 'emollm-s', backend = 'wasm', cropped, items } = values;
  if (task === undefined || data === undefined || out === undefined) throw new Error('--task, --data and --out are needed.');
  // The page would fall back to its own choice.
  if (!/^[a-z0-9-]+$/.test(pack)) throw new Error(`--pack names a folder of the page's models, not "${pack}".`);
  if (!['auto', 'webgpu', 'wasm'].includes(backend)) throw new Error(`--backend is auto, webgpu or wasm, not "${backend}".`);
  const query = new URLSearchParams({ task, pack, backend, data: DATA_PATH });
  if (by !== undefined) query.set('by', by);
  if (limit !== undefined) query.set('limit', limit);
  if (cropped) query.set('cropped', '1');
  if (items) query.set('items', '1');
  if (values['skip-broken']) query.set('skip', '1');
  return { data, out, query };
}

/**
 * What the page says in the end.
 * @param {Pick<import('@playwright/test').Page, 'on' | 'getByRole' | 'locator'>} page
 * @returns {Promise<{ report: string, fault: string | null }>} report: empty where there is none; with a fault a part
 */
export async function outcome(page) {
  /** @type {string | null} */
  let bug = null;
  page.on('pageerror', (error) => {
    bug = error.message;
  });
  const status = page.getByRole('status');
  const report = async () => (await page.locator('#report').textContent()) ?? '';
  for (let told = '', since = Date.now(); ; await delay(LOOK_EVERY_MS)) {
    const [state, text] = await status.evaluate((now) => [now.dataset.state, now.textContent ?? '']);
    if (state === 'done') return { report: await report(), fault: null };
    if (state === 'failed') return { report: await report(), fault: text ?? '' };
    if (bug !== null) return { report: await report(), fault: `The page has a fault: ${bug}` };
    if (Date.now() - since > PATIENCE_MS) return { report: '', fault: `The page hangs after "${told}".` };
    if (text === told) continue;
    [told, since] = [text ?? '', Date.now()];
    if (process.stderr.isTTY) process.stderr.write(`\r${told}\u001b[K`);
  }
}

/** @param {string} out @param {string} browser its version @param {string} text as the page wrote it */
async function writeReport(out, browser, text) {
  const report = { runtime: 'chromium', browser, ...JSON.parse(text) };
  await mkdir(dirname(resolve(out)), { recursive: true });
  await writeFile(out, `${JSON.stringify(report, null, 2)}\n`);
  const figures = 'accuracy' in report ? `accuracy ${report.accuracy.toFixed(3)}` : `concordance ${report.concordance.toFixed(3)}`;
  console.log(`${report.task}, n ${report.n}: ${figures}. Report: ${out}`);
}

/**
 * @param {ReturnType<typeof chromiumOptions>} options
 * @returns {Promise<string | null>} what went wrong
 */
async function evaluateInChromium({ data, out, query }) {
  const dir = join(ROOT, 'dist');
  if (!existsSync(join(dir, 'evaluate.html'))) return 'The page is not built. Run npm run build.';
  const executablePath = await findChromium();
  if (executablePath === null) return noChromium();
  const { chromium } = await import('@playwright/test');
  const server = await serve({ dir, data: resolve(data), port: 0 });
  /** @type {import('@playwright/test').Browser | null} */
  let browser = null;
  try {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] });
    const page = await browser.newPage();
    await page.goto(new URL(`evaluate.html?${query}`, server.url).href);
    const said = await outcome(page);
    // A part is kept: it took as long as it took.
    if (said.report !== '') await writeReport(out, browser.version(), said.report);
    return said.fault;
  } catch (error) {
    return `The browser stopped: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    await browser?.close();
    await server.close();
  }
}

if (isMain(import.meta.url)) {
  let options;
  try {
    options = chromiumOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(WRONG_USAGE);
  }
  const fault = await evaluateInChromium(options);
  if (fault !== null) {
    console.error(fault);
    process.exitCode = FAILED;
  }
}
