/**
 * Serves the peers' pages, packages, models and frames, with the headers that threads need. Without the page's own security
 * policy: the peers' runtimes want what it forbids.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { ISOLATION_HEADERS } from '../scripts/policies.mjs';
import { mimeType, parseRange } from '../scripts/serve.mjs';
import { BENCH, ROOT, WORK } from './places.mjs';

const MOUNTS = [
  ['/root-modules/', join(ROOT, 'node_modules')],
  ['/modules/', join(BENCH, 'node_modules')],
  ['/pages/', join(BENCH, 'pages')],
  ['/made/', WORK],
];

/** @param {string} path of the URL */
async function findFile(path) {
  const mount = MOUNTS.find(([prefix]) => path.startsWith(prefix ?? ''));
  if (mount === undefined) return null;
  const [prefix = '', folder = ''] = mount;
  const file = normalize(join(folder, decodeURIComponent(path.slice(prefix.length))));
  if (!file.startsWith(folder + sep)) return null;
  const found = await stat(file).catch(() => null);
  return found?.isFile() ? { file, size: found.size } : null;
}

/** @returns {Promise<{ url: string, close: () => Promise<void> }>} */
export async function servePeers() {
  const server = createServer(async (request, response) => {
    const found = await findFile((request.url ?? '/').split('?', 1)[0] ?? '/').catch(() => null);
    if (found === null) {
      response.writeHead(404).end();
      return;
    }
    const { file, size } = found;
    const range = parseRange(request.headers.range, size);
    if (range === 'unsatisfiable') {
      response.writeHead(416).end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: size - 1 };
    response.writeHead(range === null ? 200 : 206, {
      ...ISOLATION_HEADERS,
      'Content-Type': mimeType(extname(file)),
      'Content-Length': end - start + 1,
      'Accept-Ranges': 'bytes',
      'Cache-Control': 'no-store',
      ...(range === null ? {} : { 'Content-Range': `bytes ${start}-${end}/${size}` }),
    });
    if (request.method === 'HEAD' || size === 0) response.end();
    else createReadStream(file, { start, end }).pipe(response);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://localhost:${port}/`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
