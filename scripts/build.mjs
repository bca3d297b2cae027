/**
 * Builds: `node scripts/build.mjs [page] [node]`, both where none is named. The page goes to dist/, the command
 * line and the engine (with its types) to dist-node/.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMain, NODE_STAMP, PAGE_STAMP, ROOT, runCommand } from './house.mjs';

/** @param {string} stamp */
function finish(stamp) {
  writeFileSync(join(ROOT, stamp), '');
  return true;
}

/** @param {{ quiet?: boolean }} [options] quiet: warnings alone, on standard error */
export async function buildPage({ quiet = false } = {}) {
  const code = await runCommand('vite', ['build', ...(quiet ? ['--logLevel', 'warn'] : [])], { toStderr: quiet });
  // Over all that is there now: nothing may be written to dist/ after it.
  if (code !== 0 || (await runCommand('node', ['scripts/shell.mjs'], { toStderr: quiet })) !== 0) return false;
  return finish(PAGE_STAMP);
}

/** @param {{ quiet?: boolean, types?: boolean }} [options] types: write declarations too; default true */
export async function buildNode({ quiet = false, types = true } = {}) {
  // Without types it is somebody's start: what a running job loads later, and types of an earlier build, stay.
  if (types) rmSync(join(ROOT, dirname(NODE_STAMP)), { recursive: true, force: true });
  const code = await runCommand('vite', ['build', '--config', 'vite.node.config.ts', ...(quiet ? ['--logLevel', 'warn'] : [])], {
    toStderr: quiet,
  });
  if (code !== 0) return false;
  if (types && (await runCommand('tsc', ['-p', 'tsconfig.types.json'])) !== 0) return false;
  return finish(NODE_STAMP);
}

if (isMain(import.meta.url)) {
  const wanted = process.argv.slice(2);
  const all = wanted.length === 0;
  let built = true;
  if (all || wanted.includes('page')) built = (await buildPage()) && built;
  if (all || wanted.includes('node')) built = (await buildNode()) && built;
  process.exitCode = built ? 0 : 1;
}
