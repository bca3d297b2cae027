/** A folder on disk as the place of a download: each file where it belongs, and in a folder of their own what is known of each. */
import { mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CHUNK_BYTES, type FileNote, type PackFile, type PackSink } from '../model/pack-download.ts';
import { parseFileNote } from '../model/pack-record.ts';

/** The folder's folder for what is known of its files; it marks what was fetched. */
export const NOTES = '.emollm';

export class FolderSink implements PackSink {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Null also where the file of that name is another one, as of an older commit, or its bytes are not there any more. */
  async note(file: PackFile): Promise<FileNote | null> {
    try {
      const [hash, text = ''] = (await readFile(this.#noteOf(file), 'utf8')).split('\n', 2);
      const note = hash === file.hash.hex ? parseFileNote(text) : null;
      return note && (note.bytes === 0 || (await stat(this.#pathOf(file))).size >= note.bytes) ? note : null;
    } catch {
      return null;
    }
  }

  async keepNote(file: PackFile, note: FileNote): Promise<void> {
    const path = this.#noteOf(file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${file.hash.hex}\n${JSON.stringify(note)}`);
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
    return join(this.#folder, NOTES, `${path}.json`);
  }
}
