import AxeBuilder from '@axe-core/playwright';
import { expect, fixture, test } from './fixtures.ts';

test('the page opens, isolated, and asks nobody but its own host', async ({ page, foreignRequests }) => {
  await page.goto('/?pack=tiny');
  await expect(page).toHaveTitle(/EmoLLM/);
  for (const name of ['Start camera', 'Open files', 'Try a sample']) await expect(page.getByRole('button', { name }).first()).toBeVisible();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await page.waitForLoadState('networkidle');
  expect(foreignRequests).toEqual([]);
});

test.describe('the security policy', () => {
  test.use({ mayBeRefused: true });
  test('the browser itself refuses a foreign request, in the page and in a worker', async ({ page, refusals, server }) => {
    await page.goto('/?pack=tiny');
    const outcomes = await page.evaluate(async () => {
      const attempt = "fetch('https://example.invalid/').then(() => 'sent', (error) => String(error))";
      const violation = new Promise<string>((done) =>
        addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective)),
      );
      const inPage = await fetch('https://example.invalid/').then(
        () => 'sent',
        () => 'refused',
      );
      const worker = new Worker(
        URL.createObjectURL(new Blob([`${attempt}.then((outcome) => postMessage(outcome))`], { type: 'text/javascript' })),
      );
      const inWorker = await new Promise<string>((done) => {
        worker.onmessage = (event: MessageEvent<string>) => done(event.data);
      });
      worker.terminate();
      return { inPage, inWorker, violation: await violation };
    });
    expect(outcomes).toEqual({ inPage: 'refused', inWorker: expect.not.stringMatching('sent'), violation: 'connect-src' });
    await expect.poll(() => refusals.length).toBeGreaterThan(0);
    expect((await page.request.get(server.url)).headers()['content-security-policy']).toContain("connect-src 'self'");
  });
});

test('@no-isolation the page opens from a plain static host', async ({ page }) => {
  await page.goto('/?pack=tiny');
  await expect(page.getByRole('button', { name: 'Try a sample' }).first()).toBeVisible();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
});

test('@webgpu the browser has a WebGPU adapter', async ({ page }) => {
  await page.goto('/?pack=tiny');
  expect(await page.evaluate(async () => (await navigator.gpu.requestAdapter()) !== null)).toBe(true);
});

test('@camera the fake camera shows the clip', async ({ page }) => {
  await page.goto('/?pack=tiny');
  const size = await page.evaluate(async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    const settings = stream.getVideoTracks()[0]?.getSettings();
    for (const track of stream.getTracks()) track.stop();
    return { width: settings?.width, height: settings?.height };
  });
  expect(size.width).toBeGreaterThan(0);
  expect(size.height).toBeGreaterThan(0);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the first screen has no serious accessibility finding, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto('/?pack=tiny');
    await expect(page.getByRole('button', { name: 'Try a sample' }).first()).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual([]);
  });
}

test('a file that is no picture says so, and what to do', async ({ page }) => {
  await page.goto('/?pack=tiny');
  await page.locator('input[type=file]').setInputFiles(fixture('not-a-picture.txt'));
  const alert = page.getByRole('alert');
  await expect(alert).toBeVisible();
  await expect(alert).toContainText(/picture/i);
});
