/** The pack's goldens in Chromium: the numbers of Python and Node, on WASM and on WebGPU (SwiftShader). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './fixtures.ts';

const REAL_PACK = join(import.meta.dirname, '../public/models/emollm-s/manifest.json');

/** Those of the fast path and of the deep path up to the language model. */
const GRAPHS = [
  'face-detector-short',
  'face-detector-full',
  'face-landmarks',
  'face-encoder',
  'scene-encoder',
  'projection',
  'text-detector',
  'text-recognizer',
];

async function selfTest(page: import('@playwright/test').Page, query: string): Promise<void> {
  await page.goto(`/self-test.html?${query}`);
  // The list says which number is off; the status alone would only say that one is.
  await expect(page.getByRole('status')).not.toHaveText('Running …', { timeout: 280_000 });
  await expect(page.locator('#faults li')).toHaveText([]);
  await expect(page.getByRole('status')).toContainText('All numbers agree');
}

test.describe('goldens of the tiny pack', () => {
  test.setTimeout(300_000);
  test('on WASM', async ({ page }) => selfTest(page, 'pack=tiny&backend=wasm'));
  test('on WASM with one thread, without isolation', { tag: '@no-isolation' }, async ({ page }) =>
    selfTest(page, 'pack=tiny&backend=wasm'),
  );
  test('on WebGPU, every graph but the language model', { tag: '@webgpu' }, async ({ page }) =>
    selfTest(page, `pack=tiny&backend=webgpu&graphs=${GRAPHS.join(',')}`),
  );
  test('on WebGPU, the language model', { tag: '@webgpu' }, async ({ page }) => selfTest(page, 'pack=tiny&backend=webgpu'));
});

test.describe('goldens of the real pack', () => {
  test.skip(!existsSync(REAL_PACK), 'public/models/emollm-s is not there');
  test.setTimeout(300_000);
  test('on WASM', async ({ page }) => selfTest(page, 'backend=wasm&tokens=4'));
  test('its encoders on WebGPU', { tag: '@webgpu' }, async ({ page }) =>
    selfTest(page, 'backend=webgpu&graphs=face-encoder,scene-encoder,projection'),
  );
  test('two decode steps on WebGPU', { tag: '@webgpu' }, async ({ page }) =>
    selfTest(page, 'backend=wasm&backend.language-model=webgpu&graphs=face-encoder,scene-encoder,projection,language-model&tokens=2'),
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
