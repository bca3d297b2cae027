/** The README's pictures: `SCREENSHOTS=1 npx playwright test screenshots`, of the pack in PACK (emollm-s unless told). */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import * as user from './user.ts';

const PACK = process.env.PACK ?? 'emollm-s';
const PATIENT = { timeout: 8 * 60_000 };

test.skip(process.env.SCREENSHOTS !== '1', 'only with SCREENSHOTS=1');
test.setTimeout(20 * 60_000);

const shoot = (page: Page, name: string) =>
  page.screenshot({ path: join(import.meta.dirname, '../docs', `${name}.png`), animations: 'disabled' });

async function open(page: Page, colorScheme: 'light' | 'dark' = 'light'): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.goto(`/?pack=${PACK}`);
  await expect(page.locator('.app')).toBeVisible();
}

async function explain(page: Page): Promise<void> {
  await user.button(page, 'Explain').click();
  await user.answered(page, 1, PATIENT);
  // Out of the way of focus rings and hints.
  await page.mouse.move(0, 0);
}

test.use({ viewport: { width: 1440, height: 1000 } });

test('first visit, one face and its explanation, dark', async ({ page }) => {
  await open(page);
  await expect(user.model(page)).toContainText('Model ready', PATIENT);
  await shoot(page, 'first-visit');
  await user.button(page, 'Try a sample').click();
  await user.probabilities(page);
  await explain(page);
  await shoot(page, 'picture');
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await shoot(page, 'dark');
});

test('many faces', async ({ page }) => {
  await open(page);
  await expect(user.model(page)).toContainText('Model ready', PATIENT);
  await user.drop(page, 'several-faces.jpg');
  await expect(user.faces(page)).toHaveCount(3, PATIENT);
  await shoot(page, 'many-faces');
  await user.button(page, 'Settings').click();
  await page.getByRole('radio', { name: 'Blurred' }).click();
  await page.keyboard.press('Escape');
  await shoot(page, 'hidden-faces');
});

test('video', async ({ page }) => {
  await open(page);
  await expect(user.model(page)).toContainText('Model ready', PATIENT);
  await user.drop(page, 'clip.mp4');
  await user.probabilities(page);
  await expect(user.button(page, 'Play')).toBeVisible(PATIENT); // it has ended
  await page.getByRole('button', { name: /^Analyse video/ }).click();
  await shoot(page, 'video');
});

test.describe('phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true });
  test('phone', async ({ page }) => {
    await open(page);
    await expect(user.model(page)).toContainText('Model ready', PATIENT);
    await user.button(page, 'Try a sample').tap();
    await user.probabilities(page);
    await shoot(page, 'phone');
  });
});
