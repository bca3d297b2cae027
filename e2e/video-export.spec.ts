import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { ALL_FORMATS, BufferSource, Input } from 'mediabunny';
import { expect, fixture, test } from './fixtures.ts';
import * as user from './user.ts';

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
interface Exported {
  items: { readings: { time: number; box: Box }[] }[];
}

const dialog = (page: Page): Locator => page.getByRole('dialog', { name: 'Export video' });
const stageCanvas = '.stage-frame > canvas:not(.landmark-dots)';

/** Opens the settings, chooses, and closes them. */
async function showFaces(page: Page, way: string): Promise<void> {
  await user.button(page, 'Settings').click();
  await page.getByRole('radiogroup', { name: 'Faces shown' }).getByRole('radio', { name: way }).click();
  await page.keyboard.press('Escape');
}

async function boxesOf(page: Page): Promise<Exported['items'][number]['readings']> {
  return (JSON.parse(await user.exported(page, /^JSON/)) as Exported).items[0]?.readings ?? [];
}

/** How much neighbouring pixels of a place differ, mean of all: 0 is one flat colour. */
function detailOnStage(page: Page, box: Box): Promise<number> {
  return page.evaluate(
    ({ selector, x, y, width, height }) => {
      const canvas = document.querySelector<HTMLCanvasElement>(selector);
      const data = canvas?.getContext('2d')?.getImageData(x, y, width, height).data ?? new Uint8ClampedArray();
      let sum = 0;
      for (let i = 4; i < data.length; i += 4) sum += Math.abs((data[i] ?? 0) - (data[i - 4] ?? 0));
      return sum / (data.length / 4);
    },
    { selector: stageCanvas, ...rounded(box) },
  );
}

const rounded = (box: Box): Box => ({
  x: Math.round(box.x),
  y: Math.round(box.y),
  width: Math.round(box.width),
  height: Math.round(box.height),
});

/** Of two videos at one moment: how much they differ on a face and away from its head, and how much detail either has on the face. */
async function compared(page: Page, source: Buffer, written: Buffer, time: number, box: Box) {
  return page.evaluate(
    async ({ files, at, face }) => {
      const pixels = async (base64: string) => {
        const video = document.createElement('video');
        video.muted = true;
        // Fetching it as data: is what the policy forbids.
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        video.src = URL.createObjectURL(new Blob([bytes], { type: 'video/mp4' }));
        await new Promise((done, failed) => {
          video.addEventListener('loadeddata', done, { once: true });
          video.addEventListener('error', failed, { once: true });
        });
        video.currentTime = at;
        await new Promise((done) => video.addEventListener('seeked', done, { once: true }));
        const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
        const context = canvas.getContext('2d');
        context?.drawImage(video, 0, 0);
        return context?.getImageData(0, 0, canvas.width, canvas.height) ?? new ImageData(1, 1);
      };
      const [a, b] = [await pixels(files[0] ?? ''), await pixels(files[1] ?? '')];
      const sums = { face: 0, faceCount: 0, away: 0, awayCount: 0, before: 0, after: 0 };
      for (let y = 0; y < a.height; y += 1) {
        for (let x = 1; x < a.width; x += 1) {
          const i = 4 * (y * a.width + x);
          const difference = Math.abs((a.data[i] ?? 0) - (b.data[i] ?? 0));
          if (x > face.x && x < face.x + face.width && y > face.y && y < face.y + face.height) {
            sums.face += difference;
            sums.faceCount += 1;
            sums.before += Math.abs((a.data[i] ?? 0) - (a.data[i - 4] ?? 0));
            sums.after += Math.abs((b.data[i] ?? 0) - (b.data[i - 4] ?? 0));
          } else if (x < face.x - face.width || x > face.x + 2 * face.width || y > face.y + 2 * face.height) {
            sums.away += difference;
            sums.awayCount += 1;
          }
        }
      }
      return {
        sizes: [a.width, a.height, b.width, b.height],
        onFace: sums.face / sums.faceCount,
        away: sums.away / sums.awayCount,
        detail: { before: sums.before / sums.faceCount, after: sums.after / sums.faceCount },
      };
    },
    { files: [source.toString('base64'), written.toString('base64')], at: time, face: box },
  );
}

/** Analyses the video on the stage as a file, so that every machine reads the same frames. */
async function analyse(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Analyse video' }).click();
  await user.button(page, 'Start').click();
  await expect(page.getByText(/^Done: \d+ frames/)).toBeVisible(user.PATIENCE);
  await page.keyboard.press('Escape');
}

/** Starts the export and gives what was written. */
async function written(page: Page): Promise<{ name: string; bytes: Buffer }> {
  const download = page.waitForEvent('download', user.PATIENCE);
  await dialog(page).getByRole('button', { name: 'Export', exact: true }).click();
  const file = await download;
  await expect(dialog(page)).toContainText('Written,');
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

async function openExport(page: Page): Promise<void> {
  await user.button(page, 'Export').click();
  await page.getByRole('menuitem', { name: /^Video/ }).click();
  await expect(dialog(page).getByRole('button', { name: 'Export', exact: true })).toBeEnabled(user.PATIENCE);
}

test.beforeEach(async ({ page }) => {
  // The browser's own save dialog cannot be answered here: the file comes as a download, as where there is no such dialog.
  await page.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
});

test('a video is written with its faces blurred: as long and as large as it was, unchanged elsewhere', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.drop(page, 'clip.mp4');
  await analyse(page);
  const readings = await boxesOf(page);
  const there = readings.reduce((best, each) => (Math.abs(each.time - 1) < Math.abs(best.time - 1) ? each : best));

  await openExport(page);
  await dialog(page).getByRole('radio', { name: 'Blurred' }).click();
  await expect(dialog(page)).not.toContainText('has been read');
  // Without anything drawn, what differs is the blur.
  for (const part of ['Face boxes', 'Emotion beside the box', 'Bars of the chosen face, else of the largest']) {
    await dialog(page).getByRole('switch', { name: part }).click();
  }
  const file = await written(page);
  expect(file.name).toMatch(/^emollm-\d{8}-\d{6}\.(mp4|webm)$/);

  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(file.bytes) });
  const track = await input.getPrimaryVideoTrack();
  expect([await track?.getDisplayWidth(), await track?.getDisplayHeight()]).toEqual([320, 320]);
  expect(await input.computeDuration()).toBeCloseTo(2, 1);
  const tags = await input.getMetadataTags();
  expect(tags.title).toBe('EmoLLM');
  expect(tags.comment).toContain('emollm-provenance-1');
  expect(tags.comment).toContain('"faces":"blurred"');
  expect(tags.comment).not.toContain('clip');

  const source = await readFile(fixture('clip.mp4'));
  const found = await compared(page, source, file.bytes, there.time + 0.01, rounded(there.box));
  expect(found.sizes).toEqual([320, 320, 320, 320]);
  // Encoding, and a source that does not name its colours, cost a little everywhere.
  expect(found.onFace).toBeGreaterThan(20);
  expect(found.detail.after).toBeLessThan(0.45 * found.detail.before);
  expect(found.away).toBeLessThan(10);
});

test('part of a video is written with what was read drawn into it; a range that is none is refused', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.drop(page, 'clip.mp4');
  await analyse(page);
  const [first] = (await boxesOf(page)).filter(({ time }) => time >= 1);
  await openExport(page);
  await dialog(page).getByRole('radio', { name: 'From – to' }).click();
  await dialog(page).getByLabel('From', { exact: true }).fill('1.5');
  await dialog(page).getByLabel('To', { exact: true }).fill('0:01.0');
  await expect(dialog(page).getByRole('alert')).toContainText('Give two times');
  await expect(dialog(page).getByRole('button', { name: 'Export', exact: true })).toBeDisabled();
  await dialog(page).getByLabel('From', { exact: true }).fill('0:00.5');
  await dialog(page).getByLabel('To', { exact: true }).fill('1.5');
  const file = await written(page);
  expect(file.name).toMatch(/^emollm-clip-\d{8}-\d{6}\.(mp4|webm)$/);
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(file.bytes) });
  expect(await input.computeDuration()).toBeCloseTo(1, 1);
  // The box is drawn, and the face within it is as it was.
  const source = await readFile(fixture('clip.mp4'));
  const whole = await compared(page, source, source, 1, rounded(first?.box ?? { x: 0, y: 0, width: 1, height: 1 }));
  expect(whole.onFace).toBe(0);
  await dialog(page).getByRole('button', { name: 'Close' }).click();
  await expect(dialog(page)).toHaveCount(0);
});

test('of a video that is cut off, what can be read is written, and what is missing is said', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.modelReady(page);
  await user.drop(page, 'cut-off.mp4');
  // As a file, since a player may show nothing of it.
  await page.getByRole('button', { name: 'Analyse video' }).click();
  await page.getByRole('dialog', { name: 'Analyse video' }).getByRole('radio', { name: 'Every', exact: true }).click();
  await user.button(page, 'Start').click();
  await expect(page.getByRole('dialog', { name: 'Analyse video' })).toContainText('Damaged, not read', user.PATIENCE);
  await page.keyboard.press('Escape');
  await openExport(page);
  const file = await written(page);
  await expect(dialog(page)).toContainText(/The video is damaged: what comes after 0:0\d\.\d could not be read and is missing\./);
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(file.bytes) });
  expect(await input.computeDuration()).toBeLessThan(1.6);
});

test('where faces are boxes, none is seen on the stage, in the strip or in a saved picture, before it is read or after', async ({
  page,
}) => {
  await user.openPage(page);
  await showFaces(page, 'Boxes');
  await user.drop(page, 'several-faces.jpg');
  // Whatever the canvas shows until the faces are known, it is one colour.
  await expect
    .poll(() => page.evaluate((selector) => document.querySelector<HTMLCanvasElement>(selector)?.width, stageCanvas))
    .toBeGreaterThan(0);
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
  const readings = await boxesOf(page);
  expect(readings).toHaveLength(3);
  for (const { box } of readings) expect(await detailOnStage(page, box)).toBe(0);
  await expect(page.getByRole('navigation', { name: 'Items' }).locator('img')).toHaveCount(0);

  const download = page.waitForEvent('download');
  await user.button(page, 'Export').click();
  await page.getByRole('menuitem', { name: /^Picture, PNG/ }).click();
  const picture = await readFile(await (await download).path());
  // Width and height of a PNG stand in its header.
  expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([960, 540]);

  await showFaces(page, 'As they are');
  for (const { box } of readings) expect(await detailOnStage(page, box)).toBeGreaterThan(1);
  await expect(page.getByRole('navigation', { name: 'Items' }).locator('img')).toHaveCount(1);

  // It is remembered, and holds from the first moment of the next visit.
  await showFaces(page, 'Blurred');
  await page.reload();
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset.faces)).toBe('blurred');
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
  await expect.poll(() => page.evaluate((selector) => document.querySelector<HTMLCanvasElement>(selector)?.width, stageCanvas)).toBe(960);
  for (const { box } of readings) expect(await detailOnStage(page, box)).toBeLessThan(3);
});
