/**
 * `npm start [-- --port N]`: from a fresh clone to the page on localhost. Installs what is missing, builds what is
 * older than its sources, serves. Needs the network for the installation only.
 */
import { installMissing, nodeIsStale, pageIsStale, requireNode } from './house.mjs';

requireNode();
const { serve, serveOptions } = await import('./serve.mjs');

/** @param {string} message */
function stop(message) {
  console.error(message);
  process.exit(1);
}

let options;
try {
  options = serveOptions(process.argv.slice(2));
} catch (error) {
  stop(error instanceof Error ? error.message : String(error));
}

if (!(await installMissing())) stop('The packages could not be installed; the lines above say why. Then run npm start again.');
const { buildNode, buildPage } = await import('./build.mjs');
if (pageIsStale()) {
  console.log('Building the page …');
  if (!(await buildPage({ quiet: true }))) stop('The page could not be built; the lines above say why.');
}
if (nodeIsStale()) {
  console.log('Building the command line …');
  // The page does not need it: say so and go on.
  if (!(await buildNode({ quiet: true, types: false }))) console.error('The command line could not be built; the page works without it.');
}

try {
  const server = await serve(options);
  console.log(`\n  EmoLLM is at ${server.url}\n  Nothing that you show it leaves this machine. Ctrl+C stops it.\n`);
} catch (error) {
  const busy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  stop(busy ? `Port ${options?.port} is taken; choose another with npm start -- --port N.` : String(error));
}
