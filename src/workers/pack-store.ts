/**
 * The packs that lie in this browser. Files are named by their hash: two versions of a pack share what they have in common, and a file that
 * is there under its name is the right one or damaged, never another. What is there and is none of ours is left alone.
 */
import { CHUNK_BYTES, type FileNote, type PackFile, type PackSink, runningHash } from '../model/pack-download.ts';
import { type PackRecord, parseFileNote, parsePackRecord } from '../model/pack-record.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { sha256Hex } from '../shared/sha256.ts';
import type { BytePlace } from './byte-place.ts';
import { openCache } from './cache-place.ts';
import { MemoryPlace, SharedMemoryPlace } from './memory-place.ts';
import { openOpfs } from './opfs-place.ts';
import { inTime, patientPlace } from './patient-place.ts';

/** Another layout gets another name: what an older page wrote is never misread. */
const NAME = 'emollm-packs-1';
const RECORD = 'pack.json';
/** Of a version that is being fetched; the record is that of the last whole one. */
const COMING = 'coming.json';
const NOTE = '.note';

export interface StoredFile extends PackFile {
  storedBytes: number;
  verified: boolean;
}

export interface PackStore {
  readonly place: BytePlace['kind'];
  /** Ids of the packs that were fetched from a hub or imported, whole or in part. */
  ids(): Promise<string[]>;
  /**
   * A file, whole and checked. Errors: pack-missing, pack-corrupt, file-unreadable.
   * @param of the version that is meant, where another may take its place meanwhile; default the one that is stored
   */
  read(id: string, path: string, of?: PackRecord | null): Promise<Result<Uint8Array<ArrayBuffer>>>;
  /** manifest.json as it was stored, parsed as JSON alone. Errors: pack-missing, pack-corrupt. @param of as of `read` */
  manifest(id: string, of?: PackRecord | null): Promise<Result<unknown>>;
  /** Its files and how much of each is here; empty where nothing is known of the pack. */
  files(id: string): Promise<StoredFile[]>;
  remove(id: string): Promise<void>;
  /** Where a pack's files and its record lie. */
  shelf(of: ShelfName): PackShelf;
}

/** `site`: the pack at this address of the page's own server. `id`: one from a hub or from disk. */
export type ShelfName = { site: string } | { id: string };

const ID = 'pack:';
const folderOf = (name: ShelfName): string => ('id' in name ? `${ID}${name.id}` : `site:${new URL(name.site).pathname}`);

/** One pack's place in the store. */
export class PackShelf {
  /** For the lock of whoever writes here. */
  readonly name: string;
  readonly #place: BytePlace;

  constructor(place: BytePlace, name: ShelfName) {
    this.#place = place;
    this.name = folderOf(name);
  }

  /** Of the last version that was here whole. */
  record(): Promise<PackRecord | null> {
    return this.#recordIn(RECORD);
  }

  /** Of the version that is being fetched. */
  coming(): Promise<PackRecord | null> {
    return this.#recordIn(COMING);
  }

  keepComing(record: PackRecord): Promise<void> {
    return this.#place.writeText(this.name, COMING, JSON.stringify(record));
  }

  /** To be called when all its files are here and verified. */
  async keepRecord(record: PackRecord): Promise<void> {
    await this.#place.writeText(this.name, RECORD, JSON.stringify(record));
    await this.#place.remove(this.name, COMING);
  }

  /** The bytes where all are there and have the right hash, else null; a damaged file does not count as stored any more. */
  async readChecked(file: PackFile): Promise<Uint8Array<ArrayBuffer> | null> {
    // Undefined where it could not be read now: that says nothing of what is there.
    const bytes = await this.#place.readFile(this.name, file.hash.hex, file.bytes).catch(() => undefined);
    if (bytes === undefined) return null;
    if (bytes !== null && (await hashOf(file, bytes)) === file.hash.hex) return bytes;
    const note = await this.#note(file).catch(() => null);
    if (note?.verified) await this.#keepNote(file, { ...note, verified: false }).catch(() => {});
    return null;
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#place.names(this.name)).length === 0;
  }

  async stored(files: readonly PackFile[]): Promise<StoredFile[]> {
    const names = new Set(await this.#place.names(this.name));
    return Promise.all(
      files.map(async (file) => {
        const note = names.has(file.hash.hex) || file.bytes === 0 ? await this.#note(file) : null;
        return { ...file, storedBytes: note?.bytes ?? 0, verified: note?.verified ?? false };
      }),
    );
  }

  sink(): PackSink {
    return {
      note: (file) => this.#honestNote(file),
      keepNote: (file, note) => this.#keepNote(file, note),
      readChunk: (file, index, length) => this.#place.readChunk(this.name, file.hash.hex, index, length),
      writeChunk: (file, index, bytes) => this.#place.writeChunk(this.name, file.hash.hex, index, bytes),
      drop: async (file) => {
        await this.#place.remove(this.name, `${file.hash.hex}${NOTE}`);
        await this.#place.remove(this.name, file.hash.hex);
      },
    };
  }

  /** Removes what is of none of these files: of a version before. @param coming whether a version is still being fetched */
  async keepOnly(files: readonly PackFile[], coming = false): Promise<void> {
    const kept = new Set([RECORD, ...(coming ? [COMING] : []), ...files.flatMap(({ hash }) => [hash.hex, `${hash.hex}${NOTE}`])]);
    for (const name of await this.#place.names(this.name)) if (!kept.has(name)) await this.#place.remove(this.name, name);
  }

  remove(): Promise<void> {
    return this.#place.removeFolder(this.name);
  }

  /** A note outlives what it is of where the browser, or somebody, has cleared that away. */
  async #honestNote(file: PackFile): Promise<FileNote | null> {
    const note = await this.#note(file);
    if (!note?.verified || file.bytes === 0) return note;
    const last = Math.ceil(file.bytes / CHUNK_BYTES) - 1;
    const isThere = (await this.#place.readChunk(this.name, file.hash.hex, last, file.bytes - last * CHUNK_BYTES)) !== null;
    return isThere ? note : { ...note, verified: false };
  }

  async #recordIn(name: string): Promise<PackRecord | null> {
    const text = await this.#place.readText(this.name, name);
    return text === null ? null : parsePackRecord(text);
  }

  async #note(file: PackFile): Promise<FileNote | null> {
    const text = await this.#place.readText(this.name, `${file.hash.hex}${NOTE}`);
    return text === null ? null : parseFileNote(text);
  }

  #keepNote(file: PackFile, note: FileNote): Promise<void> {
    return this.#place.writeText(this.name, `${file.hash.hex}${NOTE}`, JSON.stringify(note));
  }
}

async function hashOf(file: PackFile, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (file.hash.kind === 'sha256') return sha256Hex(bytes);
  const hash = runningHash(file);
  hash.update(bytes);
  return hash.hex();
}

class Store implements PackStore {
  readonly #place: BytePlace;

  constructor(place: BytePlace) {
    this.#place = place;
  }

  get place(): BytePlace['kind'] {
    return this.#place.kind;
  }

  shelf(of: ShelfName): PackShelf {
    return new PackShelf(this.#place, of);
  }

  async ids(): Promise<string[]> {
    return (await this.#place.folders()).filter((name) => name.startsWith(ID)).map((name) => name.slice(ID.length));
  }

  async read(id: string, path: string, of?: PackRecord | null): Promise<Result<Uint8Array<ArrayBuffer>>> {
    const shelf = this.shelf({ id });
    const record = of ?? (await shelf.record());
    const file = record?.files.find((candidate) => candidate.path === path);
    if (record && path === 'manifest.json') return ok(new TextEncoder().encode(record.manifest));
    if (!file) return fail(notStored(id, path));
    const bytes = await shelf.readChecked(file);
    if (bytes) return ok(bytes);
    const stored = await shelf.stored([file]).then(
      ([each]) => each,
      () => null,
    );
    if (stored === null) return fail(unreadable(id, path));
    if ((stored?.storedBytes ?? 0) < file.bytes) return fail(notStored(id, path));
    // A wrong hash was noted: it is for want of memory that nothing came.
    return fail(stored?.verified ? unreadable(id, path) : damaged(id, path));
  }

  async manifest(id: string, of?: PackRecord | null): Promise<Result<unknown>> {
    const record = of ?? (await this.shelf({ id }).record());
    if (!record) return fail(notStored(id, 'manifest.json'));
    try {
      return ok(JSON.parse(record.manifest));
    } catch (error) {
      return fail(damaged(id, `manifest.json: ${String(error)}`));
    }
  }

  async files(id: string): Promise<StoredFile[]> {
    const shelf = this.shelf({ id });
    const record = await shelf.record();
    return record ? shelf.stored(record.files) : [];
  }

  remove(id: string): Promise<void> {
    return this.shelf({ id }).remove();
  }
}

const notStored = (id: string, detail: string): WireError =>
  wireError(
    'pack-missing',
    `The pack ${id} is not on this device, or not all of it.`,
    'Download it under “Model packs”, or open it from disk.',
    detail,
  );

export const unreadable = (id: string, detail: string): WireError =>
  wireError('file-unreadable', `A file of the pack ${id} cannot be read now.`, 'Close other tabs and programs, then load again.', detail);

const damaged = (id: string, detail: string): WireError =>
  wireError(
    'pack-corrupt',
    `The stored pack ${id} is damaged.`,
    'Download it again under “Model packs”: only what is damaged is fetched. One from disk must be opened again.',
    detail,
  );

/** @param keeps what cannot be stored stays in this worker's memory, where the page's other workers read it; for the packs' worker alone */
export async function openPackStore(keeps = false): Promise<PackStore> {
  const place = (await orNull(() => inTime(openOpfs(NAME)))) ?? (await orNull(() => inTime(openCache(NAME))));
  return new Store(place ? patientPlace(place) : inMemory(keeps));
}

function inMemory(keeps: boolean): BytePlace {
  if (!keeps) return new SharedMemoryPlace();
  const place = new MemoryPlace();
  place.share();
  return place;
}

async function orNull(open: () => Promise<BytePlace>): Promise<BytePlace | null> {
  try {
    return await open();
  } catch {
    return null;
  }
}

/** Bytes that may still be stored; null where the browser does not tell. */
export async function freeBytes(): Promise<number | null> {
  const asked = globalThis.navigator?.storage?.estimate?.();
  const estimate = asked && (await inTime(asked).catch(() => null));
  return estimate?.quota === undefined ? null : Math.max(0, estimate.quota - (estimate.usage ?? 0));
}
