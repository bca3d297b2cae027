import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { findChromium, noChromium } from './chromium.mjs';
import { fromCaller, fromRoot, INSTALL, ROOT } from './house.mjs';

afterEach(() => vi.unstubAllEnvs());

test('packages are installed with the development tools, whatever NODE_ENV says', () => {
  expect(INSTALL).toContain('--include=dev');
});

test('a path that a shell may split is given without the folder of the repository', () => {
  expect(fromRoot(join(ROOT, 'node_modules', '.cache', 'unit.json'))).toBe('node_modules/.cache/unit.json');
  const source = readFileSync(join(ROOT, 'scripts/test.mjs'), 'utf8');
  expect(source.match(/--outputFile[^`']*/g)).toEqual([`--outputFile.json=\${fromRoot(file)}`]);
});

test('a path is meant where npm was called, and where node was, without npm', () => {
  vi.stubEnv('INIT_CWD', join(ROOT, 'docs'));
  expect([fromCaller('results'), fromCaller(join(ROOT, 'x'))]).toEqual([join(ROOT, 'docs', 'results'), join(ROOT, 'x')]);
  vi.stubEnv('INIT_CWD', undefined);
  expect(fromCaller('results')).toBe(join(process.cwd(), 'results'));
});

test('the bench is run by npm once, since a second npm names its own folder for the caller’s', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(scripts.bench).toBe('node bench/run.mjs');
  expect(readFileSync(join(ROOT, 'bench/run.mjs'), 'utf8')).toContain('fromCaller(values.out)');
});

test('a CHROMIUM_PATH that is not there is said to be wrong', async () => {
  vi.stubEnv('CHROMIUM_PATH', '/nowhere/chromium');
  expect(await findChromium()).toBeNull();
  expect(noChromium()).toContain('CHROMIUM_PATH names /nowhere/chromium, which is not there.');
  vi.stubEnv('CHROMIUM_PATH', '');
  expect(noChromium()).toContain('No Chromium was found.');
});
