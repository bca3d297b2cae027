/** Evaluation in the page: a ZIP of labelled pictures in, the command line's figures out, two reports side by side. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Locator, Page } from '@playwright/test';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { seriousFindings } from './accessibility.ts';
import { expect, fixture, test } from './fixtures.ts';
import { button, item, openPage, PATIENCE, parseCsv, stage } from './user.ts';
import { slowModel } from './worker.ts';

const ROOT = join(import.meta.dirname, '..');
/** Left edges of squares of one picture; PNG, so that both hosts see the same pixels. */
const SQUARES = [0, 40, 80, 120, 160, 200];
const LABELS = ['neutral', 'happiness', 'surprise', 'sadness', 'anger', 'fear'];

interface Report {
  n: number;
  rows: number;
  accuracy: number;
  macro_f1: number;
  majority_accuracy: number;
  confusion: { labels: string[]; columns: string[]; rows: number[][] };
  skipped: { file: string; line: number }[];
  items: { file: string; label: string; answer: string; probabilities: Record<string, number> }[];
}

/** A folder with six labelled squares and a file that is no picture, and a ZIP of it. */
async function bringPictures(folder: string): Promise<string> {
  const files: Record<string, Uint8Array> = {};
  for (const [index, left] of SQUARES.entries()) {
    const square = sharp(fixture('several-faces.jpg')).extract({ left, top: 20, width: 96, height: 96 });
    files[`set/Faces/${index}.png`] = await square.png().toBuffer();
  }
  files['set/Faces/broken.png'] = Buffer.from('not a picture');
  const rows = LABELS.map((label, index) => `Faces/${index}.png,${label}`);
  files['set/labels.csv'] = Buffer.from(['file,label', ...rows, 'Faces/broken.png,fear', ''].join('\n'));
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  await writeFile(join(folder, 'set.zip'), zipSync(files));
  return join(folder, 'set.zip');
}

/** The command line's report on the same folder. */
async function judgeByCommandLine(folder: string): Promise<Report> {
  const out = join(folder, 'command-line.json');
  const what = ['--task', 'faces', '--cropped', '--items', '--skip-broken', '--data', join(folder, 'set')];
  const program = ['scripts/emollm.mjs', 'evaluate', ...what, '--pack', join(ROOT, 'public/models/tiny'), '--out', out];
  await promisify(execFile)(process.execPath, program, { cwd: ROOT });
  return JSON.parse(await readFile(out, 'utf8'));
}

/** A real drop from the desktop. */
async function dropFile(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
  }
  await session.detach();
}

const dialog = (page: Page): Locator => page.getByRole('dialog', { name: 'Evaluation' });

async function download(page: Page, name: string): Promise<string> {
  const download = page.waitForEvent('download');
  await dialog(page).getByRole('button', { name, exact: true }).click();
  return readFile(await (await download).path(), 'utf8');
}

test.setTimeout(300_000);

test('a ZIP of labelled pictures: the command line’s figures, mistakes on the stage, two judges side by side', async ({
  page,
}, testInfo) => {
  const folder = testInfo.outputPath();
  const zip = await bringPictures(folder);
  const expected = await judgeByCommandLine(folder);
  const mistakes = expected.items.filter(({ label, answer }) => label !== answer);

  await openPage(page, 'backend=wasm');
  await expect(button(page, 'Help')).toBeVisible();
  await dropFile(page, zip);
  await expect(dialog(page).getByText('set 7 rows')).toBeVisible(PATIENCE);
  await expect(dialog(page).getByRole('combobox', { name: 'Task' })).toHaveText(/Faces/);
  await expect(dialog(page).getByRole('combobox', { name: 'Pictures are' })).toHaveText(/Cropped faces/);
  expect(await seriousFindings(page, '[role=dialog]')).toEqual([]);
  await dialog(page).getByRole('button', { name: 'Start', exact: true }).click();

  await expect(dialog(page).getByRole('heading', { name: `Mistakes, ${mistakes.length}`, exact: true })).toBeVisible(PATIENCE);
  await expect(dialog(page).getByText('1 picture could not be decoded')).toBeVisible();
  expect(await seriousFindings(page, '[role=dialog]')).toEqual([]);
  const report: Report = JSON.parse(await download(page, 'Export JSON'));
  expect(Object.keys(report)).toEqual(Object.keys(expected));
  const { n, rows, accuracy, macro_f1, majority_accuracy, confusion, skipped } = expected;
  expect(report).toMatchObject({ n, rows, accuracy, macro_f1, majority_accuracy, confusion });
  expect(report.skipped.map(({ file, line }) => [file, line])).toEqual(skipped.map(({ file, line }) => [file, line]));
  for (const [index, { answer, probabilities }] of report.items.entries()) {
    expect(probabilities[answer]).toBeCloseTo(expected.items[index]?.probabilities[answer] ?? Number.NaN, 3);
  }
  const table = parseCsv(await download(page, 'Export items, CSV'));
  expect(table.map((row) => [row.file, row.label, row.answer])).toEqual(report.items.map((each) => [each.file, each.label, each.answer]));

  const [mistake] = mistakes;
  if (!mistake) throw new Error('the random weights made no mistake');
  const cell = new RegExp(`^\\d+ labelled ${mistake.label}, answered ${mistake.answer}: show them$`);
  await dialog(page).getByRole('button', { name: cell }).click();
  await expect(dialog(page).getByRole('heading', { name: `Labelled ${mistake.label}, answered ${mistake.answer}: 1` })).toBeVisible();
  await dialog(page)
    .getByRole('button', { name: new RegExp(`^${mistake.file}`) })
    .click();
  await expect(dialog(page)).toHaveCount(0);
  const name = mistake.file.split('/').at(-1) ?? '';
  await expect(item(page, name)).toHaveAttribute('aria-current', 'true', PATIENCE);
  await expect(stage(page)).toBeVisible();

  await page.getByRole('region', { name: 'Evaluation' }).getByRole('button', { name: 'Show', exact: true }).click();
  await dialog(page).getByRole('combobox', { name: 'Decided by' }).click();
  await page.getByRole('option', { name: 'Language model' }).click();
  await dialog(page).getByRole('button', { name: 'Start', exact: true }).click();
  await expect(dialog(page).getByRole('heading', { name: 'On the 6 items that both judged' })).toBeVisible(PATIENCE);
  await expect(dialog(page).getByText(/McNemar’s exact test/)).toBeVisible();
  const accuracies = dialog(page)
    .getByRole('table', { name: 'Comparison' })
    .getByRole('row', { name: /^Accuracy/ });
  await expect(accuracies.getByRole('cell').first()).toHaveText(`${(accuracy * 100).toFixed(1)}%`);

  const chooser = page.waitForEvent('filechooser');
  await dialog(page).getByRole('button', { name: 'Open a report' }).click();
  await (await chooser).setFiles(join(folder, 'command-line.json'));
  await expect(dialog(page).getByRole('combobox', { name: 'Report', exact: true })).toHaveText(/3: .*command-line\.json/);
});

test('a run whose thread dies goes on; one that is stopped leaves a partial report, and the page goes on meanwhile', async ({
  page,
}, testInfo) => {
  const zip = await bringPictures(testInfo.outputPath());
  await openPage(page, 'backend=wasm');
  await expect(button(page, 'Help')).toBeVisible();
  await dropFile(page, zip);
  await dialog(page).getByRole('combobox', { name: 'Decided by' }).click(PATIENCE);
  await page.getByRole('option', { name: 'Language model' }).click();
  const judgesAnew = () => page.waitForEvent('worker', { predicate: (each) => each.url().includes('/evaluate-') });
  const judging = dialog(page).getByText(/^[1-6] of 7 judged/);
  const first = judgesAnew();
  await dialog(page).getByRole('button', { name: 'Start', exact: true }).click();
  await slowModel(await first);
  await expect(judging).toBeVisible(PATIENCE);
  const second = judgesAnew();
  await (await first).evaluate(() => self.close());
  await slowModel(await second);
  await expect(judging).toBeVisible(PATIENCE);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('region', { name: 'Evaluation' })).toContainText(/Evaluation/);
  await button(page, 'Try a sample').click();
  await expect(item(page, 'Sample portrait')).toBeVisible(PATIENCE);
  await page.getByRole('region', { name: 'Evaluation' }).getByRole('button', { name: 'Show', exact: true }).click();
  await dialog(page).getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(dialog(page).getByText(/^Partial: stopped after [0-6] of 7 rows/)).toBeVisible(PATIENCE);
});

test('what is wrong with the labels is said with its line, before anything is loaded', async ({ page }, testInfo) => {
  const path = testInfo.outputPath('wrong.zip');
  await writeFile(path, zipSync({ 'labels.csv': Buffer.from('file,label\nnone.png,fear\n') }));
  await openPage(page, 'backend=wasm');
  await expect(button(page, 'Help')).toBeVisible();
  await dropFile(page, path);
  await expect(dialog(page).getByRole('alert')).toContainText('labels.csv, line 2: “none.png” is not there.', PATIENCE);
  await expect(dialog(page).getByRole('button', { name: 'Start', exact: true })).toBeDisabled();
});
