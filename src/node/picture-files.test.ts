import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { picturesOf, shownNames } from './picture-files.ts';

it('takes a folder for the pictures in it, by their names', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'emollm-pictures-'));
  try {
    expect(await picturesOf([folder])).toMatchObject({ ok: false, error: { message: `There is no picture in ${folder}.` } });
    for (const name of ['b.JPG', 'a.png', 'notes.txt', '._a.png']) await writeFile(join(folder, name), '');
    expect(await picturesOf(['x.jpg', folder])).toEqual({ ok: true, value: ['x.jpg', join(folder, 'a.png'), join(folder, 'b.JPG')] });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('calls a picture by its name, and by its path where another has that name', () => {
  const names = shownNames(['one/a.jpg', 'two/a.jpg', 'two/b.jpg', 'two/b.jpg']);
  expect([...names]).toEqual([
    ['one/a.jpg', 'one/a.jpg'],
    ['two/a.jpg', 'two/a.jpg'],
    ['two/b.jpg', 'b.jpg'],
  ]);
});
