import { seriousFindings } from './accessibility.ts';
import { expect, fixture, test } from './fixtures.ts';
import * as user from './user.ts';

test('no serious accessibility finding on the first visit, in an explanation, in menus and at an error, in light and in dark', async ({
  page,
}) => {
  test.slow();
  const expectNone = async (where: string) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await seriousFindings(page), `${where}, ${colorScheme}`).toEqual([]);
    }
  };
  await user.bringCard(page);
  await user.openPage(page);
  await expect(user.button(page, 'Try a sample')).toBeVisible();
  await user.modelReady(page);
  await expectNone('first visit');

  await user.drop(page, 'several-faces.jpg');
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
  await user.button(page, 'Explain').click();
  await user.answered(page);
  await expectNone('after an explanation');

  await user.button(page, 'Settings').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expectNone('settings');
  await page.keyboard.press('Escape');
  await user.button(page, 'Help').click();
  await expect(user.button(page, 'Model card')).toBeVisible();
  await expectNone('help');
  await user.button(page, 'Model card').click();
  await expect(user.modelCard(page).getByRole('table')).toHaveCount(3);
  await expectNone('model card');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');

  await user.button(page, 'Model packs').click();
  await expect(page.getByRole('dialog', { name: 'Model packs' }).getByRole('listitem').first()).toBeVisible(user.PATIENCE);
  await expectNone('packs');
  await page.keyboard.press('Escape');

  await user.drop(page, 'empty.png');
  await expect(user.alert(page)).toBeVisible();
  await expectNone('an error');
});

test('by keyboard alone from the first visit to an explanation, a task and an export', async ({ page }) => {
  await user.openPage(page);
  await user.button(page, 'Try a sample').focus();
  await page.keyboard.press('Enter');
  await user.probabilities(page);
  await page.keyboard.press('e');
  await user.answered(page);
  await page.getByRole('combobox', { name: 'Task' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: 'Hate' }).press('Enter');
  await expect(page.getByRole('combobox', { name: 'Task' })).toContainText('Hate');
  // The picker has the focus, and a task begins with that letter.
  await page.keyboard.press('e');
  await user.answered(page, 2);
  await expect(page.getByRole('combobox', { name: 'Task' })).toContainText('Hate');
  await user.button(page, 'Export').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('group', { name: 'Data' }).getByRole('menuitem')).toHaveCount(6);
  await expect(page.getByRole('menuitem')).toHaveCount(12);
  await expect(page.getByRole('menuitem').first()).toBeFocused();
  const download = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  expect((await download).suggestedFilename()).toMatch(/^emollm-.*\.json$/);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });
  test('all fits the width: first visit, readings and reasoning', async ({ page }) => {
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await user.openPage(page);
    await expect(user.button(page, 'Try a sample')).toBeVisible();
    expect(await overflow()).toBe(0);
    await user.button(page, 'Try a sample').tap();
    await user.probabilities(page);
    expect(await overflow()).toBe(0);
    await user.button(page, 'Explain').tap();
    // The text is what was asked for: its tab comes to the front.
    await user.answered(page);
    expect(await overflow()).toBe(0);
    await page.getByRole('tab', { name: 'Readings' }).tap();
    await expect(user.readings(page)).toBeVisible();
    for (const name of ['Explain', 'Stop', 'Export']) await expect(user.button(page, name)).toBeInViewport();
    // With as little height as notices leave: the page scrolls to the readings, which are not squeezed away.
    await page.setViewportSize({ width: 390, height: 480 });
    await user.readings(page).scrollIntoViewIfNeeded();
    expect((await user.readings(page).boundingBox())?.height).toBeGreaterThan(150);
    await expect(user.readings(page).getByRole('meter').first()).toBeInViewport();
  });

  test('many items scroll in their strip and push nothing off the screen; the chosen one is in sight', async ({ page }) => {
    await user.openPage(page);
    const chooser = page.waitForEvent('filechooser');
    await user.button(page, 'Open files').tap();
    await (await chooser).setFiles(Array.from({ length: 9 }, () => fixture('no-face.jpg')));
    const thumbnails = page.getByRole('navigation', { name: 'Items' }).getByRole('button', { name: /^no-face\.jpg/ });
    await expect(thumbnails).toHaveCount(9);
    for (const name of ['Explain', 'Stop', 'Export']) await expect(user.button(page, name)).toBeInViewport({ ratio: 1 });
    await expect(page.getByRole('combobox', { name: 'Task' })).toBeInViewport({ ratio: 1 });
    await user.button(page, 'Try a sample').tap();
    await expect(page.getByRole('navigation', { name: 'Items' }).locator('[aria-current=true]')).toBeInViewport({ ratio: 1 });
  });
});
