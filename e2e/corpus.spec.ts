import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import type { Browser, Page } from '@playwright/test';
import { MARKUP, writeCorpus } from './corpus.mjs';
import { expect, test } from './fixtures.ts';
import * as user from './user.ts';

/** No task of the page takes longer, in milliseconds, on a machine that has nothing else to do. */
const LONGEST_TASK = 200;
/** How many times as long everything takes where more wants to run than there are processors. */
const slowness = (): number => Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
/** Most that a file of the corpus makes the page grow by, its workers and decoders included, in MB: a video of 7680 × 4320 px. */
const MOST_MEMORY = 1600;
/** Of those that are refused. */
const MOST_MEMORY_REFUSED = 500;

type Files = Awaited<ReturnType<typeof writeCorpus>>;
let folder = '';
let files: Files = [];

test.beforeAll(async ({ browserName: _ }, info) => {
  test.setTimeout(300_000);
  folder = info.outputPath('corpus');
  files = await writeCorpus(folder);
});

/** Memory of the browser's page processes, in MB; null where the system does not tell. */
async function memory(browser: Browser): Promise<number | null> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const pages = processInfo.filter(({ type }) => type === 'renderer');
    const kilobytes = pages.map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'latin1'))?.[1]));
    return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
  } catch {
    return null;
  } finally {
    await session.detach();
  }
}

/** Counts tasks that were too long and the peak of memory from now on. */
async function watch(page: Page) {
  const browser = page.context().browser();
  if (!browser) throw new Error('no browser');
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(window, { longTasks: tasks });
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
  });
  let before = await memory(browser);
  let peak = before ?? 0;
  const timer = setInterval(async () => {
    peak = Math.max(peak, (await memory(browser).catch(() => null)) ?? 0);
  }, 200);
  return {
    /** Since the last call. */
    async taken(): Promise<{ longest: number; megabytes: number }> {
      const longest = await page.evaluate(() => {
        const { longTasks } = window as unknown as { longTasks: number[] };
        return Math.max(0, ...longTasks.splice(0));
      });
      const megabytes = before === null ? 0 : peak - before;
      before = await memory(browser);
      peak = before ?? 0;
      return { longest, megabytes };
    },
    end: () => clearInterval(timer),
  };
}

async function check(watched: Awaited<ReturnType<typeof watch>>, name: string, says: string | null): Promise<void> {
  const { longest, megabytes } = await watched.taken();
  expect.soft(longest, `${name}: the longest task, ms`).toBeLessThanOrEqual(LONGEST_TASK * slowness());
  expect.soft(megabytes, `${name}: memory, MB`).toBeLessThanOrEqual(says === null ? MOST_MEMORY : MOST_MEMORY_REFUSED);
}

test('bad pictures and videos: each is read or gets its message, and none holds up the page', { tag: '@alone' }, async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.modelReady(page);
  const items = files.filter(({ as }) => as === 'item');
  const watched = await watch(page);
  for (const { name, says } of items) {
    await user.drop(page, `${folder}/${name}`);
    await expect(user.item(page, name)).toHaveAttribute('aria-current', 'true');
    const alert = user.stage(page).getByRole('alert');
    if (says !== null) await expect(alert, name).toContainText(says, user.PATIENCE);
    // It is read: a face, or that there is none.
    else
      await expect(user.readings(page).getByRole('meter').or(user.readings(page).getByText('No face')).first(), name).toBeVisible(
        user.PATIENCE,
      );
    await check(watched, name, says);
  }
  watched.end();
  expect(await page.evaluate(() => 'injected' in window)).toBe(false);
});

test('hostile sessions and tables of labels: each gets its message, nothing is changed, and none holds up the page', {
  tag: '@alone',
}, async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.modelReady(page);
  const watched = await watch(page);
  for (const { name, says } of files.filter(({ as, says: words }) => as === 'session' && words !== null)) {
    await user.drop(page, `${folder}/${name}`);
    await expect(user.alert(page), name).toContainText(says ?? '', user.PATIENCE);
    await user.alert(page).getByRole('button', { name: 'Close' }).click();
    await expect(page.getByRole('navigation', { name: 'Items' }).getByRole('listitem')).toHaveCount(0);
    await check(watched, name, says);
  }
  const dialog = page.getByRole('dialog', { name: 'Evaluation' });
  for (const { name, says } of files.filter(({ as }) => as === 'labels')) {
    await user.drop(page, `${folder}/${name}`);
    if (says !== null) await expect(dialog.or(page.locator('body')).getByRole('alert').first(), name).toContainText(says, user.PATIENCE);
    else {
      await expect(dialog).toContainText(`${name.replace('.zip', '')} 1 row`, user.PATIENCE);
      await expect(dialog.getByRole('button', { name: 'Start' })).toBeEnabled();
    }
    await check(watched, name, says);
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
  }
  // Last, since it is taken: what a model wrote is text, whatever it looks like.
  await user.drop(page, `${folder}/session-markup.zip`);
  await expect(user.explanation(page)).toContainText(MARKUP, user.PATIENCE);
  await expect(user.explanation(page).locator('img[src="x"], script')).toHaveCount(0);
  expect(await page.evaluate(() => 'injected' in window)).toBe(false);
  watched.end();
});
