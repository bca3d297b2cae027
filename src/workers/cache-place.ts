/** Files in Cache Storage, an entry a chunk: for browsers that lend no file system. */
import { CHUNK_BYTES } from '../model/pack-download.ts';
import type { BytePlace } from './byte-place.ts';

/** Entries must have addresses; this one is never asked for. */
const BASE = 'https://packs.invalid/';

/** Rejects where the browser lends no such storage. */
export async function openCache(name: string): Promise<BytePlace> {
  const cache = await caches.open(name);
  const probe = `${BASE}probe-${crypto.randomUUID()}`;
  await cache.put(probe, new Response(''));
  await cache.delete(probe);
  return new CachePlace(cache);
}

class CachePlace implements BytePlace {
  readonly kind = 'cache';
  readonly #cache: Cache;

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  async folders(): Promise<string[]> {
    return [...new Set((await this.#entries()).map(({ folder }) => folder))];
  }

  async names(folder: string): Promise<string[]> {
    return [...new Set((await this.#entries()).filter((entry) => entry.folder === folder).map(({ name }) => name))];
  }

  async readText(folder: string, name: string): Promise<string | null> {
    const response = await this.#cache.match(address(folder, name, 'text'));
    return response ? response.text() : null;
  }

  async writeText(folder: string, name: string, text: string): Promise<void> {
    await this.#cache.put(address(folder, name, 'text'), new Response(text));
  }

  async readFile(folder: string, name: string, bytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const whole = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += CHUNK_BYTES) {
      const chunk = await this.readChunk(folder, name, at / CHUNK_BYTES, Math.min(CHUNK_BYTES, bytes - at));
      if (chunk === null) return null;
      whole.set(chunk, at);
    }
    return whole;
  }

  async readChunk(folder: string, name: string, index: number, length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const response = await this.#cache.match(address(folder, name, String(index)));
    if (!response) return null;
    const chunk = new Uint8Array(await response.arrayBuffer());
    return chunk.length < length ? null : chunk.subarray(0, length);
  }

  async writeChunk(folder: string, name: string, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#cache.put(address(folder, name, String(index)), new Response(bytes));
  }

  remove(folder: string, name: string): Promise<void> {
    return this.#removeWhere((entry) => entry.folder === folder && entry.name === name);
  }

  removeFolder(folder: string): Promise<void> {
    return this.#removeWhere((entry) => entry.folder === folder);
  }

  async #removeWhere(isMeant: (entry: Entry) => boolean): Promise<void> {
    for (const entry of await this.#entries()) if (isMeant(entry)) await this.#cache.delete(entry.request);
  }

  async #entries(): Promise<Entry[]> {
    return (await this.#cache.keys()).flatMap((request) => {
      const [folder, name] = request.url.startsWith(BASE) ? request.url.slice(BASE.length).split('/') : [];
      return folder && name ? [{ request, folder: decodeURIComponent(folder), name: decodeURIComponent(name) }] : [];
    });
  }
}

interface Entry {
  request: Request;
  folder: string;
  name: string;
}

const address = (folder: string, name: string, part: string): string =>
  `${BASE}${encodeURIComponent(folder)}/${encodeURIComponent(name)}/${part}`;
