import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HOSTING, hostingText } from './hosting.mjs';

test('docs/HOSTING.md tells other servers to send what ours sends', () => {
  // Else: node scripts/hosting.mjs
  expect(readFileSync(HOSTING, 'utf8')).toBe(hostingText());
});
