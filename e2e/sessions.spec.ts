import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { seriousFindings } from './accessibility.ts';
import { expect, test } from './fixtures.ts';
import * as user from './user.ts';

interface Exported {
  items: { id: string; name: string; kind: string; readings: { time: number }[]; explanations: { outcome: string }[] }[];
}

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Sessions' });
const kept = (page: Page) => dialog(page).getByRole('list', { name: 'Kept sessions' }).getByRole('listitem');

/** The dialog writes what is open before it lists. */
async function openSessions(page: Page): Promise<void> {
  await user.button(page, 'Sessions').click();
  await expect(dialog(page)).toBeVisible();
}

async function exportedJson(page: Page): Promise<Exported> {
  return JSON.parse(await user.exported(page, /^JSON/)) as Exported;
}

async function explainPicture(page: Page): Promise<void> {
  await user.openPage(page);
  await user.drop(page, 'several-faces.jpg');
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
  await user.button(page, 'Explain').click();
  await user.answered(page);
}

test('after a reload the picture, its readings and its explanation are back; a deleted session is gone', async ({ page }) => {
  test.slow();
  await explainPicture(page);
  const before = await exportedJson(page);
  const shown = await user.probabilities(page);
  const text = await user.explanation(page).textContent();
  await openSessions(page);
  await expect(kept(page)).toHaveCount(1);
  await expect(kept(page)).toContainText('1 item · 3 readings');
  expect(await seriousFindings(page)).toEqual([]);

  await page.reload();
  await expect(user.item(page, 'several-faces.jpg')).toBeVisible();
  await expect(user.faces(page)).toHaveCount(3);
  await expect(user.stage(page).getByRole('list', { name: 'Faces in the picture' }).getByRole('listitem')).toHaveCount(3);
  await expect(user.explanation(page)).toHaveAttribute('data-phase', 'done');
  expect(await user.probabilities(page)).toEqual(shown);
  expect(await user.explanation(page).textContent()).toBe(text);
  // Nothing was read or explained anew.
  await user.modelReady(page);
  expect((await exportedJson(page)).items).toEqual(before.items);
  // And what is open can be explained again.
  await user.button(page, 'Explain').click();
  await user.answered(page, 2);

  await openSessions(page);
  await dialog(page)
    .getByRole('button', { name: /^Delete the session of/ })
    .click();
  await expect(kept(page)).toHaveCount(0);
  await dialog(page).getByRole('button', { name: 'Undo' }).click();
  await expect(kept(page)).toHaveCount(1);
  await dialog(page)
    .getByRole('button', { name: /^Delete the session of/ })
    .click();
  await expect(kept(page)).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(user.button(page, 'Try a sample')).toBeVisible();

  await page.reload();
  await openSessions(page);
  await expect(dialog(page)).toContainText('No session is kept yet');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('navigation', { name: 'Items' })).toHaveCount(0);
});

test('a session is exported whole, cleared, and imported again; a broken file changes nothing', async ({ page }) => {
  test.slow();
  await explainPicture(page);
  const before = await exportedJson(page);
  await openSessions(page);
  const download = page.waitForEvent('download');
  await dialog(page)
    .getByRole('button', { name: /^Export the session of/ })
    .click();
  expect((await download).suggestedFilename()).toMatch(/^emollm-session-\d{12}\.zip$/);
  const archive = await readFile(await (await download).path());

  await dialog(page).getByRole('button', { name: 'Clear sessions' }).click();
  await dialog(page).getByRole('button', { name: 'Delete all' }).click();
  await expect(kept(page)).toHaveCount(0);

  const choose = async (buffer: Buffer) => {
    const chooser = page.waitForEvent('filechooser');
    await dialog(page).getByRole('button', { name: 'Import' }).click();
    await (await chooser).setFiles({ name: 'session.zip', mimeType: 'application/zip', buffer });
  };
  await choose(archive.subarray(0, archive.length / 2));
  await expect(dialog(page).getByRole('alert')).toContainText('Nothing was changed');
  await expect(kept(page)).toHaveCount(0);
  await choose(archive);
  await expect(dialog(page)).toHaveCount(0);
  await expect(user.item(page, 'several-faces.jpg')).toBeVisible();
  await expect(user.faces(page)).toHaveCount(3);
  expect((await exportedJson(page)).items).toEqual(before.items);
});

test('a second tab begins empty and keeps a session of its own', async ({ page, context }) => {
  await user.openPage(page);
  await user.drop(page, 'several-faces.jpg');
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
  await openSessions(page);
  await expect(kept(page)).toHaveCount(1);
  const second = await context.newPage();
  await user.openPage(second);
  await openSessions(second);
  await expect(kept(second)).toHaveCount(1);
  await expect(kept(second)).toContainText('open in another tab');
  await expect(dialog(second).getByRole('button', { name: /^Open the session of/ })).toBeDisabled();
  await second.keyboard.press('Escape');
  await expect(user.button(second, 'Try a sample')).toBeVisible();
});

test('where the browser refuses to keep anything, the page works and says so', async ({ page }) => {
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('refused by the test', 'SecurityError');
    };
  });
  await user.openPage(page);
  await user.drop(page, 'several-faces.jpg');
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
  await expect(page.getByRole('status').filter({ hasText: 'This browser keeps nothing for this page.' })).toBeVisible();
  await user.button(page, 'Close').click();
  await expect(page.getByText('This browser keeps nothing for this page.')).toHaveCount(0);
  await expect(user.faces(page)).toHaveCount(3);
});

test('@camera a camera session comes back as a recording, and the camera stays off', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.button(page, 'Start camera').click();
  await user.probabilities(page);
  const count = async () => (await exportedJson(page)).items[0]?.readings.length ?? 0;
  await expect.poll(count, user.PATIENCE).toBeGreaterThan(5);
  const before = await count();
  await page.waitForTimeout(8000); // more than a crash may cost

  await page.reload();
  await expect(user.item(page, 'Camera')).toBeVisible();
  await expect(user.stage(page).getByText('Recorded')).toBeVisible();
  await expect(user.readings(page).getByRole('meter')).toHaveCount(8);
  await expect(user.button(page, 'Start camera')).toBeEnabled();
  expect(await page.evaluate(() => [...document.querySelectorAll('video')].some((video) => video.srcObject !== null))).toBe(false);
  expect(await count()).toBeGreaterThanOrEqual(before);
});
