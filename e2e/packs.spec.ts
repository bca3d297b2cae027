/** Packs from the user's own disk, dropped as a ZIP and opened as a folder; and two of them on one picture. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Locator, Page, TestInfo } from '@playwright/test';
import { zipSync } from 'fflate';
import { expect, fixture, test } from './fixtures.ts';
import * as user from './user.ts';

const TINY = join(import.meta.dirname, '../public/models/tiny');

const dialog = (page: Page): Locator => page.getByRole('dialog', { name: 'Model packs' });
const pack = (page: Page, title: string): Locator => dialog(page).getByRole('listitem', { name: title });

interface Listed {
  files: { path: string }[];
}

/** The tiny pack under another name, as a folder. */
async function ownPack(info: TestInfo, id: string): Promise<string> {
  const folder = info.outputPath(id);
  await mkdir(folder, { recursive: true });
  const manifest: Listed = { ...JSON.parse(await readFile(join(TINY, 'manifest.json'), 'utf8')), id, title: `Pack ${id}` };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  for (const { path } of manifest.files) await cp(join(TINY, path), join(folder, path));
  return folder;
}

async function zipOf(folder: string): Promise<string> {
  const { files }: Listed = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  const paths = ['manifest.json', ...files.map(({ path }) => path)];
  const entries = await Promise.all(paths.map(async (path) => [`pack/${path}`, await readFile(join(folder, path))] as const));
  await writeFile(`${folder}.zip`, zipSync(Object.fromEntries(entries), { level: 0 }));
  return `${folder}.zip`;
}

test('own packs: a dropped ZIP and a folder are kept, used, compared and deleted; a damaged one is refused', async ({ page }, info) => {
  test.slow();
  await user.openPage(page, 'backend=wasm');
  await user.modelReady(page);
  const folder = await ownPack(info, 'mine');
  // Two at once: one after the other, and the one that is none says so by its name.
  const none = info.outputPath('none.zip');
  await writeFile(none, zipSync({ 'manifest.json': new Uint8Array([123]) }));
  await user.drop(page, relative(fixture('.'), await zipOf(folder)), none);
  await expect(pack(page, 'Pack mine')).toContainText('Pack mine is on this device.', user.PATIENCE);
  await expect(pack(page, 'Pack mine')).toContainText('opened from this device');
  await expect(dialog(page).getByText('Not opened: none.zip')).toBeVisible(user.PATIENCE);
  await dialog(page).getByRole('alert').getByRole('button', { name: 'Close' }).click();

  // A folder of which one file is another than its manifest says.
  const damaged = await ownPack(info, 'damaged');
  await writeFile(join(damaged, 'projection.onnx'), 'not what it was');
  const choosing = page.waitForEvent('filechooser');
  await dialog(page).getByRole('button', { name: 'Open a pack folder' }).click();
  await (await choosing).setFiles(damaged);
  await expect(dialog(page).getByRole('alert')).toContainText('projection.onnx', user.PATIENCE);
  await expect(pack(page, 'Pack damaged')).toHaveCount(0);

  await pack(page, 'Pack mine').getByRole('button', { name: 'Use Pack mine' }).click();
  await expect(pack(page, 'Pack mine')).toContainText('in use');
  await page.keyboard.press('Escape');
  await user.modelReady(page);
  await user.button(page, 'Model card').click();
  await expect(user.modelCard(page)).toContainText('The pack in use, mine, lies on this device.');
  await page.keyboard.press('Escape');

  // What is no address is refused in our own words, not in the browser's.
  await user.button(page, 'Model packs').click();
  await dialog(page).getByLabel('Address of a mirror').fill('mirror of ours');
  await page.keyboard.press('Enter');
  await expect(dialog(page).getByRole('alert')).toContainText('begins with https://');
  await page.keyboard.press('Escape');

  // The same weights under two names, asked for the answer alone, say the same.
  await user.button(page, 'Try a sample').click();
  await user.probabilities(page);
  await user.button(page, 'Model packs').click();
  await dialog(page).getByRole('button', { name: 'Compare two packs…' }).click();
  const compare = page.getByRole('dialog', { name: 'Compare packs' });
  await expect(compare.getByRole('combobox', { name: 'Pack B' })).toContainText('Pack mine');
  for (const side of ['A', 'B']) {
    await compare.getByRole('combobox', { name: `Asked of ${side}` }).click();
    await page.getByRole('option', { name: 'Answer alone' }).click();
  }
  await compare.getByRole('button', { name: 'Compare', exact: true }).click();
  await expect(compare.getByText(/Both say /)).toBeVisible(user.PATIENCE);
  const b = compare.getByRole('region', { name: 'Pack B' });
  await expect(b.getByRole('heading', { level: 4 })).toHaveText(['Answer']);
  await expect(b).toContainText('not calibrated');
  const downloading = page.waitForEvent('download');
  await compare.getByRole('button', { name: 'Export JSON' }).click();
  const told = JSON.parse(await readFile(await (await downloading).path(), 'utf8'));
  expect(told.sides).toMatchObject([
    { side: 'A', madeBy: { packId: 'tiny' }, prompting: 'plain', outcome: 'done' },
    { side: 'B', madeBy: { packId: 'mine' }, prompting: 'plain', outcome: 'done', calibrated: false },
  ]);
  await page.keyboard.press('Escape');

  // Deleted while it is in use: said first, and the page's own takes its place.
  await user.button(page, 'Model packs').click();
  await pack(page, 'Pack mine').getByRole('button', { name: 'Delete Pack mine from this device' }).click();
  await expect(pack(page, 'Pack mine').getByRole('alert')).toContainText('is in use');
  await pack(page, 'Pack mine').getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(pack(page, 'Pack mine')).toHaveCount(0, user.PATIENCE);
  await page.keyboard.press('Escape');
  await user.modelReady(page);
});
