import { expect, test } from './fixtures.ts';
import * as user from './user.ts';

test('@camera live readings, an explanation of the moment, and Stop turns the camera off', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.button(page, 'Start camera').click();
  // Readings come before the language model does.
  await user.probabilities(page);
  const sign = page.getByText('Camera is being analysed');
  await expect(sign).toBeVisible();
  await expect(page).toHaveTitle(/●/);

  await user.button(page, 'Explain').click();
  await user.answered(page);
  await expect(sign).toBeVisible();

  const live = () => page.evaluate(() => [...document.querySelectorAll('video')].some((video) => video.srcObject !== null));
  expect(await live()).toBe(true);
  await user.button(page, 'Stop').click();
  await expect(sign).toHaveCount(0);
  await expect(page).not.toHaveTitle(/●/);
  expect(await live()).toBe(false);
  // What was read and said stays.
  await expect(user.readings(page).getByRole('meter')).toHaveCount(8);
  await expect(user.explanation(page)).toBeVisible();
  await expect(user.button(page, 'Start camera')).toBeEnabled();
});

test.describe('refused', () => {
  // Whatever is granted by name, all else is denied.
  test.use({ permissions: ['geolocation'] });
  test('@camera a denied camera says so, and what to do', async ({ page }) => {
    await user.openPage(page);
    await user.button(page, 'Start camera').click();
    await expect(user.alert(page)).toContainText('not allowed', user.PATIENCE);
    await expect(user.alert(page).getByRole('button', { name: 'Try again' })).toBeVisible();
    // The other ways in are still there.
    await expect(user.button(page, 'Try a sample')).toBeVisible();
  });
});

test('no camera at all: says so and offers a file instead', async ({ page, context }) => {
  await context.grantPermissions(['camera']);
  await user.openPage(page);
  await user.button(page, 'Start camera').click();
  await expect(user.alert(page)).toContainText('No camera was found', user.PATIENCE);
  const chooser = page.waitForEvent('filechooser');
  await user.alert(page).getByRole('button', { name: 'Choose a file' }).click();
  await chooser;
});

test('a camera in use elsewhere: says so, and the next try works where it is free again', async ({ page }) => {
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Could not start video source', 'NotReadableError'));
  });
  await user.openPage(page);
  await user.button(page, 'Start camera').click();
  await expect(user.alert(page)).toContainText('used by another program', user.PATIENCE);
  await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    canvas.getContext('2d')?.fillRect(0, 0, 8, 8);
    navigator.mediaDevices.getUserMedia = () => Promise.resolve(canvas.captureStream(10));
  });
  await user.alert(page).getByRole('button', { name: 'Try again' }).click();
  await expect(user.alert(page)).toHaveCount(0);
  await expect(page.getByText('Camera is being analysed')).toBeVisible();
});
