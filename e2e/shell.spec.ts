import { createHash } from 'node:crypto';
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
    await user.packKept(page);
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

/** Of the tiny pack, a small file that another version of the pack has otherwise. */
const CHANGED = 'tokenizer_config.json';

interface Site {
  /** Absolute, ending in `/`. */
  folder: string;
  /** A version of page and pack takes the place of the one before it. */
  publish(version: string): Promise<void>;
  /** sha256 of the file that differs, by version. */
  changed: Record<string, string>;
}

/** A host with the page in one of its folders, as on many static hosts. */
function makeSite(): Site {
  const folder = mkdtempSync(join(tmpdir(), 'versions-'));
  const app = join(folder, 'apps', 'emollm');
  const linkAll = (from: string, except: string[]): void => {
    mkdirSync(join(app, from), { recursive: true });
    for (const name of readdirSync(join(dist(), from))) {
      if (!except.includes(name)) symlinkSync(join(dist(), from, name), join(app, from, name));
    }
  };
  linkAll('', ['shell.js', 'index.html', 'models']);
  linkAll('models', ['tiny']);
  linkAll('models/tiny', ['manifest.json', CHANGED]);
  const changed: Record<string, string> = {};
  const publish = async (version: string) => {
    const read = (path: string): string => readFileSync(join(dist(), path), 'utf8');
    writeFileSync(join(app, 'index.html'), read('index.html').replace('<html lang="en"', `<html lang="en" data-version="${version}"`));
    const text = read(`models/tiny/${CHANGED}`) + '\n'.repeat(Number(version));
    const sha256 = createHash('sha256').update(text).digest('hex');
    changed[version] = sha256;
    const manifest = JSON.parse(read('models/tiny/manifest.json')) as { files: { path: string; bytes: number; sha256: string }[] };
    const files = manifest.files.map((file) => (file.path === CHANGED ? { ...file, bytes: Buffer.byteLength(text), sha256 } : file));
    writeFileSync(join(app, 'models/tiny', CHANGED), text);
    writeFileSync(join(app, 'models/tiny/manifest.json'), JSON.stringify({ ...manifest, version, files }));
    await buildShell(app);
  };
  return { folder, publish, changed };
}

/** The names of all files that are kept of packs: their hashes. */
const keptFiles = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const names: string[] = [];
    const packs = await (await navigator.storage.getDirectory()).getDirectoryHandle('emollm-packs-1');
    for await (const folder of packs.values()) for await (const name of (folder as FileSystemDirectoryHandle).keys()) names.push(name);
    return names;
  });

test('a new version waits until it is asked for, and until no other tab shows the old one; pack and page change together; what is open stays', async ({
  browser,
}) => {
  test.slow();
  // On a server of its own.
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  const { folder, publish, changed } = makeSite();
  await publish('1');
  const server = await serve({ dir: folder, port: 0 });
  const version = (of: Page) => of.evaluate(() => document.documentElement.dataset.version);
  const packVersion = (of: Page) =>
    of.evaluate(async () => ((await (await fetch('./models/tiny/manifest.json')).json()) as { version: string }).version);
  const keptVersions = async (of: Page) => {
    const files = await keptFiles(of);
    return Object.keys(changed).filter((each) => files.includes(changed[each] ?? ''));
  };
  const address = `${server.url}apps/emollm/?pack=tiny`;
  try {
    await page.goto(address);
    await user.modelReady(page);
    await user.button(page, 'Try a sample').click();
    await user.probabilities(page);
    await shellReady(page);
    await user.packKept(page);
    await user.button(page, 'Sessions').click(); // the dialog writes what is open
    await expect(page.getByRole('list', { name: 'Kept sessions' }).getByRole('listitem')).toHaveCount(1);
    await page.keyboard.press('Escape');

    await publish('2');
    // On the very first visit, too: nothing of another version comes into the open page.
    await expect.poll(() => packVersion(page)).toBe('1');
    await page.reload();
    // Still the old one, and its pack, though its server has the new ones only.
    expect(await version(page)).toBe('1');
    await user.modelReady(page);
    expect(await packVersion(page)).toBe('1');
    await expect(page.getByText('A new version is ready.')).toBeVisible(user.PATIENCE);
    const other = await context.newPage();
    await other.goto(new URL('icon.svg', address).href);
    await user.button(page, 'Reload').click();
    await expect(page.getByText('Other tabs show this page')).toBeVisible();
    expect(await version(page)).toBe('1');
    await other.close();
    expect(await keptVersions(page)).toEqual(['1']);
    // The closed tab may be counted for a moment more.
    await expect(async () => {
      await user
        .button(page, 'Reload')
        .click({ timeout: 5000 })
        .catch(() => {});
      await expect.poll(() => version(page).catch(() => null), { timeout: 10_000 }).toBe('2');
    }).toPass(user.PATIENCE);
    await expect(user.readings(page).getByRole('meter')).toHaveCount(user.EMOTIONS.length, user.PATIENCE);
    await expect(page.getByText('A new version is ready.')).toHaveCount(0);
    await user.modelReady(page);
    expect(await packVersion(page)).toBe('2');
    // What is of the old pack alone takes no room any more.
    await expect.poll(() => keptVersions(page)).toEqual(['2']);

    await test.step('all that the site keeps can be removed', async () => {
      await user.button(page, 'Sessions').click();
      await user.button(page, 'Remove everything this site keeps').click();
      await user.button(page, 'Remove all').click();
      await expect(user.button(page, 'Try a sample')).toBeVisible(user.PATIENCE);
      expect(await page.evaluate(() => localStorage.getItem('emollm-settings'))).toBeNull();
    });
  } finally {
    await context.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
