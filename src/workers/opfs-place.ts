/** Files in the browser's own file system for this page (OPFS), written through the handles that only workers have. */
import { CHUNK_BYTES } from '../model/pack-download.ts';
import type { BytePlace } from './byte-place.ts';

/** A text is written here first: of the two, one is always whole. */
const DRAFT = '.new';

/** Rejects where the browser lends no such storage, as in some private windows. */
export async function openOpfs(name: string): Promise<BytePlace> {
  const storage = await navigator.storage.getDirectory();
  const root = await storage.getDirectoryHandle(name, { create: true });
  if (await isBare(root)) await probe(root);
  return new OpfsPlace(root);
}

async function isBare(folder: FileSystemDirectoryHandle): Promise<boolean> {
  for await (const _ of folder.entries()) return false;
  return true;
}

/** Some browsers list the folder and then let nothing be written. */
async function probe(root: FileSystemDirectoryHandle): Promise<void> {
  const name = `probe-${crypto.randomUUID()}`;
  const handle = await root.getFileHandle(name, { create: true });
  try {
    (await handle.createSyncAccessHandle()).close();
  } finally {
    await root.removeEntry(name).catch(() => {});
  }
}

class OpfsPlace implements BytePlace {
  readonly kind = 'opfs';
  readonly #root: FileSystemDirectoryHandle;

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async folders(): Promise<string[]> {
    const names: string[] = [];
    for await (const [name, handle] of this.#root.entries()) if (handle.kind === 'directory') names.push(...decoded(name));
    return names;
  }

  async names(folder: string): Promise<string[]> {
    const names = new Set<string>();
    const directory = await this.#directory(folder, false);
    if (directory === null) return [];
    for await (const [name, handle] of directory.entries()) {
      if (handle.kind === 'file')
        for (const plain of decoded(name)) names.add(plain.endsWith(DRAFT) ? plain.slice(0, -DRAFT.length) : plain);
    }
    return [...names];
  }

  async readText(folder: string, name: string): Promise<string | null> {
    // Whether a text is whole shows in its last character: what is cut off lacks the mark.
    for (const candidate of [name, `${name}${DRAFT}`]) {
      const file = await this.#file(folder, candidate);
      const text = file === null ? null : await file.text().catch(() => null);
      if (text?.endsWith(END)) return text.slice(0, -END.length);
    }
    return null;
  }

  async writeText(folder: string, name: string, text: string): Promise<void> {
    const bytes = new TextEncoder().encode(`${text}${END}`);
    for (const candidate of [`${name}${DRAFT}`, name]) {
      await this.#write(folder, candidate, (access) => {
        access.truncate(0);
        writeAll(access, bytes, 0);
        access.flush();
      });
    }
  }

  async readFile(folder: string, name: string, bytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const file = await this.#file(folder, name);
    if (file === null || file.size !== bytes) return null;
    return new Uint8Array(await file.arrayBuffer());
  }

  async readChunk(folder: string, name: string, index: number, length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const file = await this.#file(folder, name);
    const from = index * CHUNK_BYTES;
    if (file === null || file.size < from + length) return null;
    return new Uint8Array(await file.slice(from, from + length).arrayBuffer());
  }

  writeChunk(folder: string, name: string, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#write(folder, name, (access) => writeAll(access, bytes, index * CHUNK_BYTES));
  }

  async remove(folder: string, name: string): Promise<void> {
    const directory = await this.#directory(folder, false);
    for (const candidate of [name, `${name}${DRAFT}`]) await absentIsFine(directory?.removeEntry(encodeURIComponent(candidate)));
  }

  async removeFolder(folder: string): Promise<void> {
    await absentIsFine(this.#root.removeEntry(encodeURIComponent(folder), { recursive: true }));
  }

  async #directory(folder: string, create: boolean): Promise<FileSystemDirectoryHandle | null> {
    return orNull(this.#root.getDirectoryHandle(encodeURIComponent(folder), { create }));
  }

  async #file(folder: string, name: string): Promise<File | null> {
    const directory = await this.#directory(folder, false);
    const handle = directory === null ? null : await orNull(directory.getFileHandle(encodeURIComponent(name)));
    return handle === null ? null : handle.getFile();
  }

  async #write(folder: string, name: string, work: (access: FileSystemSyncAccessHandle) => void): Promise<void> {
    const directory = await this.#root.getDirectoryHandle(encodeURIComponent(folder), { create: true });
    const handle = await directory.getFileHandle(encodeURIComponent(name), { create: true });
    const access = await handle.createSyncAccessHandle();
    try {
      work(access);
    } finally {
      access.close();
    }
  }
}

const END = '\n\u2713';

function writeAll(access: FileSystemSyncAccessHandle, bytes: Uint8Array<ArrayBuffer>, at: number): void {
  const written = access.write(bytes, { at });
  if (written < bytes.length) throw new DOMException(`${written} of ${bytes.length} bytes were written`, 'QuotaExceededError');
}

/** Names that are none of ours decode to nothing. */
function decoded(name: string): string[] {
  try {
    return [decodeURIComponent(name)];
  } catch {
    return [];
  }
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

async function absentIsFine(work: Promise<void> | undefined): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** `TypeMismatchError`: there is something else of that name, which is none of ours. */
const isAbsent = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'NotFoundError' || error.name === 'TypeMismatchError');
