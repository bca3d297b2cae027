/** The built page in a browser with a profile of its own, watched from within (watch.mjs) and from without (memory of its tab). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FLAGS } from '../browser.mjs';
import { followLargest } from '../memory.mjs';
import { watchPage } from './watch.mjs';

const PATIENCE_MS = 180_000;
const SETTINGS = JSON.stringify({ cameraNoticed: true });

/** @typedef {Awaited<ReturnType<typeof openSoaked>>} Soaked */

/** @param {{ executablePath: string, url: string, flags?: string[] }} options */
export async function openSoaked({ executablePath, url, flags = [] }) {
  const { chromium } = await import('@playwright/test');
  const profile = mkdtempSync(join(tmpdir(), 'emollm-soak-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: [...FLAGS, ...flags],
    permissions: ['camera'],
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
  });
  const follow = followLargest();
  await context.addInitScript(watchPage);
  await context.addInitScript((settings) => localStorage.setItem('emollm-settings', settings), SETTINGS);
  const page = await context.newPage();
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('crash', () => errors.push('the tab crashed'));
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable');
  await devtools.send('HeapProfiler.enable');
  await page.goto(url);
  await page.locator('.model[role=status][data-phase=ready]').waitFor({ timeout: PATIENCE_MS });
  return {
    page,
    errors,
    /** The tab's memory every other second: when, by `performance.now`, and MB. */
    points: follow.points,
    /** @returns {Promise<any>} what watch.mjs has counted */
    figures: () => page.evaluate(() => /** @type {any} */ (window).soak.figures()),
    restart: () => page.evaluate(() => /** @type {any} */ (window).soak.restart()),
    /** The page's own JavaScript in use, MB, swept first; and all of the page with its workers, where the browser tells that in time. */
    async heaps() {
      await devtools.send('HeapProfiler.collectGarbage');
      const { metrics } = await devtools.send('Performance.getMetrics');
      const used = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN;
      const nodes = metrics.find(({ name }) => name === 'Nodes')?.value ?? Number.NaN;
      const whole = await page.evaluate(async () => {
        const measuring = /** @type {any} */ (performance);
        const tooLong = new Promise((resolve) => setTimeout(resolve, 25_000, null));
        const measured = await Promise.race([measuring.measureUserAgentSpecificMemory?.().catch(() => null) ?? null, tooLong]);
        return measured?.bytes ?? null;
      });
      return { heapMB: used / 2 ** 20, nodes, pageMB: whole === null ? null : whole / 2 ** 20 };
    },
    /** Of the session that was written last: how many rows of readings are kept. */
    keptRows: () =>
      page.evaluate(
        () =>
          new Promise((resolve) => {
            const opening = indexedDB.open('emollm-sessions');
            opening.onerror = () => resolve(null);
            opening.onsuccess = () => {
              const db = opening.result;
              const asking = db.transaction('sessions').objectStore('sessions').getAll();
              asking.onerror = () => resolve(null);
              asking.onsuccess = () => {
                db.close();
                const last = asking.result.sort((a, b) => b.savedAt - a.savedAt)[0];
                resolve(last?.readings ?? null);
              };
            };
          }),
      ),
    async close() {
      follow.end();
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
