import { readFile } from 'node:fs/promises';
import { expect, test } from './fixtures.ts';
import * as user from './user.ts';

interface Session {
  items: { kind: string; marks?: { id: string; kind: string; time: number; end: number | null; text: string }[] }[];
}

test('the timeline of a video shows its course, goes to a moment, takes marks that are exported, taken back and moved, and is saved as a picture', async ({
  page,
}) => {
  test.slow();
  await user.openPage(page, 'backend=wasm');
  await user.modelReady(page);
  await user.drop(page, 'clip.mp4');
  await user.probabilities(page);
  const timeline = page.getByRole('region', { name: 'Timeline' });
  const moment = timeline.getByRole('slider', { name: 'Moment on the timeline' });
  await expect(moment).toBeVisible(user.PATIENCE);
  await expect(moment.locator('canvas:not([hidden])')).toBeVisible();
  // The two seconds of the clip are its time axis.
  await expect(moment).toHaveAttribute('aria-valuemin', '0.0');
  await expect(moment).toHaveAttribute('aria-valuemax', /^(1\.9|2\.[01])$/);
  // It stands still at its end, so that nothing but the test moves it.
  await expect(user.button(page, 'Play')).toBeVisible(user.PATIENCE);

  const now = async () => Number(await moment.getAttribute('aria-valuenow'));
  const box = await moment.locator('.u-over').boundingBox();
  if (!box) throw new Error('the plot has no place on the screen');
  await page.mouse.click(box.x + box.width * 0.25, box.y + box.height / 2);
  await expect.poll(now).toBeGreaterThan(0.35);
  expect(await now()).toBeLessThan(0.65);
  const position = page.getByRole('slider', { name: 'Position' });
  await expect.poll(async () => Math.abs(Number(await position.getAttribute('aria-valuenow')) - (await now()))).toBeLessThan(0.15);

  await moment.focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(now).toBeGreaterThan(1.3);
  await page.keyboard.press('Home');
  await expect.poll(now).toBe(0);
  await page.keyboard.press('+');
  await page.keyboard.press('0');
  await page.keyboard.press('ArrowRight');
  await expect.poll(now).toBeCloseTo(1, 1);
  await expect(moment).toHaveAttribute('aria-valuetext', /^0:01\.0/);

  await page.keyboard.press('m');
  await timeline.getByRole('button', { name: 'List (1)' }).click();
  const marks = page.getByRole('dialog', { name: 'Marks' });
  await marks.getByRole('textbox', { name: /^Text of the mark at/ }).fill('she looks up');
  await marks.getByRole('combobox', { name: /^Kind of the mark at/ }).selectOption('Text');
  await page.keyboard.press('Escape');
  const [video] = (JSON.parse(await user.exported(page, /^JSON/)) as Session).items;
  expect(video?.marks).toEqual([{ id: expect.any(String), kind: 'text', time: expect.closeTo(1, 1), end: null, text: 'she looks up' }]);
  expect(await user.exported(page, /^WebVTT captions/)).toContain('[note] she looks up');

  await timeline.getByRole('button', { name: 'List (1)' }).click();
  await marks.getByRole('button', { name: /^Delete the mark at/ }).click();
  await expect(marks.getByText('No marks yet.')).toBeVisible();
  await page.keyboard.press('Escape');
  await user.button(page, 'Undo').click();
  await expect(timeline.getByRole('button', { name: 'List (1)' })).toBeVisible();

  // Its start can be typed.
  await timeline.getByRole('button', { name: 'List (1)' }).click();
  const start = marks.getByRole('textbox', { name: /^Start of the mark at/ });
  await start.fill('9:00');
  await start.press('Enter');
  await expect(marks.getByRole('alert')).toHaveText('That is outside of the recording.');
  await expect(start).toHaveAttribute('aria-invalid', 'true');
  await start.press('Escape');
  await expect(marks.getByRole('alert')).toHaveCount(0);
  await start.fill('0:01.2');
  await start.press('Enter');
  await expect(marks.getByRole('textbox', { name: 'Start of the mark at 0:01.2' })).toHaveValue('0:01.2');
  await page.keyboard.press('Escape');
  const [moved] = (JSON.parse(await user.exported(page, /^JSON/)) as Session).items;
  expect(moved?.marks?.[0]?.time).toBeCloseTo(1.2, 5);

  // The moment is seen where the pointer is.
  const before = await moment.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const preview = page.locator('.timeline-preview');
  await expect(preview).toContainText(/^0:01\.\d, /);
  await expect(preview.locator('canvas:not([hidden])')).toBeVisible(user.PATIENCE);
  expect(await moment.boundingBox()).toEqual(before);
  await page.mouse.move(5, 5);
  await expect(preview).toBeHidden();

  await user.button(page, 'Export').click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: /^Timeline, PNG/ }).click();
  const picture = await download;
  expect(picture.suggestedFilename()).toMatch(/^emollm-clip-.*\.timeline\.png$/);
  const bytes = await readFile(await picture.path());
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  expect(bytes.readUInt32BE(16)).toBe(2400);

  // Put away, it stays so.
  await timeline.getByRole('button', { name: 'Timeline', exact: true }).click();
  await expect(moment).toHaveCount(0);
  await expect(timeline.getByRole('button', { name: 'Timeline', exact: true })).toHaveAttribute('aria-expanded', 'false');
});

test('a picture has no timeline, and peaks are explained only where that is switched on', async ({ page }) => {
  await user.openPage(page, 'backend=wasm');
  await user.drop(page, 'several-faces.jpg');
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
  await expect(page.getByRole('region', { name: 'Timeline' })).toHaveCount(0);
  await expect(user.button(page, 'Explain peaks')).toHaveCount(0);
  await user.drop(page, 'clip.mp4');
  await user.item(page, 'clip.mp4').click();
  const peaks = user.button(page, 'Explain peaks');
  await expect(peaks).toHaveAttribute('aria-pressed', 'false');
  await peaks.click();
  await expect(peaks).toHaveAttribute('aria-pressed', 'true');
  expect(await page.evaluate(() => localStorage.getItem('emollm-settings'))).toContain('"explainPeaks":true');
});
