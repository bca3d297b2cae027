/** Opens a page in a fresh headless Chromium, waits for what it has measured, and watches the memory. Knows nothing of what is measured. */
import { findChromium } from '../scripts/chromium.mjs';
import { watchMemory } from './memory.mjs';

/** No chatter of the browser's own beside what is measured. */
export const FLAGS = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];

/** @returns {Promise<{ executablePath: string, version: string } | null>} null where there is none */
export async function openableChromium() {
  const executablePath = await findChromium();
  if (executablePath === null) return null;
  const { chromium } = await import('@playwright/test');
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const version = browser.version();
  await browser.close();
  return { executablePath, version };
}

/**
 * A page tells by `window.outcome`: `{ value }`, or `{ fault }` in words.
 * @param {string} executablePath
 * @param {string} url
 * @param {number} seconds the longest that it may take
 * @returns {Promise<{ value: any, memory: { tree: number, largest: number } | null }>}
 */
export async function measurePage(executablePath, url, seconds) {
  const { chromium } = await import('@playwright/test');
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const peaks = watchMemory();
  try {
    const page = await browser.newPage();
    /** @type {string | null} */
    let bug = null;
    page.on('pageerror', (error) => {
      bug ??= error.message;
    });
    await page.goto(url);
    const outcome = await page
      .waitForFunction(() => /** @type {any} */ (window).outcome, null, { timeout: seconds * 1000, polling: 200 })
      .then((handle) => handle.jsonValue())
      .catch(() => ({ fault: bug === null ? `no figure after ${seconds} s` : `the page has a fault: ${bug}` }));
    if ('fault' in outcome) throw new Error(outcome.fault);
    return { value: outcome.value, memory: peaks() };
  } finally {
    peaks();
    await browser.close();
  }
}
