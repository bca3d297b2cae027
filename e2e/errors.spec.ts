import type { Page } from '@playwright/test';
import { expect, fixture, test } from './fixtures.ts';
import * as user from './user.ts';

/** What each file is refused with: its own words. */
const REFUSALS = [
  ['empty.png', 'This file is empty.'],
  ['not-a-picture.txt', 'neither a picture nor a video'],
  ['broken.jpg', 'neither a picture nor a video'],
  ['cut-off.jpg', 'This picture is damaged'],
  ['huge.png', '200 megapixels'],
  ['broken.mp4', 'This video is damaged'],
  ['codec-h265.mp4', 'H.265'],
  ['codec-mpeg4.mp4', 'MPEG-4 Part 2'],
] as const;

test('files that cannot be shown say why, each in its own words; what was read stays', async ({ page }) => {
  test.slow();
  await user.openPage(page);
  await user.drop(page, 'several-faces.jpg');
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
  const before = await user.probabilities(page);

  for (const [name, words] of REFUSALS) {
    await test.step(name, async () => {
      await user.drop(page, name);
      await expect(user.item(page, name)).toHaveAttribute('aria-current', 'true');
      const alert = user.stage(page).getByRole('alert');
      await expect(alert).toContainText(words, user.PATIENCE);
      await expect(alert.getByRole('button', { name: 'Choose another' })).toBeVisible();
      await expect(user.button(page, 'Explain')).toBeDisabled();
      await expect(user.faces(page)).toHaveCount(0);

      await user.item(page, 'several-faces.jpg').click();
      await expect(user.alert(page)).toHaveCount(0);
      await expect(user.faces(page)).toHaveCount(3);
      expect(await user.probabilities(page)).toEqual(before);
    });
  }

  // The way on: the broken one makes room for another.
  await user.item(page, 'empty.png').click();
  const chooser = page.waitForEvent('filechooser');
  await user.stage(page).getByRole('button', { name: 'Choose another' }).click();
  await (await chooser).setFiles(fixture('several-faces.jpg'));
  await expect(user.item(page, 'empty.png')).toHaveCount(0);
  await expect(user.faces(page)).toHaveCount(3, user.PATIENCE);
});

test('a video that is cut off plays as far as it goes, or says that it is damaged', async ({ page }) => {
  await user.openPage(page);
  await user.modelReady(page);
  await user.drop(page, 'cut-off.mp4');
  const damaged = user.stage(page).getByText('This video is damaged');
  await expect(damaged.or(user.readings(page).getByRole('meter')).first()).toBeVisible(user.PATIENCE);
});

test('a part of the page that cannot be fetched says so, and comes when it is tried again', async ({ page }) => {
  await page.route('**/assets/help-dialog-*.js', (route) => route.abort()); // before the page fetches it for later
  await user.openPage(page);
  await user.button(page, 'Help').click();
  await expect(user.alert(page)).toContainText('This part of the page could not be loaded.');
  await page.unroute('**/assets/help-dialog-*.js');
  await user.alert(page).getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('dialog')).toContainText('Keys and manners');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

/** A pack file as the server would send it after a bad copy. */
async function damage(page: Page, file: string, how: 'tampered' | 'missing'): Promise<() => Promise<void>> {
  const url = `**/models/tiny/${file}`;
  await page.context().route(url, async (route) => {
    if (how === 'missing') {
      await route.fulfill({ status: 404, contentType: 'text/plain', body: 'Not found\n' });
      return;
    }
    const response = await route.fetch();
    const body = await response.body();
    body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
    await route.fulfill({ response, body });
  });
  return () => page.context().unroute(url);
}

test('one wrong bit in a pack file is noticed before use; the faces that were read stay, and loading again repairs it', async ({
  page,
}) => {
  test.slow();
  const repair = await damage(page, 'language-model-weights-1.bin', 'tampered');
  await user.openPage(page);
  await user.button(page, 'Try a sample').click();
  const before = await user.probabilities(page);
  await expect(user.alert(page)).toContainText('language-model-weights-1.bin is damaged', user.PATIENCE);
  await expect(user.model(page)).toContainText('Language model failed');
  // Explain says the same instead of waiting for ever.
  await user.button(page, 'Explain').click();
  await expect(user.explanation(page).getByRole('alert')).toContainText('is damaged');
  expect(await user.probabilities(page)).toEqual(before);

  await repair();
  await user.button(page, 'Load again').click();
  await user.modelReady(page);
  expect(await user.probabilities(page)).toEqual(before);
  await user.button(page, 'Explain').click();
  await user.answered(page, 2);
});

test('a missing pack file is named; loading again reads the picture that waited', async ({ page }) => {
  const repair = await damage(page, 'face-encoder.onnx', 'missing');
  await user.openPage(page);
  await user.button(page, 'Try a sample').click();
  await expect(user.alert(page).first()).toContainText('face-encoder.onnx is not there', user.PATIENCE);
  await repair();
  await user.button(page, 'Load again').first().click();
  await user.probabilities(page);
  await expect(user.alert(page)).toHaveCount(0);
});

test('a pack that is not there at all says so', async ({ page }) => {
  await page.goto('/?pack=no-such-pack');
  await expect(user.alert(page)).toContainText('manifest.json is not there', user.PATIENCE);
  await expect(user.button(page, 'Load again')).toBeVisible();
});

test('WebGPU asked for by name where there is none: says so, and goes on with WASM', async ({ page }) => {
  await user.openPage(page, 'backend=webgpu');
  await expect(user.alert(page)).toContainText('This browser offers no WebGPU', user.PATIENCE);
  await user.button(page, 'Use WASM').click();
  await user.modelReady(page);
  await expect(user.model(page)).toContainText('WASM');
  await expect(user.alert(page)).toHaveCount(0);
});

test('WebAssembly without SIMD: says that nothing can be read, and what to do', async ({ page }) => {
  // As in a browser of before 2021: the worker finds that vectors are not valid there.
  await page.context().route('**/assets/worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `WebAssembly.validate = () => false;\n${await response.text()}` });
  });
  await user.openPage(page);
  await expect(user.alert(page).first()).toContainText('WebAssembly has no SIMD', user.PATIENCE);
  await expect(user.alert(page).first()).toContainText('Update the browser');
  await user.button(page, 'Try a sample').click();
  await expect(user.stage(page).getByRole('alert')).toContainText('WebAssembly has no SIMD');
});
