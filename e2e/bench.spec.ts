import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';

const ROOT = join(import.meta.dirname, '..');

test('@alone the bench builds its page, measures our engine in it and writes the table', async ({ browserName: _ }, info) => {
  test.slow();
  const out = info.outputDir;
  const run = spawnSync(process.execPath, [join(ROOT, 'bench/run.mjs'), '--only', 'profile', '--out', out], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(run.stderr).not.toContain('left out');
  expect(run.status).toBe(0);
  const [made] = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')).profile.rows;
  const runsOf = (graph: string) => made.graphs.filter((each: { graph: string }) => each.graph === graph);
  expect(runsOf('face-encoder').map(({ phase }: { phase: string }) => phase)).toEqual(['reading', 'explaining']);
  for (const { ms, kernelMs, ops } of [...runsOf('face-encoder'), ...runsOf('language-model')]) {
    expect(ms).toBeGreaterThan(kernelMs);
    expect(ops.length).toBeGreaterThan(3);
  }
  const table = readFileSync(join(out, 'RESULTS.md'), 'utf8');
  expect(table).toMatch(/\| face-encoder +\| 1\.00 /);
  expect(table).toMatch(/\| DynamicQuantizeMatMul +\| [\d.]+ ms, [\d.]+ GMAC\/s/);
});
