/** The analysis' thread and its GPU are taken away in the middle of it: the page goes on by itself. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import * as user from './user.ts';
import { analyzer, slowModel } from './worker.ts';

const notice = (page: Page) => page.getByRole('status').filter({ hasText: 'It was started again and goes on' });

/** As where the browser ends it: without a word to the page. */
const end = (page: Page): Promise<void> => analyzer(page).evaluate(() => self.close());

test('the thread dies while a text is written: it is begun anew by itself, and nothing that was read or written is lost', async ({
  page,
}) => {
  test.slow();
  await user.openPage(page);
  await user.button(page, 'Try a sample').click();
  const before = await user.probabilities(page);
  await user.button(page, 'Explain').click();
  await user.answered(page);
  const first = await user.explanation(page).textContent();

  await slowModel(analyzer(page));
  await user.button(page, 'Explain').click();
  await expect(user.explanation(page)).toHaveAttribute('data-phase', 'running');
  await end(page);
  await expect(notice(page)).toContainText('stopped unexpectedly', user.PATIENCE);
  await user.answered(page, 2);
  expect(await user.reasoning(page).getByRole('article').first().textContent()).toBe(first);
  expect(await user.probabilities(page)).toEqual(before);
  await expect(user.alert(page)).toHaveCount(0);
});

// Beside other tests frames come so seldom that a face is elsewhere at the next one, and is then another's.
test('@camera @alone the thread dies while the camera is on: readings go on, and the page says which stretch was not read', async ({
  page,
}) => {
  test.slow();
  await user.openPage(page);
  await user.button(page, 'Start camera').click();
  await user.probabilities(page);
  await user.modelReady(page);
  const live = () => page.getByRole('region', { name: 'Readings' }).textContent();
  /** Whether who sat there is still the same: where frames lay far apart just then, the face may be taken for another. */
  const dies = async (face: number): Promise<boolean> => {
    await end(page);
    await expect(notice(page)).toContainText(/The camera was not read from \d+:\d\d\.\d to \d+:\d\d\.\d/, user.PATIENCE);
    await user.modelReady(page);
    const shown = await live();
    await expect.poll(live, user.PATIENCE).not.toBe(shown);
    await expect(user.faces(page)).toHaveCount(1);
    return expect(user.faces(page))
      .toHaveAccessibleName(new RegExp(`^Face ${face}\\b`), { timeout: 5000 })
      .then(
        () => true,
        () => false,
      );
  };
  expect((await dies(1)) || (await dies(2))).toBe(true);
  await expect(user.alert(page)).toHaveCount(0);
});

test('@webgpu the GPU’s device is lost: once it goes on there, the second time on WASM, and says so', async ({ page }) => {
  test.slow();
  // Whose devices they are nobody outside can tell: onnxruntime makes them inside the worker.
  await page.context().route('**/assets/worker-*.js', async (route) => {
    const response = await route.fetch();
    const keepDevices = `{
      const { requestDevice } = GPUAdapter.prototype;
      self.devices = [];
      GPUAdapter.prototype.requestDevice = async function (...args) {
        const device = await requestDevice.apply(this, args);
        self.devices.push(device);
        return device;
      };
    }\n`;
    await route.fulfill({ response, body: keepDevices + (await response.text()) });
  });
  await user.openPage(page, 'backend=wasm&backend.scene-encoder=webgpu');
  await user.button(page, 'Try a sample').click();
  await user.modelReady(page);
  const before = await user.probabilities(page);
  const devices = () => analyzer(page).evaluate(() => (self as unknown as { devices: unknown[] }).devices.length);
  expect(await devices()).toBeGreaterThan(0);
  await analyzer(page).evaluate(() => {
    for (const device of (self as unknown as { devices: { destroy(): void }[] }).devices) device.destroy();
  });
  await expect(notice(page)).toContainText('The graphics device was lost', user.PATIENCE);
  await user.modelReady(page);
  expect(await devices()).toBeGreaterThan(0);

  // The second time, the browser's whole GPU process goes, by its own crash page.
  const other = await page.context().newPage();
  const devtools = await page.context().newCDPSession(other);
  await devtools.send('Page.navigate', { url: 'chrome://gpucrash', transitionType: 'address_bar' });
  await expect(notice(page)).toContainText('everything runs on WASM', user.PATIENCE);
  await other.close();
  await user.modelReady(page);
  expect(await devices()).toBe(0);
  expect(await user.probabilities(page)).toEqual(before);
  await user.button(page, 'Explain').click();
  await user.answered(page);
  await page.getByRole('button', { name: 'Why it runs this way' }).click();
  await expect(page.getByText('The graphics device was lost twice in this visit')).toBeVisible();
});
