import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pictureIn, readLabels } from './labelled-folder.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emollm-labelled-'));
  await mkdir(join(folder, 'faces'));
  await writeFile(join(folder, 'faces', 'a.png'), '');
  await writeFile(join(folder, 'Mu\u0308ller.png'), '');
  await writeFile(join(folder, 'J\u00f6rg.png'), '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([
  ['as it is', 'faces/a.png', 'faces/a.png'],
  ['with backslashes', 'faces\\a.png', 'faces/a.png'],
  ['with composed umlauts', 'M\u00fcller.png', 'Mu\u0308ller.png'],
  ['with decomposed umlauts', 'Jo\u0308rg.png', 'J\u00f6rg.png'],
  ['where it is not there', 'faces/b.png', 'faces/b.png'],
])('finds a picture that is written %s', (_, file, path) => {
  expect(pictureIn(folder, file)).toBe(join(folder, path));
});

it('says which picture is not there, among the rows that are asked for', async () => {
  await writeFile(join(folder, 'labels.csv'), 'file,label\nfaces\\a.png,fear\nfaces/gone.png,fear\n');
  const labels = (limit: number | null) => readLabels({ data: folder, task: 'faces', limit });
  expect(await labels(null)).toMatchObject({
    ok: false,
    error: { code: 'file-unreadable', message: 'labels.csv, line 3: gone.png cannot be read.' },
  });
  expect(await labels(1)).toMatchObject({ ok: true });
});
