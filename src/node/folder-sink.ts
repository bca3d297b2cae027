/** A folder on disk as the place of a download: each file where it belongs, and a note beside it for as long as it is not whole. */
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CHUNK_BYTES, type FileNote, type PackFile, type PackSink } from '../model/pack-download.ts';
import { parseFileNote } from '../model/pack-record.ts';

export class FolderSink implements PackSink {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async note(file: PackFile): Promise<FileNote | null> {
    try {
      return parseFileNote(await readFile(this.#noteOf(file), 'utf8'));
    } catch {
      return null;
    }
  }

  async keepNote(file: PackFile, note: FileNote): Promise<void> {
    const path = this.#noteOf(file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, JSON.stringify(note));
  }

  async readChunk(file: PackFile, index: number, length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      const handle = await open(this.#pathOf(file), 'r');
      try {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await handle.read(bytes, 0, length, index * CHUNK_BYTES);
        return bytes.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    } catch {
      return null;
    }
  }

  async writeChunk(file: PackFile, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const path = this.#pathOf(file);
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(path, index === 0 ? 'w' : 'r+');
    try {
      await handle.write(bytes, 0, bytes.length, index * CHUNK_BYTES);
    } finally {
      await handle.close();
    }
  }

  async drop(file: PackFile): Promise<void> {
    await rm(this.#pathOf(file), { force: true });
    await rm(this.#noteOf(file), { force: true });
  }

  #pathOf({ path }: PackFile): string {
    return join(this.#folder, path);
  }

  #noteOf({ path }: PackFile): string {
    return join(this.#folder, '.emollm', `${path}.json`);
  }
}
