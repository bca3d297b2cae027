/** The pack's goldens in Chromium: the numbers of Python and Node, on WASM and on WebGPU (SwiftShader). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './fixtures.ts';

const REAL_PACK = join(import.meta.dirname, '../public/models/emollm-s/manifest.json');

async function selfTest(page: import('@playwright/test').Page, query: string): Promise<void> {
  await page.goto(`/self-test.html?${query}`);
  // The list says which number is off; the status alone would only say that one is.
  await expect(page.getByRole('status')).not.toHaveText('Running …', { timeout: 280_000 });
  await expect(page.locator('#faults li')).toHaveText([]);
  await expect(page.getByRole('status')).toContainText('All numbers agree');
}

/** Sizes of what is fetched from the GPU, as the worker asks for it. */
async function downloads(page: import('@playwright/test').Page): Promise<number[]> {
  const sizes: number[] = [];
  page.on('console', (message) => {
    const [, size] = /^from the GPU: (\d+)$/.exec(message.text()) ?? [];
    if (size !== undefined) sizes.push(Number(size));
  });
  await page.context().route('**/assets/self-test-*.js', async (route) => {
    const response = await route.fetch();
    const tellSizes = `{
      const { mapAsync } = GPUBuffer.prototype;
      GPUBuffer.prototype.mapAsync = function (mode, offset, size = this.size) {
        if (mode === GPUMapMode.READ) console.log('from the GPU: ' + size);
        return mapAsync.apply(this, arguments);
      };
    }\n`;
    await route.fulfill({ response, body: tellSizes + (await response.text()) });
  });
  return sizes;
}

test.describe('goldens of the tiny pack', () => {
  test.setTimeout(300_000);
  test('on WASM', async ({ page }) => selfTest(page, 'pack=tiny&backend=wasm'));
  test('on WASM with one thread, without isolation', { tag: '@no-isolation' }, async ({ page }) =>
    selfTest(page, 'pack=tiny&backend=wasm'),
  );
  // Five tokens take a decode step, one with guesses, and one on what is left after a wrong guess.
  test('on WebGPU, where the logits stay', { tag: '@webgpu' }, async ({ page }) => {
    const sizes = await downloads(page);
    await selfTest(page, 'pack=tiny&backend=webgpu&tokens=5');
    // Of a row of 49,152 floats the best of each block of 256 comes down, with its place; never a row, or several.
    expect(sizes).toContain(2 * 4 * 192);
    expect(sizes.filter((size) => size % (4 * 49_152) === 0)).toEqual([]);
  });
});

test.describe('goldens of the real pack', () => {
  test.skip(!existsSync(REAL_PACK), 'public/models/emollm-s is not there');
  test.setTimeout(300_000);
  test('on WASM', async ({ page }) => selfTest(page, 'backend=wasm&tokens=4'));
  test('its encoders, a prompt and a decode step on WebGPU', { tag: '@webgpu' }, async ({ page }) =>
    selfTest(page, 'backend=webgpu&graphs=face-encoder,scene-encoder,projection,language-model&tokens=2'),
  );
});

test('a number that is off is found', async ({ page }) => {
  await page.route('**/models/tiny/parity.json', async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    await route.fulfill({ response, body: body.replace(/"absMean": ?[\d.]+/g, '"absMean": 12345') });
  });
  await page.goto('/self-test.html?pack=tiny&backend=wasm&graphs=face-encoder');
  await expect(page.getByRole('status')).toContainText(/Not all numbers agree/, { timeout: 120_000 });
});
