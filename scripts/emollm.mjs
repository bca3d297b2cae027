#!/usr/bin/env node
/** `npx emollm …`: builds the command line where it is missing or older than its sources, then runs it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installMissing, nodeIsStale, ROOT, requireNode } from './house.mjs';

requireNode();
// Packages that are there are left alone: to bring them up to date is npm start's business.
if (!existsSync(join(ROOT, 'node_modules')) && !(await installMissing())) process.exit(1);
if (nodeIsStale()) {
  const { buildNode } = await import('./build.mjs');
  if (!(await buildNode({ quiet: true, types: false }))) process.exit(1);
}
// A variable: the file need not be there when the types are checked.
const commandLine = new URL('../dist-node/cli.js', import.meta.url).href;
await import(commandLine);
