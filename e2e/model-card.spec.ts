import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, fixture, test } from './fixtures.ts';
import * as user from './user.ts';

test('the model card from the Model line: figures, confusion by task, what it is not for, and whether another build was measured', async ({
  page,
}) => {
  await user.bringCard(page);
  await user.openPage(page);
  await user.modelReady(page);
  const open = user.model(page).getByRole('button', { name: 'Model card' });
  await open.focus();
  await page.keyboard.press('Enter');

  const card = user.modelCard(page);
  await expect(card).toContainText('These figures were measured on another build of the pack.');
  // The card's words are words, whatever they look like.
  await expect(card.getByText('<b>Decisions</b> about a person.')).toBeVisible();
  const figures = card.getByRole('table', { name: 'How often it is right' });
  await expect(figures.getByRole('row', { name: /^faces affect head/ }).getByRole('cell')).toHaveText([
    '3137',
    '84.0%',
    '0.59',
    '34.5%',
    '0.06',
    '–',
    '–',
    '0.017',
  ]);
  await expect(card.getByRole('img', { name: /97% sure: 96% right, of 2695/ })).toBeVisible();
  await expect(card).toContainText('Readings below 54% are called uncertain.');
  await expect(card.getByRole('table', { name: 'Under other conditions' }).getByRole('row')).toHaveCount(3);

  const confusion = card.getByRole('table', { name: /^What it takes for what/ });
  await expect(confusion.getByRole('row', { name: /^happiness/ }).getByRole('cell')).toHaveText(['31', '900', '2', '0']);
  await card.getByRole('combobox', { name: 'Task' }).click();
  await page.getByRole('option', { name: 'sarcasm, language model' }).click();
  await expect(confusion.getByRole('row', { name: /^no/ }).getByRole('cell')).toHaveText(['55', '10']);

  await page.keyboard.press('Escape');
  await expect(card).toHaveCount(0);
  await expect(open).toBeFocused();

  // A card of the very build that is loaded says nothing of another.
  await page.route('**/card.json', async (route) => {
    const manifest = await (await page.request.get('models/tiny/manifest.json')).body();
    const own = JSON.parse(await readFile(fixture('card.json'), 'utf8')) as object;
    await route.fulfill({ json: { ...own, pack: createHash('sha256').update(manifest).digest('hex') } });
  });
  await page.keyboard.press('Enter');
  await expect(card.getByRole('table')).toHaveCount(3);
  await expect(card).not.toContainText('another build');
});

test('no card, a broken one and a lost connection each say so; trying again mends it', async ({ page }) => {
  await user.openPage(page);
  let answer: 'absent' | 'broken' | 'offline' | 'whole' = 'absent';
  await page.route('**/card.json', async (route) => {
    if (answer === 'absent') await route.fulfill({ status: 404, contentType: 'text/plain', body: 'Not found\n' });
    else if (answer === 'broken') await route.fulfill({ json: { format: 1, title: 'half a card' } });
    else if (answer === 'offline') await route.abort();
    else await route.fulfill({ path: fixture('card.json') });
  });
  const card = user.modelCard(page);

  // Upon the help sheet: Escape closes one after the other.
  await user.button(page, 'Help').click();
  const help = page.getByRole('dialog', { name: 'Keys and manners' });
  await help.getByRole('button', { name: 'Model card' }).click();
  await expect(card).toContainText('This pack brings no model card.');
  await page.keyboard.press('Escape');
  await expect(card).toHaveCount(0);
  await expect(help).toBeVisible();

  answer = 'broken';
  await help.getByRole('button', { name: 'Model card' }).click();
  await expect(card.getByRole('alert')).toContainText('The model card could not be read.');
  answer = 'offline';
  await user.button(page, 'Try again').click();
  await expect(card.getByRole('alert')).toContainText('The model card could not be fetched.');
  answer = 'whole';
  await user.button(page, 'Try again').click();
  await expect(card.getByRole('table')).toHaveCount(3);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });
  test('the card fits the width; its tables scroll in themselves', async ({ page }) => {
    await user.bringCard(page);
    await user.openPage(page);
    await user.button(page, 'Model card').tap();
    const card = user.modelCard(page);
    await expect(card.getByRole('table')).toHaveCount(3);
    const tooWide = (selector: string) =>
      page.evaluate((name) => {
        const element = document.querySelector(name);
        return element === null ? Number.NaN : element.scrollWidth - element.clientWidth;
      }, selector);
    expect(await tooWide('html')).toBe(0);
    expect(await tooWide('.card-body')).toBe(0);
    expect(await tooWide('.card-scroll')).toBeGreaterThan(0);
    await card.getByRole('listitem').last().scrollIntoViewIfNeeded();
    await card.getByRole('button', { name: 'Close' }).tap();
    await expect(card).toHaveCount(0);
  });
});
