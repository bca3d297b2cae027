/** The evaluation page: labelled pictures of its own host in, the command line's report out. */
import { execFile } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { expect, fixture, test } from './fixtures.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = '/evaluation-data/';
/** By its path alone: the page's own address names the folder, too. */
const isData = (url: URL): boolean => url.pathname.startsWith(FOLDER);

/** A folder of labelled pictures beside the page: labels.csv as given, pictures from the fixtures. */
async function bringFolder(page: Page, labels: string): Promise<void> {
  await page.route(isData, (route) => {
    const name = new URL(route.request().url()).pathname.slice(FOLDER.length);
    return name === 'labels.csv' ? route.fulfill({ body: labels, contentType: 'text/csv' }) : route.fulfill({ path: fixture(name) });
  });
}

/** What the status says once it says how it ended. */
async function evaluated(page: Page, query: string): Promise<string> {
  await page.goto(`/evaluate.html?pack=tiny&backend=wasm&data=${FOLDER}&${query}`);
  const status = page.getByRole('status');
  await expect(status).toHaveAttribute('data-state', /done|failed/, { timeout: 150_000 });
  return (await status.textContent()) ?? '';
}

interface Item {
  file: string;
  label: string;
  answer: string;
  probabilities: Record<string, number>;
  text: Record<string, string> | null;
}

interface Report {
  task: string;
  n: number;
  options: string[];
  items?: Item[];
}

async function reportOf(page: Page): Promise<Report> {
  return JSON.parse((await page.locator('#report').textContent()) ?? '');
}

test.setTimeout(180_000);

test('the affect head’s shares of cropped faces, the first rows only', async ({ page }) => {
  await bringFolder(page, 'file,label\nseveral-faces.jpg,happiness\nno-face.jpg,neutral\nbroken.jpg,neutral\n');
  expect(await evaluated(page, 'task=faces&cropped=1&limit=2&items=1')).toBe('The report is below.');
  const { items = [], options, ...report } = await reportOf(page);
  expect(report).toMatchObject({ task: 'faces', by: 'affect-head', n: 2, cropped: true, pack: { id: 'tiny' } });
  expect(items.map(({ file, label }) => [file, label])).toEqual([
    ['several-faces.jpg', 'happiness'],
    ['no-face.jpg', 'neutral'],
  ]);
  for (const { answer, probabilities, text } of items) {
    expect(text).toBeNull();
    expect(Object.keys(probabilities).toSorted()).toEqual(options.toSorted());
    expect(Object.values(probabilities).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    expect(probabilities[answer]).toBe(Math.max(...Object.values(probabilities)));
  }
});

test('the language model’s four steps on a captioned picture', async ({ page }) => {
  await bringFolder(page, 'file,label,text\nno-face.jpg,yes,"Oh, great"\n');
  expect(await evaluated(page, 'task=sarcasm&items=1')).toBe('The report is below.');
  const { items = [], ...report } = await reportOf(page);
  expect(report).toMatchObject({ task: 'sarcasm', by: 'language-model', n: 1, options: ['yes', 'no'] });
  expect(Object.keys(items[0]?.text ?? {})).toEqual(['observe', 'cues', 'reason', 'answer']);
  expect(items[0]?.text?.answer).toBe(items[0]?.answer);
});

test('what is wrong is said in words, with its line or file', async ({ page }) => {
  await bringFolder(page, 'file,label\nno-face.jpg,bored\n');
  expect(await evaluated(page, 'task=faces&cropped=1')).toContain('No report. labels.csv, line 2: "bored" is not a label of faces');
  await page.unroute(isData);
  await bringFolder(page, 'file,label\nbroken.jpg,neutral\n');
  expect(await evaluated(page, 'task=faces&cropped=1')).toContain('labels.csv, line 2: broken.jpg: This file is neither');
  await page.unroute(isData);
  expect(await evaluated(page, 'task=faces')).toContain('labels.csv cannot be fetched.');
  expect(await evaluated(page, 'task=faces&limit=none')).toContain('limit= must be a whole number');
  await bringFolder(page, 'file,label\nno-face.jpg,yes\n');
  expect(await evaluated(page, 'task=joy')).toContain('The task cannot be "joy".');
});

test('the script’s report is the command line’s', async ({ browserName: _ }, testInfo) => {
  const data = testInfo.outputPath();
  await copyFile(fixture('several-faces.jpg'), join(data, 'face.jpg'));
  await writeFile(join(data, 'labels.csv'), 'file,label\nface.jpg,happiness\n');
  const judge = async (program: string[], pack: string): Promise<Report> => {
    const out = join(data, `${program.length}.json`);
    const what = ['--task', 'faces', '--data', data, '--cropped', '--items', '--pack', pack, '--out', out];
    await promisify(execFile)(process.execPath, [...program, ...what], { cwd: ROOT });
    return JSON.parse(await readFile(out, 'utf8'));
  };
  const inChromium = await judge(['scripts/evaluate-chromium.mjs'], 'tiny');
  const inNode = await judge(['scripts/emollm.mjs', 'evaluate'], join(ROOT, 'public/models/tiny'));
  expect(Object.keys(inChromium)).toEqual(['runtime', 'browser', ...Object.keys(inNode)]);
  const [here, there] = [inChromium, inNode].map((report) => report.items?.[0]?.probabilities ?? {});
  for (const option of inNode.options) expect(here?.[option]).toBeCloseTo(there?.[option] ?? Number.NaN, 2);
});
