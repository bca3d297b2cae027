import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('no image can be dragged away: what is dragged and dropped elsewhere is the file as it is, without the blur', () => {
  const sources = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.tsx'));
  const images = sources.flatMap((name) => readFileSync(join(import.meta.dirname, name), 'utf8').match(/<img\s[^>]*>/g) ?? []);
  expect(images.length).toBeGreaterThan(3);
  expect(images.filter((image) => !image.includes('draggable={false}'))).toEqual([]);
});
