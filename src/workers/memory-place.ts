/**
 * Files in the memory of one worker, for browsers that lend no storage at all; a reload empties it. Other workers of the page read them
 * through a channel.
 */
import { CHUNK_BYTES } from '../model/pack-download.ts';
import type { BytePlace } from './byte-place.ts';

const CHANNEL = 'emollm-packs-memory';
/** Where no worker keeps anything, nobody answers. */
const PATIENCE_MS = 1000;

type Key = readonly [folder: string, name: string];

export class MemoryPlace implements BytePlace {
  readonly kind = 'memory';
  readonly #folders = new Map<string, Map<string, (Uint8Array<ArrayBuffer> | string)[]>>();

  async folders(): Promise<string[]> {
    return [...this.#folders.keys()];
  }

  async names(folder: string): Promise<string[]> {
    return [...(this.#folders.get(folder)?.keys() ?? [])];
  }

  async readText(folder: string, name: string): Promise<string | null> {
    const text = this.#chunks(folder, name)[0];
    return typeof text === 'string' ? text : null;
  }

  async writeText(folder: string, name: string, text: string): Promise<void> {
    this.#open(folder).set(name, [text]);
  }

  async readFile(folder: string, name: string, bytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const chunks = this.#bytes(folder, name);
    return sizeOf(chunks) === bytes ? joined(chunks) : null;
  }

  async readChunk(folder: string, name: string, index: number, length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const chunk = this.#bytes(folder, name)[index];
    return chunk === undefined || chunk.length < length ? null : chunk.slice(0, length);
  }

  async writeChunk(folder: string, name: string, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const files = this.#open(folder);
    const chunks = files.get(name) ?? [];
    chunks[index] = bytes.slice();
    files.set(name, chunks);
  }

  async remove(folder: string, name: string): Promise<void> {
    this.#folders.get(folder)?.delete(name);
  }

  async removeFolder(folder: string): Promise<void> {
    this.#folders.delete(folder);
  }

  /** Lets the page's other workers read. */
  share(): void {
    const channel = new BroadcastChannel(CHANNEL);
    channel.addEventListener('message', ({ data }: MessageEvent<{ ask?: Key; id: string }>) => {
      if (!data.ask) return;
      const chunks = this.#chunks(...data.ask);
      // As a blob: it crosses without being copied.
      if (chunks.length > 0) channel.postMessage({ id: data.id, blob: new Blob(chunks) });
    });
  }

  #open(folder: string): Map<string, (Uint8Array<ArrayBuffer> | string)[]> {
    const files = this.#folders.get(folder) ?? new Map<string, (Uint8Array<ArrayBuffer> | string)[]>();
    this.#folders.set(folder, files);
    return files;
  }

  #chunks(folder: string, name: string): (Uint8Array<ArrayBuffer> | string)[] {
    return this.#folders.get(folder)?.get(name) ?? [];
  }

  #bytes(folder: string, name: string): Uint8Array<ArrayBuffer>[] {
    return this.#chunks(folder, name).filter((chunk) => typeof chunk !== 'string');
  }
}

/** What another worker of the page keeps in its memory. What is written here is written nowhere. */
export class SharedMemoryPlace implements BytePlace {
  readonly kind = 'memory';

  async folders(): Promise<string[]> {
    return [];
  }

  async names(): Promise<string[]> {
    return [];
  }

  async readText(folder: string, name: string): Promise<string | null> {
    return (await ask([folder, name]))?.text() ?? null;
  }

  async writeText(): Promise<void> {}

  async readFile(folder: string, name: string, bytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const blob = await ask([folder, name]);
    return blob?.size === bytes ? new Uint8Array(await blob.arrayBuffer()) : null;
  }

  async readChunk(folder: string, name: string, index: number, length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const blob = await ask([folder, name]);
    const from = index * CHUNK_BYTES;
    return blob && blob.size >= from + length ? new Uint8Array(await blob.slice(from, from + length).arrayBuffer()) : null;
  }

  async writeChunk(): Promise<void> {}

  async remove(): Promise<void> {}

  async removeFolder(): Promise<void> {}
}

function ask(key: Key): Promise<Blob | null> {
  const channel = new BroadcastChannel(CHANNEL);
  const id = `${Date.now()}-${Math.random()}`;
  return new Promise((resolve) => {
    const end = (blob: Blob | null): void => {
      clearTimeout(timer);
      channel.close();
      resolve(blob);
    };
    const timer = setTimeout(() => end(null), PATIENCE_MS);
    channel.addEventListener('message', ({ data }: MessageEvent<{ id: string; blob?: Blob }>) => {
      if (data.id === id && data.blob) end(data.blob);
    });
    channel.postMessage({ ask: key, id });
  });
}

const sizeOf = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0);

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(sizeOf(chunks));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
