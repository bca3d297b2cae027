/** What a user does and sees, by accessible names, so that the tests read as such. */

import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { strFromU8, unzipSync } from 'fflate';
import { expect, fixture } from './fixtures.ts';

/** Enough for a machine that is busy with other things; nothing here measures time. */
export const PATIENCE = { timeout: 120_000 };

export const EMOTIONS = ['neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear', 'contempt'];
export const STEPS = ['Observe', 'Cues', 'Reason', 'Answer'];

export const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true });
export const stage = (page: Page): Locator => page.getByRole('region', { name: 'Stage' });
export const readings = (page: Page): Locator => page.getByRole('region', { name: 'Readings' });
export const reasoning = (page: Page): Locator => page.getByRole('log', { name: 'Reasoning' });
export const model = (page: Page): Locator => page.getByRole('status', { name: 'Model' });
/** The head of each face's card, which opens it; the open one's name is a button, too. */
export const faces = (page: Page): Locator =>
  readings(page)
    .getByRole('button', { name: /^Face \d/ })
    .and(page.locator('[aria-expanded]'));
/** The notice by what failed; its button is the way on. */
export const alert = (page: Page): Locator => page.getByRole('alert');
/** An opened picture, video or camera session in the strip. */
export const item = (page: Page, name: string): Locator =>
  page.getByRole('navigation', { name: 'Items' }).getByRole('button', { name, exact: true });

/** The dialog with what the pack says of itself. */
export const modelCard = (page: Page): Locator => page.getByRole('dialog', { name: 'Model card' });

/** The example card as the pack's own, whatever the pack brings. */
export async function bringCard(page: Page): Promise<void> {
  await page.route('**/card.json', (route) => route.fulfill({ path: fixture('card.json') }));
}

/** As on a later visit: what comes before the first camera has been read. */
async function noticeRead(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const KEY = 'emollm-settings';
    try {
      if (localStorage.getItem(KEY) === null) localStorage.setItem(KEY, '{"cameraNoticed":true}');
    } catch {
      // A page of the browser's own, shown where none could be had.
    }
  });
}

/** @param query more of the address: `backend=webgpu` */
export async function openPage(page: Page, query = ''): Promise<void> {
  await noticeRead(page);
  await page.goto(`/?pack=tiny${query === '' ? '' : `&${query}`}`);
  // The page draws once its language is there, which the browser's load event does not wait for.
  await expect(page.locator('.app')).toBeVisible(PATIENCE);
}

/** Until all that was fetched of the pack lies in the browser's storage: it is written when the model is ready, under locks. */
export async function packKept(page: Page): Promise<void> {
  // The names: of a store that gets stuck they say at which file.
  const beingWritten = () =>
    page.evaluate(async () => {
      const names = (await navigator.locks.query()).held?.map(({ name }) => name ?? '') ?? [];
      return names.filter((name) => name.startsWith('emollm-packs '));
    });
  await expect.poll(beingWritten, PATIENCE).toEqual([]);
}

export async function modelReady(page: Page): Promise<void> {
  await expect(model(page)).toContainText('Model ready', PATIENCE);
}

/** A real drop from the desktop, through the browser's own drag and drop: files of the fixtures by their names, others by their whole paths. */
export async function drop(page: Page, ...names: string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: names.map((name) => (isAbsolute(name) ? name : fixture(name))), dragOperationsMask: 1 };
  const size = page.viewportSize() ?? { width: 800, height: 600 };
  const at = { x: size.width / 2, y: size.height / 2, data };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await session.send('Input.dispatchDragEvent', { type, ...at });
  await session.detach();
}

/** The eight probabilities of the face that is open, in percent. */
export async function probabilities(page: Page): Promise<Record<string, number>> {
  const meters = readings(page).getByRole('meter');
  await expect(meters).toHaveCount(EMOTIONS.length, PATIENCE);
  const found: Record<string, number> = {};
  for (const emotion of EMOTIONS) {
    const meter = readings(page).getByRole('meter', { name: emotion, exact: true });
    found[emotion] = Number(await meter.getAttribute('aria-valuenow'));
  }
  return found;
}

/** The newest explanation. */
export const explanation = (page: Page): Locator => reasoning(page).getByRole('article').last();

/** Waits until the `count`th explanation of what is shown is done: four steps in order, the last with an answer. */
export async function answered(page: Page, count = 1, patience = PATIENCE): Promise<void> {
  await expect(reasoning(page).getByRole('article')).toHaveCount(count);
  await expect(explanation(page)).toHaveAttribute('data-phase', /done|failed|stopped/, patience);
  await expect(explanation(page)).toHaveAttribute('data-phase', 'done');
  await expect(explanation(page).getByRole('heading', { level: 4 })).toHaveText(STEPS);
  await expect(explanation(page).getByRole('alert')).toHaveCount(0);
}

/** The answer's options and their shares in percent, likeliest first. */
export async function distribution(page: Page): Promise<{ option: string; percent: number }[]> {
  const rows = await explanation(page).getByRole('list', { name: 'How the options stood' }).getByRole('listitem').allTextContents();
  return rows.map((row) => {
    const match = /^(\D+?)\s*(?:<\s*)?(\d+)\s*%$/.exec(row.replaceAll(/\s+/g, ' ').trim());
    if (match === null) throw new Error(`no option and share in ${JSON.stringify(row)}`);
    return { option: match[1] ?? '', percent: Number(match[2]) };
  });
}

/** Exports and gives the file's text. */
export async function exported(page: Page, kind: RegExp): Promise<string> {
  return readFile(await downloaded(page, kind), 'utf8');
}

/** The files of an export that comes as one archive, by name. */
export async function exportedArchive(page: Page, kind: RegExp): Promise<Record<string, string>> {
  const files = unzipSync(await readFile(await downloaded(page, kind)));
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, strFromU8(bytes)]));
}

async function downloaded(page: Page, kind: RegExp): Promise<string> {
  await button(page, 'Export').click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: kind }).click();
  return (await download).path();
}

/** An independent reading of RFC 4180, character by character: rows as objects by the header's names. */
export function parseCsv(text: string): Record<string, string>[] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i];
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ',' || character === '\n') {
      rows.at(-1)?.push(cell);
      cell = '';
      if (character === '\n') rows.push([]);
    } else if (character !== '\r') cell += character;
  }
  const [header = [], ...body] = rows.filter((row) => row.length > 0);
  return body.map((row) => {
    expect(row, 'as many cells as the header').toHaveLength(header.length);
    return Object.fromEntries(header.map((name, i) => [name, row[i] ?? '']));
  });
}
