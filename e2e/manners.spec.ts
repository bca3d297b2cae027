import type { BrowserContext, Page } from '@playwright/test';
import { messages } from '../src/ui/messages.ts';
import { german } from '../src/ui/messages-de.ts';
import { expect, test } from './fixtures.ts';
import * as user from './user.ts';

/** As somebody comes who has never been here. */
const firstVisit = (page: Page, query = ''): Promise<unknown> => page.goto(`/?pack=tiny${query}`);

function strings(tree: unknown): string[] {
  if (typeof tree === 'string') return [tree];
  return typeof tree === 'object' && tree !== null ? Object.values(tree).flatMap(strings) : [];
}

/** What is said in English alone. */
const ENGLISH = new Set(strings(messages).filter((text) => /[a-z]{3}/i.test(text)));
for (const text of strings(german)) ENGLISH.delete(text);

/** All that is seen and all that is heard, but what is marked as English. */
const said = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const texts: string[] = [];
    const walk = (element: Element): void => {
      if (element.closest('[lang=en], script, style, svg') !== null) return;
      for (const name of ['aria-label', 'title', 'placeholder', 'aria-description', 'data-hint'])
        texts.push(element.getAttribute(name) ?? '');
      for (const child of element.childNodes) {
        if (child instanceof Element) walk(child);
        else texts.push((child.textContent ?? '').trim());
      }
    };
    walk(document.body);
    return texts.filter((text) => text !== '');
  });

async function expectGerman(page: Page, where: string): Promise<void> {
  const texts = await said(page);
  expect(texts.length, where).toBeGreaterThan(20);
  expect(
    texts.filter((text) => ENGLISH.has(text)),
    where,
  ).toEqual([]);
}

test.describe('in German', () => {
  test('nothing of the page is English: first visit, help, an explained picture, an error', async ({ page }) => {
    test.slow();
    await firstVisit(page, '&lang=de');
    await expect(user.button(page, 'Kamera starten')).toBeVisible();
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    await expectGerman(page, 'first visit');
    await user.button(page, 'Hilfe').click();
    await expect(user.button(page, 'Was dieses Gerät verlässt')).toBeVisible(); // the dialog's script is here
    await expectGerman(page, 'help');
    await user.button(page, 'Was dieses Gerät verlässt').click();
    await expect(page.getByRole('table')).toBeVisible();
    await expectGerman(page, 'what leaves the device');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');

    await user.button(page, 'Beispiel ansehen').click();
    await expect(page.getByRole('meter', { name: 'Freude' })).toBeVisible(user.PATIENCE);
    await user.button(page, 'Erklären').click();
    const explanation = page.getByRole('log', { name: 'Begründung' }).getByRole('article');
    await expect(explanation).toHaveAttribute('data-phase', 'done', user.PATIENCE);
    await expect(page.getByText('Der Text wird auf Englisch geschrieben.')).toBeVisible();
    await expectGerman(page, 'explained');
    await user.button(page, 'Einstellungen').click();
    await expectGerman(page, 'settings');
    await page.keyboard.press('Escape');

    await user.drop(page, 'empty.png');
    await expect(user.alert(page)).toContainText('Diese Datei ist leer.');
    await expectGerman(page, 'an error');
  });

  test('the browser’s own language is spoken, another one on choice; what is open stays, and the next visit remembers', async ({
    browser,
    baseURL,
  }) => {
    const context = await browser.newContext({ locale: 'de-AT', ...(baseURL === undefined ? {} : { baseURL }) });
    const page = await context.newPage();
    await firstVisit(page);
    await user.button(page, 'Beispiel ansehen').click();
    await expect(page.getByRole('meter', { name: 'Freude' })).toBeVisible(user.PATIENCE);
    await user.button(page, 'Einstellungen').click();
    await page.getByRole('radio', { name: 'English' }).click();
    await expect(page.getByRole('meter', { name: 'happiness' })).toBeVisible();
    await expect(user.button(page, 'Settings')).toBeFocused();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    await page.reload();
    await expect(user.button(page, 'Explain')).toBeVisible();
    await context.close();
  });
});

test('the network panel lists what the browser asked for, and nothing of it went elsewhere', async ({ page, context, server }) => {
  const seen = watchRequests(context);
  await firstVisit(page);
  await user.modelReady(page);
  await user.button(page, 'Try a sample').click();
  await user.probabilities(page);
  await user.button(page, 'Help').click();
  await user.button(page, 'What leaves this device').click();
  const panel = page.getByRole('dialog', { name: 'What leaves this device' });
  await expect(panel.getByRole('cell', { name: 'models/tiny/manifest.json' })).toBeVisible();
  await expect(panel).toContainText('Nothing went to any other host.');
  await expect(panel.locator('dl').first()).toContainText('To other hosts0');
  await expect(panel.locator('code')).toHaveText(["connect-src 'self'", "connect-src 'self'"]);

  // Playwright saw each of them go out, from the page and from its worker, and none besides; a row is there when the answer is.
  const differing = async () => {
    const rows = await panel
      .getByRole('row')
      .evaluateAll((all) => all.slice(1).map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? '')));
    expect(rows.filter(([, to]) => to !== 'this site')).toEqual([]);
    const listed = new Set(rows.map(([address = '']) => new URL(address, server.url).href));
    return [...[...seen].filter((url) => !listed.has(url)), ...[...listed].filter((url) => !seen.has(url))];
  };
  await expect.poll(differing).toEqual([]);
});

test.describe('a refused request', () => {
  test.use({ mayBeRefused: true });
  test('is counted in the network panel', async ({ page }) => {
    await firstVisit(page);
    await expect(user.button(page, 'Help')).toBeVisible();
    await page.evaluate(() => fetch('https://example.invalid/').catch(() => {}));
    await user.button(page, 'Help').click();
    await user.button(page, 'What leaves this device').click();
    await expect(page.getByRole('dialog', { name: 'What leaves this device' })).toContainText('Refused by the security policy1');
  });
});

/** The addresses that were asked for, of pages and workers, without what the page keeps in its own memory. */
function watchRequests(context: BrowserContext): Set<string> {
  const seen = new Set<string>();
  context.on('request', (request) => {
    if (/^https?:/.test(request.url())) seen.add(request.url());
  });
  return seen;
}

test('@camera before the first camera stands a notice, once; a file is as good a way on', async ({ page }) => {
  await firstVisit(page);
  const notice = page.getByRole('dialog', { name: 'Before the camera starts' });
  await user.button(page, 'Start camera').click();
  await expect(notice).toContainText('Whoever is in the picture must know and agree.');
  await user.button(page, 'Not now').click();
  await expect(notice).toHaveCount(0);
  await expect(user.button(page, 'Start camera')).toBeFocused();

  await user.button(page, 'Start camera').click();
  const chooser = page.waitForEvent('filechooser');
  await user.button(page, 'Open a file instead').click();
  await chooser;
  await expect(notice).toHaveCount(0);
  expect(await page.evaluate(() => [...document.querySelectorAll('video')].some((video) => video.srcObject !== null))).toBe(false);

  await user.button(page, 'Start camera').click();
  await user.button(page, 'I understand – start the camera').click();
  await expect(page.getByText('Camera is being analysed')).toBeVisible();
  await user.button(page, 'Stop').click();
  await user.button(page, 'Start camera').click();
  await expect(page.getByText('Camera is being analysed')).toBeVisible();
  await page.reload();
  await user.button(page, 'Start camera').click();
  await expect(page.getByText('Camera is being analysed')).toBeVisible();
});

test('@camera the sign of the camera goes off while the page is hidden, and after a minute the camera itself', async ({ page }) => {
  await user.openPage(page);
  await user.button(page, 'Start camera').click();
  const sign = page.locator('.camera-sign');
  await expect(sign).toHaveAttribute('data-analysing', 'true');
  const hide = (hidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, value });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await hide(true);
  await expect(sign).toHaveAttribute('data-analysing', 'false');
  await expect(sign).toContainText('waits while the tab is hidden');
  await expect(page).not.toHaveTitle(/●/);
  await hide(false);
  await expect(sign).toHaveAttribute('data-analysing', 'true');

  // Hidden for longer than a minute: the camera itself goes off, and comes back to the same session with one click.
  const track = await page.evaluateHandle(() => {
    const stream = document.querySelector('video')?.srcObject;
    return stream instanceof MediaStream ? stream.getVideoTracks()[0] : null;
  });
  const state = () => track.evaluate((each) => each?.readyState);
  await user.probabilities(page);
  await page.clock.install();
  await hide(true);
  await page.clock.fastForward(50_000); // and the clock goes on by itself
  expect(await state()).toBe('live');
  await page.clock.fastForward(11_000);
  await expect.poll(state).toBe('ended');
  await page.clock.resume();
  await hide(false);
  await expect(page.getByText('The camera was turned off while you were away.')).toBeVisible();
  await expect(user.readings(page).getByRole('meter')).toHaveCount(user.EMOTIONS.length);
  await user.button(page, 'Go on').click();
  await expect(sign).toHaveAttribute('data-analysing', 'true');
  await expect(page.getByText('The camera was turned off while you were away.')).toHaveCount(0);
  await expect(page.getByRole('navigation', { name: 'Items' }).getByRole('button', { name: /^Camera/ })).toHaveCount(1);
});

/** Presses Tab until the control of that name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let press = 0; press < 60; press += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute('aria-label') ?? element?.textContent?.trim() ?? '';
    });
    if (focused === name) return;
  }
  throw new Error(`Tab does not lead to ${name}`);
}

test('with no key but those of the help sheet: sample, explanation, evidence, export, help', async ({ page }) => {
  await firstVisit(page);
  await user.modelReady(page);
  await tabTo(page, 'Try a sample');
  await page.keyboard.press('Enter');
  await user.probabilities(page);
  await page.keyboard.press('e');
  await user.answered(page);
  await tabTo(page, 'Export');
  await page.keyboard.press('Enter');
  const download = page.waitForEvent('download');
  // The first letters lead to an entry of a menu.
  await page.keyboard.type('json');
  await page.keyboard.press('Enter');
  expect((await download).suggestedFilename()).toMatch(/^emollm-.*\.json$/);
  // The focus is where it was, and leads on to the text and its evidence.
  await expect(user.button(page, 'Export')).toBeFocused();
  await tabTo(page, 'Reasoning');
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys and manners' });
  await expect(help).toBeVisible();
  for (const key of ['E', 'Space', 'M', 'P', 'Esc', '?', 'Home', 'End'])
    await expect(help.locator('kbd', { hasText: new RegExp(`^\\${key}$`) })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(help).toHaveCount(0);
  await expect(page.getByRole('log', { name: 'Reasoning' })).toBeFocused();
});

test('an answer is said once, when it is there, and not word by word', async ({ page }) => {
  await user.openPage(page);
  await user.modelReady(page);
  await user.button(page, 'Try a sample').click();
  await user.probabilities(page);
  // What a screen reader would say: changes in regions that are live, by the region.
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    new MutationObserver((records) => {
      for (const { target } of records) {
        const element = target instanceof Element ? target : target.parentElement;
        const region = element?.closest('[aria-live], [role=status], [role=alert], [role=log]');
        if (region && region.getAttribute('aria-live') !== 'off') heard.push((region.textContent ?? '').trim());
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await user.button(page, 'Explain').click();
  await user.answered(page);
  const heardSoFar = () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  await expect.poll(async () => (await heardSoFar()).filter((text) => text.startsWith('Emotion: ')).length).toBe(1);
  const heard = await heardSoFar();
  const answers = heard.filter((text) => text.startsWith('Emotion: '));
  expect(answers[0]).toMatch(new RegExp(`^Emotion: (${user.EMOTIONS.join('|')})\\.$`));
  expect(heard.filter((text) => text.includes('Observe'))).toEqual([]);
});

test('nothing moves where motion is to be reduced', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await user.openPage(page);
  await user.modelReady(page);
  await user.button(page, 'Try a sample').click();
  await user.probabilities(page);
  await user.button(page, 'Explain').click();
  await expect(user.explanation(page)).toHaveAttribute('data-phase', /running|done/);
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  await user.button(page, 'Help').click();
  await expect(user.button(page, 'What leaves this device')).toBeVisible();
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});

const PHONES = [
  { name: 'upright', width: 390, height: 844, stage: 200 },
  { name: 'on its side', width: 844, height: 390, stage: 150 },
];
for (const { name, width, height, stage } of PHONES) {
  test.describe(`on a phone ${name}`, () => {
    test.use({ viewport: { width, height }, hasTouch: true });
    test('nothing is wider than the screen, and the picture has its room beside all else', async ({ page }) => {
      test.slow();
      const fits = async (state: string) => {
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(overflow, state).toBe(0);
      };
      for (const lang of ['en', 'de']) {
        await firstVisit(page, `&lang=${lang}`);
        await expect(page.locator('.way-in').first()).toBeInViewport({ ratio: 1 });
        await fits(`first visit, ${lang}`);
      }
      await user.openPage(page);
      await user.button(page, 'Help').tap();
      await expect(user.button(page, 'What leaves this device')).toBeVisible();
      await fits('help');
      await user.button(page, 'What leaves this device').tap();
      await expect(page.getByRole('table', { name: 'Every request' })).toBeVisible();
      await fits('network');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await user.drop(page, 'clip.webm');
      await user.probabilities(page);
      for (const tab of ['Readings', 'Reasoning', 'Timeline']) {
        await page.getByRole('tab', { name: tab }).tap();
        await fits(tab);
        expect((await user.stage(page).boundingBox())?.height, tab).toBeGreaterThan(stage);
        for (const control of ['Explain', 'Stop', 'Export']) await expect(user.button(page, control)).toBeInViewport({ ratio: 1 });
      }
    });
  });
}
