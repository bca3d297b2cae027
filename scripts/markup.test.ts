import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './house.mjs';

/** Ways in which a text becomes a page's elements. */
const WAYS =
  /dangerouslySetInnerHTML|\b(inner|outer)HTML\s*\+?=|insertAdjacentHTML|document\s*\.\s*write|createContextualFragment|setHTMLUnsafe|parseHTMLUnsafe|new DOMParser/;

it('nothing of the page makes elements of a text: what a model writes, and what files are called, is text', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/.test(file) && !/\.test\./.test(file),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => WAYS.test(readFileSync(join(ROOT, 'src', file), 'utf8')))).toEqual([]);
});
