import { expect, test } from './fixtures.ts';

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
