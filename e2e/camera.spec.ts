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

test('@camera a denied camera says so, and what to do', async ({ playwright, launchOptions, baseURL }) => {
  // The other tests' browser says yes unasked. This one has the camera and must ask; the context has denied all but geolocation.
  const args = launchOptions.args?.filter((arg) => arg !== '--use-fake-ui-for-media-stream') ?? [];
  const browser = await playwright.chromium.launch({ ...launchOptions, args });
  const context = await browser.newContext({ ...(baseURL === undefined ? {} : { baseURL }), permissions: ['geolocation'] });
  const page = await context.newPage();
  await user.openPage(page);
  await user.button(page, 'Start camera').click();
  await expect(user.alert(page)).toContainText('not allowed', user.PATIENCE);
  await expect(user.alert(page).getByRole('button', { name: 'Try again' })).toBeVisible();
  // The other ways in are still there.
  await expect(user.button(page, 'Try a sample')).toBeVisible();
  await browser.close();
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

test('@camera a camera in use elsewhere: says so, and the next try works where it is free again', async ({ page }) => {
  // The first call fails as Chromium's does; the second one is its own.
  await page.addInitScript(() => {
    const { mediaDevices } = navigator;
    const free = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = () => {
      mediaDevices.getUserMedia = free;
      return Promise.reject(new DOMException('Could not start video source', 'NotReadableError'));
    };
  });
  await user.openPage(page);
  await user.button(page, 'Start camera').click();
  await expect(user.alert(page)).toContainText('used by another program', user.PATIENCE);
  await user.alert(page).getByRole('button', { name: 'Try again' }).click();
  await user.probabilities(page);
  await expect(user.alert(page)).toHaveCount(0);
});
