/** The start of the built page, from the server that `npm start` uses, with everything in the browser's cache. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pageScripts, staticClosure } from '../scripts/check-size.mjs';
import { FLAGS } from './browser.mjs';
import { watchMemory } from './memory.mjs';
import { median } from './pages/statistics.js';
import { DIST } from './places.mjs';

const PATIENCE_MS = 120_000;
/** After a visit the pack is written to the browser's storage, and the page's other scripts are fetched: the next visit is not to pay for it. */
const SETTLE_MS = 8000;

/** Runs in the page, before it: when the Model line said what. ms since the page was asked for. */
function noteMoments() {
  /** @type {{ reader?: number, model?: number, failed?: boolean }} */
  const moments = {};
  /** @type {any} */ (globalThis).moments = moments;
  new MutationObserver(() => {
    const line = /** @type {HTMLElement | null} */ (document.querySelector('.model[role=status]'));
    if (line === null) return;
    const [, reader] = line.querySelectorAll('.model-line > [data-phase]');
    const isReady = line.dataset.phase === 'ready';
    if (isReady || /** @type {HTMLElement} */ (reader)?.dataset.phase === 'ready') moments.reader ??= performance.now();
    if (isReady) moments.model ??= performance.now();
    if (line.dataset.phase === 'failed') moments.failed = true;
  }).observe(document, { subtree: true, childList: true, attributes: true });
}

/** Gzipped bytes of script, without what is fetched when it is needed. */
function scriptSizes() {
  const assets = join(DIST, 'assets');
  const worker = readdirSync(assets).find((name) => /^worker-[\w-]+\.js$/.test(name)) ?? '';
  const size = (/** @type {string[]} */ names) =>
    names.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0);
  return { page: size(pageScripts(DIST)), worker: size(staticClosure(assets, worker)) };
}

/**
 * @param {import('./run.mjs').Bench} bench
 * @returns {Promise<Record<string, unknown>>} the suite's part of results.json
 */
export async function measureStart(bench) {
  const ours = await bench.serveOurs();
  const { chromium } = await import('@playwright/test');
  const rows = await bench.measure('start of the page', async () => {
    // A profile on disk: the cache of a private window is another one.
    const profile = mkdtempSync(join(tmpdir(), 'emollm-bench-'));
    const context = await chromium.launchPersistentContext(profile, { executablePath: bench.chromium, args: FLAGS });
    try {
      await context.addInitScript(noteMoments);
      /** @type {{ reader: number, model: number, memory: { tree: number, largest: number } | null }[]} */
      const visits = [];
      for (let visit = 0; visit <= bench.repeat; visit += 1) {
        const page = await context.newPage();
        const peaks = watchMemory();
        try {
          await page.goto(`${ours.url}?backend=wasm`);
          const handle = await page.waitForFunction(
            () => {
              const { moments } = /** @type {any} */ (globalThis);
              return moments.model !== undefined || moments.failed ? moments : null;
            },
            null,
            { timeout: PATIENCE_MS, polling: 100 },
          );
          const moments = await handle.jsonValue();
          if (moments.failed) throw new Error('the page could not load its model');
          visits.push({ ...moments, memory: peaks() });
          await page.waitForTimeout(SETTLE_MS);
        } finally {
          peaks();
          await page.close();
        }
      }
      const counted = visits.slice(1); // the first fills the cache
      const [first] = visits;
      return [
        {
          visits: counted.length,
          firstVisitReaderMs: first?.reader,
          firstVisitModelMs: first?.model,
          readerMs: median(counted.map(({ reader }) => reader)),
          modelMs: median(counted.map(({ model }) => model)),
          peakTabMB: first?.memory == null ? null : Math.max(...visits.map(({ memory }) => memory?.largest ?? 0)),
          peakTreeMB: first?.memory == null ? null : Math.max(...visits.map(({ memory }) => memory?.tree ?? 0)),
        },
      ];
    } finally {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    }
  });
  return { scripts: scriptSizes(), rows };
}
