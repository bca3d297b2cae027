/** Finds a Chromium for the browser tests. */
import { existsSync } from 'node:fs';

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/**
 * CHROMIUM_PATH, then the usual places, then the one that Playwright has downloaded.
 * @returns {Promise<string | null>} the program, or null where there is none
 */
export async function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== '') return existsSync(named) ? named : null;
  const usual = USUAL_PLACES.find((path) => existsSync(path));
  if (usual !== undefined) return usual;
  const { chromium } = await import('@playwright/test');
  const own = chromium.executablePath();
  return own !== '' && existsSync(own) ? own : null;
}

/** Why `findChromium` found none, and what to do. */
export function noChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== '') return `CHROMIUM_PATH names ${named}, which is not there. Correct it, or unset it.`;
  return 'No Chromium was found. Install one, or set CHROMIUM_PATH.';
}
