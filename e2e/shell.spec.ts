import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { ROOT } from '../scripts/house.mjs';
import { serve } from '../scripts/serve.mjs';
import { buildShell } from '../scripts/shell.mjs';
import { expect, test } from './fixtures.ts';
import { startProxy } from './proxy.ts';
import * as user from './user.ts';

test.use({ serviceWorkers: 'allow' });

const dist = (): string => process.env.E2E_DIR ?? join(ROOT, 'dist');

/** Until all the page's files are kept. */
const shellReady = (page: Page): Promise<unknown> =>
  page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    while (active?.state !== 'activated') await new Promise((later) => setTimeout(later, 50));
  });

test('nothing leaves, as seen from inside the browser and from outside of it; after that visit the page starts without a network', async ({
  playwright,
  launchOptions,
}) => {
  test.slow();
  const server = await serve({ dir: dist(), port: 0 });
  const { origin } = new URL(server.url);
  const proxy = await startProxy(origin);
  const browser = await playwright.chromium.launch({ ...launchOptions, proxy: { server: proxy.url, bypass: '<-loopback>' } });
  try {
    const context = await browser.newContext({ locale: 'en-GB' });
    const foreign: string[] = [];
    context.on('request', (request) => {
      if (/^https?:/.test(request.url()) && new URL(request.url()).origin !== origin) foreign.push(request.url());
    });
    const page = await context.newPage();
    await page.goto(`${server.url}?pack=tiny`);
    await user.modelReady(page);
    await user.button(page, 'Try a sample').click();
    await user.probabilities(page);
    await user.button(page, 'Explain').click();
    await user.answered(page);
    await shellReady(page);
    expect(proxy.passed()).toBeGreaterThan(20);
    expect([...foreign, ...proxy.foreign]).toEqual([]);

    // No policy keeps a page from opening another one: both must see that it does.
    const opened = context.waitForEvent('page');
    await page.evaluate(() => void window.open('http://leak.invalid/?of=this'));
    await (await opened).close();
    await expect.poll(() => foreign).toContain('http://leak.invalid/?of=this');
    expect(proxy.foreign).toEqual(['GET http://leak.invalid/?of=this']);

    await server.close();
    await page.reload();
    await user.modelReady(page);
    // With the headers that threads need, and the policy.
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    const kept = await page.evaluate(async () => (await fetch('./?pack=tiny')).headers.get('content-security-policy'));
    expect(kept).toContain("connect-src 'self'");
    // What was open is there, and can be asked again.
    await expect(user.readings(page).getByRole('meter')).toHaveCount(user.EMOTIONS.length);
    await user.button(page, 'Explain').click();
    await user.answered(page, 2);
  } finally {
    await browser.close();
    await proxy.close();
    await server.close().catch(() => {});
  }
});

test('a new version waits until it is asked for, and until no other tab shows the old one; what is open stays', async ({ browser }) => {
  test.slow();
  // On a server of its own.
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  const folder = mkdtempSync(join(tmpdir(), 'versions-'));
  // A folder of the host, as on many static hosts.
  const app = join(folder, 'apps', 'emollm');
  mkdirSync(app, { recursive: true });
  for (const name of readdirSync(dist())) if (!/^(shell\.js|index\.html)$/.test(name)) symlinkSync(join(dist(), name), join(app, name));
  const publish = async (version: string) => {
    const index = readFileSync(join(dist(), 'index.html'), 'utf8').replace('<html lang="en"', `<html lang="en" data-version="${version}"`);
    writeFileSync(join(app, 'index.html'), index);
    await buildShell(app);
  };
  await publish('1');
  const server = await serve({ dir: folder, port: 0 });
  const version = (of: Page) => of.evaluate(() => document.documentElement.dataset.version);
  const address = `${server.url}apps/emollm/?pack=tiny`;
  try {
    await page.goto(address);
    await user.modelReady(page);
    await user.button(page, 'Try a sample').click();
    await user.probabilities(page);
    await shellReady(page);

    await publish('2');
    await page.reload();
    // Still the old one, though its server has the new one only.
    expect(await version(page)).toBe('1');
    await expect(page.getByText('A new version is ready.')).toBeVisible(user.PATIENCE);
    const other = await context.newPage();
    await other.goto(new URL('icon.svg', address).href);
    await user.button(page, 'Reload').click();
    await expect(page.getByText('Other tabs show this page')).toBeVisible();
    expect(await version(page)).toBe('1');
    await other.close();
    await user.button(page, 'Reload').click();
    await expect.poll(() => version(page).catch(() => null), user.PATIENCE).toBe('2');
    await expect(user.readings(page).getByRole('meter')).toHaveCount(user.EMOTIONS.length, user.PATIENCE);
    await expect(page.getByText('A new version is ready.')).toHaveCount(0);

    await test.step('all that the site keeps can be removed', async () => {
      await user.button(page, 'Sessions').click();
      await user.button(page, 'Remove everything this site keeps').click();
      await user.button(page, 'Remove all').click();
      await expect(user.button(page, 'Try a sample')).toBeVisible(user.PATIENCE);
      const left = await page.evaluate(async () => ({
        workers: (await navigator.serviceWorker.getRegistrations()).length,
        settings: localStorage.getItem('emollm-settings'),
      }));
      expect(left.settings).toBeNull();
    });
  } finally {
    await context.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
