import { expect, test } from './fixtures.ts';
import * as user from './user.ts';

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
    await expect(user.button(page, 'Try a sample')).toBeVisible();
    const inPage = await page.evaluate(async () => {
      const violation = new Promise<string>((done) =>
        addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective), { once: true }),
      );
      const asked = await fetch('https://example.invalid/').then(
        () => 'sent',
        () => 'refused',
      );
      const outcome = (work: () => unknown): string => {
        try {
          work();
          return 'done';
        } catch (error) {
          return error instanceof Error ? error.name : 'refused';
        }
      };
      const script = URL.createObjectURL(new Blob(["fetch('https://example.invalid/')"], { type: 'text/javascript' }));
      const allows = (feature: string) => (document as unknown as { featurePolicy: FeaturePolicy }).featurePolicy.allowsFeature(feature);
      interface FeaturePolicy {
        allowsFeature: (feature: string) => boolean;
      }
      return {
        asked,
        violation: await violation,
        // biome-ignore lint/security/noGlobalEval: that it is refused is what is tested
        evaluated: outcome(() => window.eval('1')),
        blobWorker: outcome(() => new Worker(script)),
        foreignWorker: outcome(() => new Worker('https://example.invalid/worker.js')),
        markup: outcome(() => {
          document.createElement('p').innerHTML = '<img src="x" onerror="alert(1)">';
        }),
        abilities: ['camera', 'microphone', 'geolocation', 'usb'].filter(allows),
      };
    });
    expect(inPage).toEqual({
      asked: 'refused',
      violation: 'connect-src',
      evaluated: 'EvalError',
      blobWorker: 'TypeError',
      foreignWorker: 'TypeError',
      markup: 'TypeError',
      abilities: ['camera'],
    });
    await expect.poll(() => page.workers().length).toBeGreaterThan(0);
    const [analyzer] = page.workers();
    const ask = () =>
      fetch('https://example.invalid/').then(
        () => 'sent',
        () => 'refused',
      );
    expect(await analyzer?.evaluate(ask)).toBe('refused');
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
