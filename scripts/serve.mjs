/**
 * A static server for the built page: `node scripts/serve.mjs [--port N] [--no-isolation] [--dir DIR]`.
 * Knows files and headers, nothing of the app. Node's own modules only, so that it runs before anything is installed.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { isMain, ROOT } from './house.mjs';
import { ISOLATION_HEADERS, policyFor, SITE_HEADERS } from './policies.mjs';

/** Where a second folder is served: what the evaluation judges, beside the page. */
export const DATA_PATH = '/evaluation-data/';

const MIME_TYPES = new Map([
  ['.css', 'text/css; charset=utf-8'],
  ['.csv', 'text/csv; charset=utf-8'],
  ['.gif', 'image/gif'],
  ['.html', 'text/html; charset=utf-8'],
  ['.ico', 'image/x-icon'],
  ['.jpg', 'image/jpeg'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.json', 'application/json; charset=utf-8'],
  ['.map', 'application/json; charset=utf-8'],
  ['.md', 'text/markdown; charset=utf-8'],
  ['.mjs', 'text/javascript; charset=utf-8'],
  ['.mp4', 'video/mp4'],
  ['.png', 'image/png'],
  ['.svg', 'image/svg+xml'],
  ['.txt', 'text/plain; charset=utf-8'],
  ['.wasm', 'application/wasm'],
  ['.webm', 'video/webm'],
  ['.webmanifest', 'application/manifest+json'],
  ['.webp', 'image/webp'],
]);

/** @param {string} extension with its dot */
export function mimeType(extension) {
  return MIME_TYPES.get(extension.toLowerCase()) ?? 'application/octet-stream';
}

/**
 * A single `bytes=` range, both ends included; null where the header asks for none (or for what we
 * do not do: several ranges), 'unsatisfiable' where it lies outside.
 * @param {string | undefined} header
 * @param {number} size bytes
 * @returns {{ start: number, end: number } | null | 'unsatisfiable'}
 */
export function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start > end || start >= size ? 'unsatisfiable' : { start, end };
}

/**
 * The file behind a URL path, or null: nothing outside of the folder, no folder listings.
 * @param {string} dir absolute
 * @param {string} urlPath
 */
async function findFile(dir, urlPath) {
  let decoded;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  if (decoded.includes('\0')) return null;
  const path = normalize(join(dir, decoded.endsWith('/') ? `${decoded}index.html` : decoded));
  if (!path.startsWith(dir + sep)) return null;
  const found = await stat(path).catch(() => null);
  return found?.isFile() ? { path, size: found.size, mtimeMs: found.mtimeMs } : null;
}

/**
 * Starts serving on this machine alone.
 * @param {{ dir?: string, data?: string, port?: number, isolation?: boolean, exactPort?: boolean }} [options]
 *   data: a second folder, served under DATA_PATH. port: 0 takes any free one; a busy one moves on to the next unless
 *   `exactPort`. isolation: send the headers that threads need; default true.
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>}
 */
export async function serve({ dir = join(ROOT, 'dist'), data, port = 4173, isolation = true, exactPort = false } = {}) {
  const folder = resolve(dir);
  const dataFolder = data === undefined ? null : resolve(data);
  const server = createServer(async (request, response) => {
    const urlPath = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const headers = /** @type {Record<string, string | number>} */ ({
      ...(isolation ? ISOLATION_HEADERS : {}),
      'Content-Security-Policy': policyFor(urlPath),
      ...SITE_HEADERS,
    });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { ...headers, Allow: 'GET, HEAD' }).end();
      return;
    }
    const isData = dataFolder !== null && urlPath.startsWith(DATA_PATH);
    const file = await (isData ? findFile(dataFolder, urlPath.slice(DATA_PATH.length)) : findFile(folder, urlPath));
    if (file === null) {
      response.writeHead(404, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }).end('Not found\n');
      return;
    }
    const etag = `"${file.size.toString(36)}-${Math.round(file.mtimeMs).toString(36)}"`;
    headers['Content-Type'] = mimeType(extname(file.path));
    // Names under assets/ carry a hash of their content; everything else is asked for again.
    headers['Cache-Control'] = urlPath.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    headers['Accept-Ranges'] = 'bytes';
    headers.ETag = etag;
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, headers).end();
      return;
    }
    const range = parseRange(request.headers.range, file.size);
    if (range === 'unsatisfiable') {
      response.writeHead(416, { ...headers, 'Content-Range': `bytes */${file.size}` }).end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: file.size - 1 };
    headers['Content-Length'] = end - start + 1;
    if (range !== null) headers['Content-Range'] = `bytes ${start}-${end}/${file.size}`;
    response.writeHead(range === null ? 200 : 206, headers);
    if (request.method === 'HEAD' || file.size === 0) {
      response.end();
      return;
    }
    const stream = createReadStream(file.path, { start, end });
    stream.on('error', () => response.destroy());
    response.on('close', () => stream.destroy());
    stream.pipe(response);
  });

  const bound = await listen(server, port, exactPort);
  return {
    url: `http://localhost:${bound}/`,
    port: bound,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/**
 * @param {import('node:http').Server} server
 * @param {number} port
 * @param {boolean} exact
 * @returns {Promise<number>} the port that it got
 */
async function listen(server, port, exact) {
  for (let candidate = port; ; candidate += 1) {
    try {
      await new Promise((done, failed) => {
        server.once('error', failed);
        server.listen(candidate, '127.0.0.1', () => {
          server.off('error', failed);
          done(undefined);
        });
      });
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : candidate;
    } catch (error) {
      const busy = error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
      if (!busy || exact || candidate >= port + 100) throw error;
    }
  }
}

/** @param {string[]} args as after `node serve.mjs` */
export function serveOptions(args) {
  const { values } = parseArgs({
    args,
    options: { port: { type: 'string' }, 'no-isolation': { type: 'boolean' }, dir: { type: 'string' } },
  });
  const port = values.port === undefined ? 4173 : Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`--port wants a number from 0 to 65535, not "${values.port}".`);
  return {
    port,
    exactPort: values.port !== undefined && port !== 0,
    isolation: values['no-isolation'] !== true,
    ...(values.dir === undefined ? {} : { dir: values.dir }),
  };
}

if (isMain(import.meta.url)) {
  const server = await serve(serveOptions(process.argv.slice(2)));
  console.log(server.url);
}
