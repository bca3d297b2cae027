/**
 * Videos analysed as files, in the built page, by its own controls: how time and memory go with the length. After a warm-up of a tenth
 * of the job the memory should lie flat, whatever the length.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { FLAGS } from './browser.mjs';
import { makeLongClip } from './clips.mjs';
import { followLargest } from './memory.mjs';
import { median, slope } from './pages/statistics.js';

const MINUTES = [1, 10, 60];
const FRAMES_PER_SECOND = 1;
const PATIENCE_MS = 1_800_000;
/** Of the job, before memory is looked at. */
const WARM_UP = 0.1;

/** @param {import('./run.mjs').Bench} bench @param {string} url @param {number} minutes */
async function analyse(bench, url, minutes) {
  const clip = await makeLongClip(60 * minutes);
  const { chromium } = await import('@playwright/test');
  const profile = mkdtempSync(join(tmpdir(), 'emollm-bench-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath: bench.chromium, args: FLAGS });
  const follow = followLargest();
  try {
    const page = await context.newPage();
    await page.goto(`${url}?backend=wasm&lang=en`);
    await page.locator('.model[role=status][data-phase=ready]').waitFor({ timeout: PATIENCE_MS });
    await page.locator('.app input[type=file]').first().setInputFiles(clip);
    await page.getByRole('button', { name: /^Analyse video/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Analyse video' });
    await dialog.getByRole('radio', { name: String(FRAMES_PER_SECOND), exact: true }).click();
    const began = performance.now();
    await dialog.getByRole('button', { name: 'Start' }).click();
    const job = dialog.getByRole('listitem', { name: `Analysis of ${basename(clip)}` });
    await job.and(page.locator('[data-phase=done], [data-phase=failed]')).waitFor({ timeout: PATIENCE_MS });
    const ended = performance.now();
    if ((await job.getAttribute('data-phase')) !== 'done') throw new Error(`the analysis failed: ${await job.textContent()}`);
    const during = follow.points().filter(({ at }) => at >= began && at <= ended);
    const warm = during.filter(({ at }) => at >= began + WARM_UP * (ended - began));
    const [early, late] = [warm.slice(0, Math.ceil(warm.length / 5)), warm.slice(-Math.ceil(warm.length / 5))];
    const frames = 60 * minutes * FRAMES_PER_SECOND;
    return {
      minutes,
      frames,
      seconds: (ended - began) / 1000,
      perSecond: (1000 * frames) / (ended - began),
      earlyMB: median(early.map(({ mb }) => mb)),
      lateMB: median(late.map(({ mb }) => mb)),
      peakMB: Math.max(...during.map(({ mb }) => mb)),
      slopeMB: slope(warm),
    };
  } finally {
    follow.end();
    await context.close();
    rmSync(profile, { recursive: true, force: true });
    rmSync(clip, { force: true });
  }
}

/**
 * @param {import('./run.mjs').Bench} bench
 * @returns {Promise<Record<string, unknown>>} the suite's part of results.json
 */
export async function measureVideo(bench) {
  const ours = await bench.serveOurs();
  const rows = [];
  for (const minutes of MINUTES) {
    const what = `a video of ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
    rows.push(...(await bench.measure(what, async () => [await analyse(bench, ours.url, minutes)])));
  }
  return { framesPerSecond: FRAMES_PER_SECOND, rows };
}
