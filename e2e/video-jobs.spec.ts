import type { Locator, Page } from '@playwright/test';
import { seriousFindings } from './accessibility.ts';
import { expect, test } from './fixtures.ts';
import * as user from './user.ts';
import { slowFrames } from './worker.ts';

interface Exported {
  items: {
    name: string;
    width: number;
    readings: { time: number; faceId: number }[];
    analyses?: {
      from: number;
      to: number;
      framesPerSecond: number | null;
      frames: number;
      decoder: string;
      lost: { from: number; to: number }[];
    }[];
  }[];
  provenance: { inputs: { analyses?: unknown[] }[] };
}

const jobs = (page: Page): Locator => page.getByRole('dialog', { name: 'Analyse video' });
const job = (page: Page, name: string): Locator => jobs(page).getByRole('listitem', { name: `Analysis of ${name}` });
/** The clips have 25 frames a second: the one that is shown at a time. */
const frameAt = (time: number): number => Math.floor((time + 0.001) * 25) / 25;
const every = (step: number, from: number, to: number): number[] =>
  Array.from({ length: Math.ceil((to - from) / step - 1e-6) }, (_, k) => frameAt(from + k * step));

async function openJobs(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Analyse video/ }).click();
  await expect(jobs(page)).toBeVisible();
}

async function analyse(page: Page, rate: string, range: { from?: string; to?: string } = {}): Promise<void> {
  await openJobs(page);
  await jobs(page).getByRole('radio', { name: rate, exact: true }).click();
  if (range.from !== undefined) await jobs(page).getByLabel('From', { exact: true }).fill(range.from);
  if (range.to !== undefined) await jobs(page).getByLabel('To', { exact: true }).fill(range.to);
  await jobs(page).getByRole('button', { name: 'Start' }).click();
}

async function done(page: Page, name: string): Promise<void> {
  await expect(job(page, name)).toHaveAttribute('data-phase', /done|failed/, user.PATIENCE);
  await expect(job(page, name)).toHaveAttribute('data-phase', 'done');
}

async function exportedJson(page: Page): Promise<Exported> {
  await page.keyboard.press('Escape');
  await expect(jobs(page)).toHaveCount(0);
  return JSON.parse(await user.exported(page, /^JSON/)) as Exported;
}

/** Times to a millisecond, each once: of frames with several faces, too. */
const timesOf = (item: Exported['items'][number] | undefined): number[] => [
  ...new Set((item?.readings ?? []).map(({ time }) => Math.round(time * 1000) / 1000)),
];

test('a video is read at exactly the times that were asked for, and playing it adds nothing to that', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.modelReady(page);
  await user.drop(page, 'clip.mp4');
  await user.probabilities(page); // it plays, and is read as it goes
  await openJobs(page);
  expect(await seriousFindings(page, '[role=dialog]')).toEqual([]);
  await page.keyboard.press('Escape');
  await analyse(page, '5');
  await done(page, 'clip.mp4');
  const { items, provenance } = await exportedJson(page);
  expect(timesOf(items[0])).toEqual(every(0.2, 0, 2));
  expect(new Set(items[0]?.readings.map(({ faceId }) => faceId))).toEqual(new Set([1]));
  expect(items[0]?.analyses).toMatchObject([{ from: 0, to: 2, framesPerSecond: 5, frames: 10, decoder: 'webcodecs', lost: [] }]);
  expect(provenance.inputs[0]?.analyses).toEqual(items[0]?.analyses);
  // What is shown while it plays are those readings.
  await page.getByRole('slider', { name: 'Position' }).press('Home');
  const position = async () => Number(await page.getByRole('slider', { name: 'Position' }).getAttribute('aria-valuenow'));
  await user.button(page, 'Play').click();
  await expect.poll(position, user.PATIENCE).toBeGreaterThan(1.8); // to its end
  await expect(user.readings(page).getByRole('meter')).toHaveCount(8);
  expect((await exportedJson(page)).items[0]?.readings).toEqual(items[0]?.readings);
});

test('a range is read by itself; a range that ends before it begins is refused with words', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.drop(page, 'clip.webm');
  await openJobs(page);
  await jobs(page).getByLabel('From', { exact: true }).fill('1:00');
  await jobs(page).getByLabel('To', { exact: true }).fill('0:30');
  await expect(jobs(page).getByText('The end must come after the beginning.')).toBeVisible();
  await expect(jobs(page).getByRole('button', { name: 'Start' })).toBeDisabled();
  await page.keyboard.press('Escape');
  await analyse(page, '10', { from: '0:00.5', to: '1.2' });
  await done(page, 'clip.webm');
  const { items } = await exportedJson(page);
  const wanted = every(0.1, 0.5, 1.2);
  // Before and behind it, what was read while it played may stay.
  const times = timesOf(items[0]).filter((time) => time > 0.47 && time < 1.2);
  expect(times).toEqual(wanted);
  expect(items[0]?.analyses).toMatchObject([{ to: 1.2, framesPerSecond: 10, frames: wanted.length }]);
});

test('a stopped analysis goes on after a reload where it was, without a gap and without a frame twice', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.modelReady(page);
  await slowFrames(page, 300);
  await user.drop(page, 'clip.webm');
  await analyse(page, 'Every');
  const share = () =>
    jobs(page)
      .getByRole('progressbar')
      .evaluate((bar: HTMLProgressElement) => bar.value / bar.max);
  await expect.poll(share, user.PATIENCE).toBeGreaterThan(0.1);
  await jobs(page).getByRole('button', { name: 'Stop the analysis of clip.webm' }).click();
  await expect(job(page, 'clip.webm')).toContainText(/Stopped at 0:0\d\.\d of 0:02\.0/);
  const before = timesOf((await exportedJson(page)).items[0]);
  expect(before.length).toBeGreaterThan(0);
  expect(before.length).toBeLessThan(50);
  await user.button(page, 'Sessions').click(); // the dialog writes what is open
  await expect(page.getByRole('list', { name: 'Kept sessions' }).getByRole('listitem')).toHaveCount(1);

  await page.reload();
  await expect(page.getByText(/Analysis stopped at 0:0\d\.\d of 0:02\.0/)).toBeVisible();
  // It rests until it plays; how far it was read is known.
  await expect(page.getByRole('slider', { name: 'Position' })).toHaveAttribute('aria-valuemax', String(before.at(-1)));
  expect(timesOf((await exportedJson(page)).items[0])).toEqual(before);
  await user.button(page, 'Go on').click();
  await openJobs(page);
  await done(page, 'clip.webm');
  const { items } = await exportedJson(page);
  expect(timesOf(items[0])).toEqual(every(0.04, 0, 2));
  expect(items[0]?.readings).toHaveLength(50);
  expect(items[0]?.analyses).toMatchObject([{ frames: 50, framesPerSecond: null }]);
});

test('all videos at once: one after another, each whole', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.modelReady(page);
  await user.drop(page, 'clip.mp4', 'clip.webm');
  await expect(page.getByRole('navigation', { name: 'Items' }).getByRole('button', { name: /^clip\.webm/ })).toBeVisible();
  const quicken = await slowFrames(page, 60_000);
  await openJobs(page);
  await jobs(page).getByRole('button', { name: 'Add all 2 videos' }).click();
  await expect(page.getByRole('listitem', { name: /^Analysis of/ }).and(page.locator('[data-phase=queued]'))).toHaveCount(1);
  await quicken();
  await done(page, 'clip.mp4');
  await done(page, 'clip.webm');
  const { items } = await exportedJson(page);
  expect(items.map(timesOf)).toEqual([every(0.2, 0, 2), every(0.2, 0, 2)]);
  // The second was never on the stage: its frames' size is known all the same.
  expect(items.map(({ width }) => width)).toEqual([320, 320]);
});

test('an explanation in the midst of an analysis is written, and the analysis goes on', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.modelReady(page);
  await user.drop(page, 'clip.webm');
  await user.probabilities(page);
  const quicken = await slowFrames(page, 100);
  await analyse(page, 'Every');
  await expect(jobs(page).getByRole('progressbar')).not.toHaveJSProperty('value', 0, user.PATIENCE);
  await expect(job(page, 'clip.webm')).toHaveAttribute('data-phase', 'running');
  await page.keyboard.press('Escape');
  await user.button(page, 'Explain').click();
  await user.answered(page);
  await quicken();
  await openJobs(page);
  await done(page, 'clip.webm');
  expect(timesOf((await exportedJson(page)).items[0])).toEqual(every(0.04, 0, 2));
});

test('a codec that this browser lacks, and a file that is cut off, are told in plain words; what was read stays', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.modelReady(page);
  await user.drop(page, 'codec-h265.mp4');
  await expect(user.alert(page)).toContainText('H.265');
  await analyse(page, '5');
  await expect(job(page, 'codec-h265.mp4')).toHaveAttribute('data-phase', 'failed', user.PATIENCE);
  await expect(job(page, 'codec-h265.mp4')).toContainText('This browser cannot play H.265 (HEVC) video. Save the video as MP4 with H.264');
  await page.keyboard.press('Escape');
  await user.drop(page, 'cut-off.mp4');
  await expect(user.item(page, 'cut-off.mp4')).toBeVisible();
  await analyse(page, '10');
  await expect(job(page, 'cut-off.mp4')).toHaveAttribute('data-phase', 'failed', user.PATIENCE);
  await expect(job(page, 'cut-off.mp4')).toContainText(/Damaged, not read: 0:00\.\d to 0:02\.0/);
  const { items } = await exportedJson(page);
  expect(items[1]?.readings.length).toBeGreaterThan(0);
  expect(items[1]?.analyses?.[0]?.lost).toHaveLength(1);
});

test('without a decoder for scripts, the frames come from the player, at the same times', async ({ page }) => {
  test.slow();
  await page.route('**/assets/worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `delete self.VideoDecoder;${await response.text()}` });
  });
  await user.openPage(page);
  await user.modelReady(page);
  await user.drop(page, 'clip.mp4');
  await analyse(page, '5');
  await done(page, 'clip.mp4');
  const { items } = await exportedJson(page);
  expect(timesOf(items[0])).toEqual(every(0.2, 0, 2));
  expect(items[0]?.analyses).toMatchObject([{ decoder: 'video-element', frames: 10 }]);
});
