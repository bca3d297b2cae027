import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { SELECT_STYLE_HASH } from '../../scripts/policies.mjs';
import { rules, SELECT_STYLE } from './trusted-types.ts';

const { createHTML, createScriptURL } = rules('https://example.org/emollm/?pack=tiny');

test('the page’s own workers are let through, in whatever folder it lies, and no others', () => {
  for (const own of ['https://example.org/emollm/assets/worker-1a2b.js', './shell.js']) expect(createScriptURL(own)).toBe(own);
  for (const foreign of ['https://example.com/worker.js', '//example.com/w.js', 'data:text/javascript,1', 'blob:https://example.org/1'])
    expect(createScriptURL(foreign)).toBeNull();
});

test('no markup is let through but the one style of the Select, which is the one that the policy has the hash of', () => {
  expect(createHTML('<img src=x onerror=alert(1)>')).toBeNull();
  expect(createHTML(SELECT_STYLE)).toBe(SELECT_STYLE);
  expect(SELECT_STYLE_HASH).toBe(`'sha256-${createHash('sha256').update(SELECT_STYLE).digest('base64')}'`);
});

test('the installed Select still has that style', () => {
  const radix = createRequire(createRequire(import.meta.url).resolve('radix-ui'));
  const select = join(dirname(radix.resolve('@radix-ui/react-select')), 'index.mjs');
  expect(readFileSync(select, 'utf8')).toContain(`__html: \`${SELECT_STYLE}\``);
});
