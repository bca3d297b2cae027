/**
 * A stand-in for the Hugging Face hub on this machine: its addresses, lists, redirects, headers and hashes over `fixtures/hub/<org>/<name>/`,
 * and every fault that a test wants of it. As there, small files come from the hub itself and large ones by a redirect to another host.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join, relative, sep } from 'node:path';
import { parseRange } from '../scripts/serve.mjs';

/** The one commit that every repository has here. */
export const REVISION = '0d3b7c5a9e1f2468ace013579bdf02468ace1357';

/** The list of a repository's files, where faults are set by path. */
export const LISTING = 'tree';

/** What goes wrong with a path. `times`: how often, then it is over; without it, always. */
export type Fault = { times?: number } & (
  | { kind: 'cut'; afterBytes: number }
  | { kind: 'slow'; bytesPerSecond: number }
  /** Nothing more comes, and the connection stays. */
  | { kind: 'stall'; afterBytes: number }
  | { kind: 'status'; status: 401 | 403 | 404 | 429 | 500 | 503; retryAfterSeconds?: number }
  /** One byte in the middle is another. */
  | { kind: 'wrongBytes' }
  /** A Range is not heard: all of the file, with 200. */
  | { kind: 'noRange' }
);

export interface HubRequest {
  /** Which of the two hosts was asked. */
  host: 'hub' | 'cdn';
  /** Inside the repository, or `LISTING`. */
  path: string;
  range: string | null;
  status: number;
  /** Of the body, written so far. */
  bytes: number;
}

export interface Hub {
  /** Ends in `/`. */
  url: string;
  /** Where large files come from; ends in `/`. */
  cdnUrl: string;
  /** Both hosts' origins. */
  origins: string[];
  /** By path inside a repository, in the order they came. */
  requests: HubRequest[];
  /** By path inside a repository, or `LISTING`. Holds for both hosts; a status is the first host's that is asked. */
  faults: Map<string, Fault>;
  /** While it is, no connection lasts. */
  offline: boolean;
  /** A repository's file as it is on disk. */
  file(repo: string, path: string): Promise<Buffer>;
  close(): Promise<void>;
}

interface HubOptions {
  /** Holds `<org>/<name>/…`. */
  folder?: string;
}

/** A redirect carries the page's Origin as `null`, so the hub and its files' host allow every one. */
const HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'X-Repo-Commit': REVISION,
};
/** What lies beside a model for tests and is no file of the hub's. */
const OURS = /^golden/;
/** So long that whoever reads has all that was sent: what is on its way at the cut is lost. */
const CUT_AFTER_MS = 2000;
const SLICE_MS = 50;

const isLarge = (path: string): boolean => path.endsWith('.onnx');
const digest = (algorithm: string, ...parts: (string | Buffer)[]): string => {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
const gitSha1 = (bytes: Buffer): string => digest('sha1', `blob ${bytes.length}\0`, bytes);

/** Git's name for a large file: of the few lines that stand for it in the repository. */
function lfsPointer(bytes: Buffer): Buffer {
  return Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${digest('sha256', bytes)}\nsize ${bytes.length}\n`);
}

/** The repository's paths, with `/`. */
async function pathsOf(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && !OURS.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

export async function startHub({ folder = join(import.meta.dirname, 'fixtures', 'hub') }: HubOptions = {}): Promise<Hub> {
  const requests: HubRequest[] = [];
  const faults = new Map<string, Fault>();
  const state = { offline: false };
  const sockets = new Set<Socket>();
  const fileOf = (repo: string, path: string): Promise<Buffer> => readFile(join(folder, ...repo.split('/'), ...path.split('/')));

  /** The path's fault, one of its times used up. */
  function fault(path: string, kinds: Fault['kind'][]): Fault | null {
    const found = faults.get(path);
    if (found === undefined || !kinds.includes(found.kind)) return null;
    if (found.times !== undefined) {
      if (found.times === 1) faults.delete(path);
      else faults.set(path, { ...found, times: found.times - 1 });
    }
    return found;
  }

  function refuse(response: ServerResponse, noted: HubRequest, status: number, error: string, more: Record<string, string> = {}): void {
    noted.status = status;
    response.writeHead(status, { ...HEADERS, 'Content-Type': 'application/json', 'X-Error-Message': error, ...more });
    response.end(JSON.stringify({ error }));
  }

  /** Whether the path's fault is a status, which has then been sent. */
  function refusedByFault(response: ServerResponse, noted: HubRequest): boolean {
    const found = fault(noted.path, ['status']);
    if (found?.kind !== 'status') return false;
    const pause = found.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(found.retryAfterSeconds) };
    refuse(response, noted, found.status, `The test wants ${found.status}.`, pause);
    return true;
  }

  async function list(response: ServerResponse, noted: HubRequest, repo: string, revision: string, url: URL): Promise<void> {
    const paths = await pathsOf(join(folder, ...repo.split('/'))).catch(() => null);
    // As the hub: whoever has not signed in is not told whether such a repository exists.
    if (paths === null) return refuse(response, noted, 401, 'Invalid username or password.', { 'X-Error-Code': 'RepoNotFound' });
    if (revision !== REVISION) return refuse(response, noted, 404, `Invalid rev id: ${revision}`, { 'X-Error-Code': 'RevisionNotFound' });
    const entries: unknown[] = [];
    for (const path of paths) {
      const bytes = await fileOf(repo, path);
      const lfs = isLarge(path) ? { oid: digest('sha256', bytes), size: bytes.length, pointerSize: lfsPointer(bytes).length } : undefined;
      entries.push({ type: 'file', oid: gitSha1(lfs ? lfsPointer(bytes) : bytes), size: bytes.length, path, ...(lfs && { lfs }) });
    }
    const folders = new Set(paths.filter((path) => path.includes('/')).map((path) => path.slice(0, path.lastIndexOf('/'))));
    for (const path of folders) entries.unshift({ type: 'directory', oid: digest('sha1', path), size: 0, path });
    // Two pages, so that whoever reads only the first has too little.
    const half = Math.ceil(entries.length / 2);
    const isSecond = url.searchParams.get('cursor') === 'second';
    const next = new URL(url);
    next.searchParams.set('cursor', 'second');
    const body = JSON.stringify(isSecond ? entries.slice(half) : entries.slice(0, half));
    noted.status = 200;
    noted.bytes = body.length;
    const link = isSecond ? {} : { Link: `<${next.href}>; rel="next"` };
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json; charset=utf-8', ...link });
    response.end(body);
  }

  async function send(request: IncomingMessage, response: ServerResponse, noted: HubRequest, repo: string): Promise<void> {
    let bytes = await fileOf(repo, noted.path);
    const etag = `"${isLarge(noted.path) ? digest('sha256', bytes) : gitSha1(bytes)}"`;
    if (fault(noted.path, ['wrongBytes'])) {
      bytes = Buffer.from(bytes);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    }
    const range = fault(noted.path, ['noRange']) ? null : parseRange(request.headers.range, bytes.length);
    if (range === 'unsatisfiable') {
      noted.status = 416;
      response.writeHead(416, { ...HEADERS, 'Content-Range': `bytes */${bytes.length}` }).end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: bytes.length - 1 };
    const body = bytes.subarray(start, end + 1);
    noted.status = range === null ? 200 : 206;
    response.writeHead(noted.status, {
      ...HEADERS,
      'Content-Type': noted.path.endsWith('.json') ? 'application/json' : 'application/octet-stream',
      'Content-Length': body.length,
      'Accept-Ranges': 'bytes',
      ETag: etag,
      ...(range !== null && { 'Content-Range': `bytes ${start}-${end}/${bytes.length}` }),
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const found = fault(noted.path, ['cut', 'slow', 'stall']);
    const slice = found?.kind === 'slow' ? Math.max(1, Math.round((found.bytesPerSecond * SLICE_MS) / 1000)) : body.length;
    const stop = found?.kind === 'cut' || found?.kind === 'stall' ? Math.min(found.afterBytes, body.length) : body.length;
    for (let at = 0; at < stop && !response.destroyed; at += slice) {
      const part = body.subarray(at, Math.min(at + slice, stop));
      await new Promise<void>((resolve) => response.write(part, () => resolve()));
      noted.bytes += part.length;
      if (found?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
    }
    if (stop === body.length) response.end();
    else if (found?.kind === 'cut') {
      // What was sent must arrive before the end does: a reset connection takes along what lies in the browser's buffers.
      await new Promise((resolve) => setTimeout(resolve, CUT_AFTER_MS));
      response.socket?.end();
    }
  }

  async function answer(host: HubRequest['host'], base: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', base);
    const listed = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/([^/]+)$/.exec(url.pathname);
    const resolved = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const path = listed ? LISTING : decodeURIComponent(resolved?.[3] ?? url.pathname);
    const noted: HubRequest = { host, path, range: request.headers.range ?? null, status: 0, bytes: 0 };
    requests.push(noted);
    // What a browser asks before a request that is not simple: nobody knows what the real hosts say to it, so none is to be needed.
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, noted, 405, 'Only GET and HEAD.');
    if (refusedByFault(response, noted)) return;
    if (host === 'hub' && listed?.[1] && listed[2]) return list(response, noted, listed[1], listed[2], url);
    const [, repo = '', revision] = resolved ?? [];
    const paths: string[] = revision === REVISION ? await pathsOf(join(folder, ...repo.split('/'))).catch(() => []) : [];
    if (!paths.includes(path)) return refuse(response, noted, 404, 'Entry not found', { 'X-Error-Code': 'EntryNotFound' });
    if (host === 'cdn' || !isLarge(path)) return send(request, response, noted, repo);
    const bytes = await fileOf(repo, path);
    noted.status = 302;
    response.writeHead(302, {
      ...HEADERS,
      Location: new URL(url.pathname.slice(1), cdnUrl).href,
      'X-Linked-Size': bytes.length,
      'X-Linked-ETag': `"${digest('sha256', bytes)}"`,
      'Accept-Ranges': 'bytes',
    });
    response.end();
  }

  function host(kind: HubRequest['host']): { server: Server; listen: () => Promise<string> } {
    let base = '';
    const server = createServer((request, response) => {
      answer(kind, base, request, response).catch(() => response.destroy());
    });
    server.on('connection', (socket) => {
      if (state.offline) socket.destroy();
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    const listen = async (): Promise<string> => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      base = `http://localhost:${typeof address === 'object' && address !== null ? address.port : 0}/`;
      return base;
    };
    return { server, listen };
  }

  const cdn = host('cdn');
  const main = host('hub');
  const cdnUrl = await cdn.listen();
  const url = await main.listen();
  return {
    url,
    cdnUrl,
    origins: [url, cdnUrl].map((address) => new URL(address).origin),
    requests,
    faults,
    get offline() {
      return state.offline;
    },
    set offline(value) {
      state.offline = value;
      if (value) for (const socket of sockets) socket.destroy();
    },
    file: fileOf,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([main, cdn].map(({ server }) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
