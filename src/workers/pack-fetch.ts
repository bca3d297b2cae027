/** Reads a pack's files over HTTP, telling the bytes as they come. */
import type { PackSource } from '../model/pack.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';

function missing(path: string, detail: string): WireError {
  return wireError(
    'pack-missing',
    `The pack’s file ${path} is not there.`,
    'Check that the pack’s folder is complete where the page is served, then load again.',
    detail,
  );
}

function unreadable(path: string, detail: string): WireError {
  return wireError(
    'file-unreadable',
    `The pack’s file ${path} could not be downloaded.`,
    'Check the connection and that the page is still served, then load again.',
    detail,
  );
}

/** @param packUrl absolute, ending in `/` */
export function fetchedPack(packUrl: string): PackSource {
  return { read: (path, onBytes) => fetchFile(new URL(path, packUrl), path, onBytes) };
}

async function fetchFile(url: URL, path: string, onBytes: (bytes: number) => void): Promise<Result<Uint8Array>> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin' });
  } catch (error) {
    return fail(unreadable(path, String(error)));
  }
  if (response.status === 404 || response.status === 410) return fail(missing(path, `HTTP ${response.status}`));
  if (!response.ok) return fail(unreadable(path, `HTTP ${response.status} ${response.statusText}`.trim()));
  // Servers of single-page apps answer every unknown path with their index.html and status 200.
  if (/^text\/html\b/i.test(response.headers.get('content-type') ?? '')) {
    await response.body?.cancel();
    return fail(missing(path, 'the server answered with a web page instead of the file'));
  }
  try {
    return ok(await readAll(response, onBytes));
  } catch (error) {
    return error instanceof RangeError
      ? fail(wireError('out-of-memory', 'This device ran out of memory.', 'Close other tabs and programs, then load again.', String(error)))
      : fail(unreadable(path, String(error)));
  }
}

/** Into one buffer of the stated length: large files would otherwise need twice their size. */
async function readAll(response: Response, onBytes: (bytes: number) => void): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array(await response.arrayBuffer());
  // The stated length is that of the compressed body where there is one: only a first guess.
  let buffer = new Uint8Array(Math.max(0, Math.min(Number(response.headers.get('content-length')) || 0, 1 << 27)));
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return length === buffer.length ? buffer : buffer.slice(0, length);
    if (length + value.length > buffer.length) {
      const grown = new Uint8Array(Math.max(length + value.length, buffer.length * 2, 1 << 16));
      grown.set(buffer.subarray(0, length));
      buffer = grown;
    }
    buffer.set(value, length);
    length += value.length;
    onBytes(length);
  }
}
