/** The whole road of a foundation pack, from a stand-in for the hub: chosen, fetched with faults on the way, asked, kept, deleted. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { expect, fixture, test } from './fixtures.ts';
import { type Hub, LISTING } from './hub.ts';
import * as user from './user.ts';

const TITLE = 'Tiny Idefics3';
const OTHER = 'Tiny Qwen2-VL';
const REPO = 'tiny-random/Idefics3';
/** The one file of this pack's that is large enough to be stopped in. */
const DECODER = 'onnx/decoder_model_merged_q4.onnx';

interface Golden {
  picture: string;
  output: string;
}

/** The page's own list of packs, with the test's foundation packs on it. */
async function bringPacks(page: Page): Promise<void> {
  const ids = ['tiny-foundation', 'tiny-qwen'];
  await page.context().route('**/models/index.json', (route) => route.fulfill({ json: { packs: ['emollm-s', ...ids] } }));
  for (const id of ids) {
    await page.context().route(`**/models/${id}/manifest.json`, (route) => route.fulfill({ path: fixture(`models/${id}/manifest.json`) }));
  }
}

const dialog = (page: Page): Locator => page.getByRole('dialog', { name: 'Model packs' });
const pack = (page: Page): Locator => dialog(page).getByRole('listitem', { name: TITLE });
const plan = (page: Page): Locator => pack(page).getByRole('region', { name: `Download of ${TITLE}` });

async function openPacks(page: Page, hub: Hub): Promise<void> {
  await user.button(page, 'Model packs').click();
  await expect(pack(page)).toBeVisible(user.PATIENCE);
  const mirror = dialog(page).getByLabel('Address of a mirror');
  if ((await mirror.inputValue()) === hub.url) return;
  await mirror.fill(hub.url);
  await dialog(page).getByRole('button', { name: 'Use this mirror' }).click();
}

/** Asks what it takes, meets a failure, and puts its message away. */
async function failsWith(page: Page, action: Locator, message: RegExp): Promise<void> {
  await action.click();
  const notice = pack(page).getByRole('alert').filter({ hasText: message });
  await expect(notice).toBeVisible(user.PATIENCE);
  await pack(page).getByRole('button', { name: 'Close', exact: true }).click();
  await expect(notice).toHaveCount(0);
}

test('a foundation pack: its faults are told, stopped and gone on with, explains, works offline, is compared with our own, goes', async ({
  page,
  hub,
}) => {
  test.slow();
  await bringPacks(page);
  await user.openPage(page, 'backend=wasm');
  await openPacks(page, hub);
  const download = pack(page).getByRole('button', { name: `Download ${TITLE}` });

  // Before a byte of it: the hub says no, has no such thing, is not there.
  hub.faults.set(LISTING, { kind: 'status', status: 401 });
  await failsWith(page, download, /without a sign-in/);
  hub.faults.set(LISTING, { kind: 'status', status: 404 });
  await failsWith(page, download, /The host has no/);
  hub.faults.clear();
  hub.offline = true;
  await failsWith(page, download, /does not answer/);
  await expect(user.model(page)).toContainText('Model ready', user.PATIENCE); // the page's own pack goes on
  hub.offline = false;

  // What it takes is told first; a hub that wants a pause gets it.
  hub.faults.set(LISTING, { kind: 'status', status: 429, retryAfterSeconds: 1, times: 1 });
  await download.click();
  await expect(plan(page)).toContainText(/To fetch\s*0\.\d MB in 9 files/, user.PATIENCE);
  await expect(plan(page)).toContainText('decoder_model_merged q4');
  await expect(plan(page)).toContainText(new URL(hub.url).host);
  const start = plan(page).getByRole('button', { name: 'Start download' });

  // A file that is another, and one that is gone.
  hub.faults.set('tokenizer.json', { kind: 'wrongBytes' });
  await failsWith(page, start, /tokenizer\.json came damaged/);
  hub.faults.clear();
  hub.faults.set(DECODER, { kind: 'status', status: 404 });
  const goOn = pack(page).getByRole('button', { name: `Go on with the download of ${TITLE}` });
  await goOn.click();
  await failsWith(page, start, /The host has no onnx\/decoder_model_merged_q4\.onnx/);

  // Stopped in the middle, then cut off: gone on from, to the byte.
  hub.faults.set(DECODER, { kind: 'stall', afterBytes: 20_000 });
  await goOn.click();
  await start.click();
  await expect(pack(page).getByRole('progressbar', { name: `Fetching ${TITLE}` })).toBeVisible();
  await expect.poll(() => hub.requests.findLast(({ path, host }) => path === DECODER && host === 'cdn')?.bytes).toBe(20_000);
  // Another, of another architecture, is wanted meanwhile: it has its turn after that.
  const other = dialog(page).getByRole('listitem', { name: OTHER });
  await other.getByRole('button', { name: `Download ${OTHER}` }).click();
  await other.getByRole('button', { name: 'Download after that' }).click(user.PATIENCE);
  await expect(other).toContainText('Waits its turn');
  hub.faults.clear();
  await pack(page).getByRole('button', { name: 'Stop download' }).click();
  await expect(other.getByText(`${OTHER} is on this device.`)).toBeVisible(user.PATIENCE);
  await expect(goOn).toBeVisible();
  await expect(pack(page)).toContainText(/0\.\d of 0\.\d MB on this device/);
  hub.requests.length = 0;
  hub.faults.set(DECODER, { kind: 'cut', afterBytes: 8_000, times: 1 });
  await goOn.click();
  await start.click();
  await expect(pack(page).getByText(`${TITLE} is on this device.`)).toBeVisible(user.PATIENCE);
  const asked = hub.requests.filter(({ host, status }) => host === 'cdn' || status !== 302).filter(({ path }) => path !== LISTING);
  expect([...new Set(asked.map(({ path }) => path))], 'what was here is not asked for again').toEqual([DECODER]);
  expect(asked.map(({ range }) => range)).toEqual(['bytes=20000-', 'bytes=28000-']);

  // From here on the hub is gone.
  hub.offline = true;
  await pack(page)
    .getByRole('button', { name: `Use ${TITLE}` })
    .click();
  await page.keyboard.press('Escape');
  await expect(user.model(page)).toContainText('tiny-foundation', user.PATIENCE);
  await expect(user.model(page)).toContainText('not calibrated');
  // On the next visit, with our own pack of which it takes the language model's place.
  await page.goto('/?backend=wasm');
  await expect(user.model(page)).toContainText('tiny-foundation', user.PATIENCE);
  // It writes of each picture what PyTorch wrote of it, word for word. A cue that it names is shown as what it is: not measured.
  const goldens: Golden[] = JSON.parse(await readFile(fixture(`hub/${REPO}/goldens.json`), 'utf8')).goldens;
  for (const picture of ['golden-dark.png', 'golden-bright.png']) {
    await user.drop(page, `hub/${REPO}/${picture}`);
    await expect(user.item(page, picture)).toHaveAttribute('aria-current', 'true', user.PATIENCE);
    await user.modelReady(page);
    await user.button(page, 'Explain').click();
    await user.answered(page);
    const output = goldens.find((golden) => golden.picture === picture)?.output ?? '';
    const [, observe = '', cues = '', reason = '', answer] = /Observe: (.+) Cues: (.+) Reason: (.+) Answer: (.+)$/.exec(output) ?? [];
    const steps = user
      .explanation(page)
      .locator('li')
      .filter({ has: page.getByRole('heading', { level: 4 }) });
    await expect(steps.nth(0)).toContainText(observe);
    await expect(steps.nth(1)).toContainText(cues);
    await expect(steps.nth(2)).toContainText(reason);
    await expect(steps.nth(1).getByRole('button', { name: /^AU12/ })).toHaveAttribute('data-unmeasured', 'true');
    const options = await user.distribution(page);
    expect(options[0]?.option).toBe(answer);
    expect(options.map(({ option }) => option).sort()).toEqual([...user.EMOTIONS].sort());
  }

  // Our own beside the other of those, on a picture that is dark to it.
  await user.drop(page, 'hub/tiny-random/Qwen2-VL/golden-dark.png');
  await expect(user.item(page, 'golden-dark.png').and(page.locator('[aria-current="true"]'))).toBeVisible(user.PATIENCE);
  await user.modelReady(page);
  await openPacks(page, hub);
  await dialog(page).getByRole('button', { name: 'Compare two packs…' }).click();
  const compare = page.getByRole('dialog', { name: 'Compare packs' });
  await expect(compare.getByRole('combobox', { name: 'Pack A' })).toContainText('emollm-s');
  await expect(compare.getByRole('combobox', { name: 'Pack B' })).toContainText(TITLE);
  await compare.getByRole('combobox', { name: 'Pack B' }).click();
  await page.getByRole('option', { name: OTHER }).click();
  await compare.getByRole('button', { name: 'Compare', exact: true }).click();
  const figures = compare.getByRole('table', { name: 'Figures' });
  await expect(figures).toBeVisible(user.PATIENCE);
  for (const [name, each] of [
    ['Whole answer', /^\d+\.\d s$/],
    ['Writing', /^\d.* tok\/s$/],
    ['Files, loaded for it', /^\d[\d.]* MB$/],
  ] as const) {
    await expect(figures.getByRole('row', { name }).getByRole('cell')).toHaveText([each, each]);
  }
  const sides = await Promise.all(
    ['A', 'B'].map(async (side) => {
      const region = compare.getByRole('region', { name: `Pack ${side}` });
      await expect(region.getByRole('heading', { level: 4 })).toHaveText(user.STEPS);
      return region;
    }),
  );
  await expect(sides[0] ?? compare).not.toContainText('not calibrated');
  await expect(sides[1] ?? compare).toContainText('not calibrated');
  const downloading = page.waitForEvent('download');
  await compare.getByRole('button', { name: 'Export JSON' }).click();
  const told = JSON.parse(await readFile(await (await downloading).path(), 'utf8'));
  expect(told.sides).toMatchObject([
    { side: 'A', madeBy: { packId: 'emollm-s' }, outcome: 'done', calibrated: true },
    {
      side: 'B',
      madeBy: { packId: 'emollm-s', foundation: { id: 'tiny-qwen' } },
      outcome: 'done',
      calibrated: false,
      // Seen by that model, too.
      steps: { observe: expect.stringContaining('A picture with little light.') },
    },
  ]);
  const [a, b]: string[] = told.sides.map(({ answer }: { answer: { text: string } }) => answer.text);
  await expect(compare.getByText(a === b ? `Both say ${a}.` : `They disagree: A says ${a}, B says ${b}.`)).toBeVisible();
  await expect(compare).toContainText('those of one side are calibrated, those of the other are not');
  for (const [at, { steps }] of (told.sides as { steps: Record<string, string> }[]).entries()) {
    expect(steps.reason).toMatch(/[a-z]+ [a-z]+/i);
    await expect(sides[at] ?? compare).toContainText(steps.reason?.trim() ?? '?');
  }
  await page.keyboard.press('Escape');
  await expect(user.model(page)).toContainText('tiny-foundation');

  // Deleted: the page's own takes its place.
  await openPacks(page, hub);
  await pack(page)
    .getByRole('button', { name: `Delete ${TITLE} from this device` })
    .click();
  await pack(page).getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(pack(page)).toContainText('not on this device', user.PATIENCE);
  await page.keyboard.press('Escape');
  await expect(user.model(page)).not.toContainText('tiny-foundation', user.PATIENCE);
});
