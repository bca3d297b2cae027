import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import * as user from './user.ts';

/** The notice before the first camera is another test's. */
async function startCamera(page: Page): Promise<void> {
  await page.addInitScript(() => {
    if (localStorage.getItem('emollm-settings') === null) localStorage.setItem('emollm-settings', JSON.stringify({ cameraNoticed: true }));
  });
  await user.openPage(page);
  await user.button(page, 'Start camera').click();
  await user.probabilities(page);
  await user.modelReady(page); // what is loaded beside it would take frames from a recording
}

const sign = (page: Page) => user.stage(page).getByText(/^Recording \d+:\d\d · /);
const recordings = (page: Page) => page.getByRole('button', { name: '1 recording', exact: true });

/** For so many seconds of video, by the page's own clock. */
async function record(page: Page, seconds: number): Promise<void> {
  await user.button(page, 'Record video').click();
  const shown = async () => Number(/0:(\d\d)/.exec((await sign(page).textContent()) ?? '')?.[1] ?? 0);
  await expect.poll(shown, user.PATIENCE).toBeGreaterThanOrEqual(seconds);
  await user.button(page, 'Record video').click();
  await expect(sign(page)).toHaveCount(0);
  await expect(recordings(page)).toBeVisible(user.PATIENCE);
}

/** The recorded frame `seconds` into the first recording, by the timeline's own keys. */
async function goInto(page: Page, seconds: number): Promise<void> {
  await recordings(page).click();
  const dialog = page.getByRole('dialog', { name: 'Recordings' });
  await dialog.getByRole('button', { name: /^\d+:\d\d\.\d to / }).click();
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  const timeline = page.getByRole('slider', { name: 'Moment on the timeline' });
  await timeline.focus();
  for (let step = 0; step < seconds; step += 1) await timeline.press('ArrowRight');
  await expect(user.stage(page).getByText(/^Recorded, /)).toBeVisible(user.PATIENCE);
}

/** As `goInto`, to a moment about which something was read: where frames come seldom, not every moment is. */
async function goToRead(page: Page, seconds: number): Promise<void> {
  await goInto(page, seconds);
  const box = user.stage(page).getByRole('list', { name: 'Faces in the picture' }).getByRole('listitem');
  for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowRight']) {
    const isRead = await expect(box)
      .toHaveCount(1, { timeout: 3000 })
      .then(
        () => true,
        () => false,
      );
    if (isRead) return;
    await page.getByRole('slider', { name: 'Moment on the timeline' }).press(key);
  }
  await expect(box).toHaveCount(1);
}

/** A video's length, and whether it can be sought in, as the browser finds them in the saved file. */
function judged(page: Page, base64: string): Promise<{ duration: number; sought: number }> {
  return page.evaluate(async (data) => {
    const video = document.createElement('video');
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const when = (event: string) =>
      new Promise((resolve, reject) => {
        video.addEventListener(event, resolve, { once: true });
        video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true });
      });
    const loaded = when('loadeddata');
    video.src = URL.createObjectURL(new Blob([bytes], { type: 'video/webm' }));
    await loaded;
    const { duration } = video;
    const sought = when('seeked');
    video.currentTime = duration / 2;
    await sought;
    return { duration, sought: video.currentTime };
  }, base64);
}

test('@camera a recorded camera session shows its frames at their time, can be saved, and survives a reload', async ({ page }) => {
  test.slow();
  await startCamera(page);
  await record(page, 4);

  // While the camera goes on, a moment of it takes the stage, without the boxes of the present.
  await goInto(page, 2);
  const boxes = user.stage(page).getByRole('list', { name: 'Faces in the picture' });
  await expect(boxes).toHaveCount(0);
  await user.stage(page).getByRole('button', { name: 'Back' }).click();
  await expect(boxes).toHaveCount(1);
  await expect(page.getByText('Camera is being analysed')).toBeVisible();

  await recordings(page).click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: /^Save the recording/ }).click();
  expect((await download).suggestedFilename()).toMatch(/^emollm-camera-\d+s\.webm$/);
  const file = await readFile(await (await download).path());
  const { duration, sought } = await judged(page, file.toString('base64'));
  expect(duration).toBeGreaterThan(3.5);
  expect(duration).toBeLessThan(20);
  expect(sought).toBeCloseTo(duration / 2, 1);
  await page.keyboard.press('Escape');

  // The camera off: the recorded frame comes with what was read from it, and plays.
  await user.button(page, 'Stop').click();
  await expect(page.getByText('Camera is being analysed')).toHaveCount(0);
  await goToRead(page, 2);
  const time = async () =>
    Number(
      /0:(\d\d\.\d)/.exec(
        (await user
          .stage(page)
          .getByText(/^Recorded, /)
          .textContent()) ?? '',
      )?.[1] ?? 0,
    );
  await expect.poll(time, user.PATIENCE).toBeGreaterThan(0.5); // that moment, not the first
  const from = await time();
  await user.button(page, 'Play').click();
  await expect.poll(time, user.PATIENCE).toBeGreaterThan(from);

  await user.button(page, 'Sessions').click(); // the dialog writes what is open
  await expect(page.getByRole('list', { name: 'Kept sessions' }).getByRole('listitem')).toHaveCount(1);
  await page.reload();
  await expect(recordings(page)).toBeVisible(user.PATIENCE);
  await goToRead(page, 2);
  expect(await page.evaluate(() => [...document.querySelectorAll('video')].some((video) => video.srcObject !== null))).toBe(false);
});

test('@camera a page that ends while it records loses a few seconds of the video at most', async ({ page }) => {
  test.slow();
  await startCamera(page);
  await user.button(page, 'Record video').click();
  const kilobytes = async () => Number(/· ([\d.]+) MB/.exec((await sign(page).textContent()) ?? '')?.[1] ?? 0);
  await expect.poll(kilobytes, user.PATIENCE).toBeGreaterThan(0.3);
  await page.waitForTimeout(4000); // the state is written within a second, where the disk is not busy
  await page.reload();
  await expect(recordings(page)).toBeVisible(user.PATIENCE);
  await goInto(page, 1);
});

test('@camera Pause rests the recording, and a deleted one is gone', async ({ page }) => {
  test.slow();
  await startCamera(page);
  await user.button(page, 'Record video').click();
  await expect(sign(page)).toBeVisible();
  await user.button(page, 'Pause').click();
  await expect(user.stage(page).getByText(/^Recording waits at/)).toBeVisible();
  await user.button(page, 'Play').click();
  await expect(sign(page)).toBeVisible();
  await expect.poll(async () => /0:0[1-9]/.test((await sign(page).textContent()) ?? ''), user.PATIENCE).toBe(true);
  await user.button(page, 'Record video').click();
  await expect(recordings(page)).toBeVisible(user.PATIENCE);
  await recordings(page).click();
  await page.getByRole('button', { name: /^Delete the recording/ }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(recordings(page)).toHaveCount(0);
  await user.probabilities(page);
});

test('@camera the performance panel opens by P, tells the pace, and is copied', async ({ page, context }) => {
  await context.grantPermissions(['camera', 'clipboard-write']);
  await startCamera(page);
  await page.keyboard.press('p');
  const panel = page.getByRole('dialog', { name: 'Performance' });
  const value = (name: string) => panel.getByRole('row').filter({ hasText: name }).getByRole('cell');
  await expect(value('Frames analysed')).toHaveText(/^[\d.]+\/s$/, user.PATIENCE);
  await expect(value('Frame age')).toHaveText(/^\d+ and \d+ ms$/);
  await expect(value('Reading faces')).toHaveText(/ms on \d+% of frames$/);
  // The page's policy lets it write to the clipboard and not read from it: what it writes is looked at on its way.
  await page.evaluate(() => {
    const write = navigator.clipboard.writeText.bind(navigator.clipboard);
    navigator.clipboard.writeText = async (text) => {
      await write(text);
      document.documentElement.dataset.copied = text;
    };
  });
  await panel.getByRole('button', { name: 'Copy' }).click();
  await expect(panel.getByRole('status')).toHaveText('Copied');
  const copied = (await page.locator('html').getAttribute('data-copied')) ?? '';
  const report = JSON.parse(copied.slice(copied.indexOf('{'))) as { figures: { analyzed: number }; model: { packId: string } };
  expect(report.figures.analyzed).toBeGreaterThan(0);
  expect(report.model.packId).toBe('tiny');
  await page.keyboard.press('p');
  await expect(panel).toHaveCount(0);
  await expect(user.button(page, 'Performance')).toBeFocused();
});
