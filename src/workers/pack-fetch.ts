/**
 * The pack beside the page, kept in this browser: a file whose hash is the manifest's comes from the store, another from the server, used
 * as soon as its hash is known to be right, and written when loading is over. The manifest is always the server's; where that cannot be had
 * or is refused, the last good one goes on.
 */
import { parseManifest } from '../model/manifest.ts';
import { type PackSource, parsePackJson } from '../model/pack.ts';
import {
  CHUNK_BYTES,
  type DownloadOptions,
  downloadFile,
  type FileNote,
  type PackFile,
  type PackSink,
  type RunningHash,
} from '../model/pack-download.ts';
import type { PackRecord } from '../model/pack-record.ts';
import type { DownloadWords } from '../model/patient-fetch.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { sha256Hex } from '../shared/sha256.ts';
import { isWebPage } from '../shared/web-page.ts';
import { holdingLock } from './pack-lock.ts';
import { freeBytes, type PackShelf, type PackStore } from './pack-store.ts';
import { WriteBehind } from './write-behind.ts';

export const siteWords: DownloadWords = {
  unreachable: unreadable,
  refused: (path, _status, detail) => unreadable(path, detail),
  missing: (path, detail) =>
    wireError(
      'pack-missing',
      `The pack’s file ${path} is not there.`,
      'Check that the pack’s folder is complete where the page is served, then load again.',
      detail,
    ),
  corrupt: (path, detail) =>
    wireError(
      'pack-corrupt',
      `The pack file ${path} is damaged: it is not the one that the manifest lists.`,
      'The server may have a newer version by now: reload, and take it where the page offers it. Else get the pack again from where it came.',
      detail,
    ),
};

function unreadable(path: string, detail: string): WireError {
  return wireError(
    'file-unreadable',
    `The pack’s file ${path} could not be downloaded.`,
    'Check the connection and that the page is still served, then load again.',
    detail,
  );
}

export interface SitePack {
  source: PackSource;
  /** What a user should know of where it comes from; grows while it is read. */
  notes: string[];
  /** To be called when loading is over, and time for writing: resolves when all that was read so far is in the store. */
  written(): Promise<void>;
  /** To be called when all of it was opened and works: when it is written, what is kept of other versions is thrown away. */
  keep(): Promise<void>;
  /** The one that worked last, from the store alone; null where there is none, or where it is this one. */
  lastGood(): Promise<SitePack | null>;
}

/** Needs the manifest alone. @param packUrl absolute, ending in `/` */
export async function sitePack(packUrl: string, store: PackStore): Promise<SitePack> {
  const shelf = store.shelf({ site: packUrl });
  const fetched = await fetchManifest(packUrl);
  const text = fetched.ok ? new TextDecoder().decode(fetched.value) : '';
  const listed = fetched.ok ? listedFiles(text) : fetched;
  if (listed.ok) return new StoredSitePack(packUrl, store, shelf, { manifest: text, files: listed.value });
  const good = await goodRecord(shelf);
  if (good === null) return new RefusedPack(fetched.ok ? fetched : listed);
  const pack = new StoredSitePack(packUrl, store, shelf, good);
  pack.notes.push(
    fetched.ok
      ? `The server’s pack was refused: ${listed.error.message} The last good one goes on.`
      : 'The server’s pack cannot be had: the one that this browser has kept is used.',
  );
  return pack;
}

async function fetchManifest(packUrl: string): Promise<Result<Uint8Array>> {
  const path = 'manifest.json';
  try {
    // Files are fetched past the browser's cache: an older list than theirs would have all of them refused.
    const response = await fetch(new URL(path, packUrl), { credentials: 'same-origin', cache: 'no-cache' });
    if (response.status === 404 || response.status === 410) return fail(siteWords.missing(path, `HTTP ${response.status}`));
    if (!response.ok) return fail(unreadable(path, `HTTP ${response.status} ${response.statusText}`.trim()));
    if (isWebPage(response)) {
      await response.body?.cancel();
      return fail(siteWords.missing(path, 'the server answered with a web page instead of the file'));
    }
    return ok(new Uint8Array(await response.arrayBuffer()));
  } catch (error) {
    return fail(unreadable(path, String(error)));
  }
}

/** The files of a manifest that this version understands. */
function listedFiles(text: string): Result<PackFile[]> {
  const json = parsePackJson(new TextEncoder().encode(text));
  const parsed = json.ok ? parseManifest(json.value) : json;
  return parsed.ok ? ok(packFilesOf(parsed.value.files)) : parsed;
}

export const packFilesOf = (files: readonly { path: string; bytes: number; sha256: string }[]): PackFile[] =>
  files.map(({ path, bytes, sha256 }) => ({ path, bytes, hash: { kind: 'sha256', hex: sha256 } }));

type Version = Pick<PackRecord, 'manifest' | 'files'>;

async function goodRecord(shelf: PackShelf): Promise<Version | null> {
  const record = await shelf.record().catch(() => null);
  const listed = record && listedFiles(record.manifest);
  return record && listed?.ok ? { manifest: record.manifest, files: listed.value } : null;
}

/** Nothing can be read of it but why. */
class RefusedPack implements SitePack {
  readonly notes: string[] = [];
  readonly source: PackSource;

  /** @param manifest its bytes, which the engine will refuse with the reason; or why they are not there */
  constructor(manifest: Result<Uint8Array>) {
    this.source = {
      read: async (path) => (path === 'manifest.json' ? manifest : fail(siteWords.missing(path, 'its manifest was refused'))),
    };
  }

  async written(): Promise<void> {}

  async keep(): Promise<void> {}

  async lastGood(): Promise<SitePack | null> {
    return null;
  }
}

class StoredSitePack implements SitePack {
  readonly notes: string[] = [];
  readonly source: PackSource = { checked: true, read: (path, onBytes) => this.#read(path, onBytes) };
  readonly #packUrl: string;
  readonly #store: PackStore;
  readonly #shelf: PackShelf;
  readonly #version: Version;
  /** What is fetched is written to the store. */
  #keeps: boolean;
  /** The store has kept somebody waiting too long: nobody else is to wait for it. */
  #isSilent = false;
  readonly #behind = new WriteBehind();
  /** Nothing of the pack is on the shelf, so that no file need be looked for. */
  #isEmpty: Promise<boolean>;
  /** Files that are coming, or here and not written yet, by hash. */
  readonly #atHand = new Map<string, Promise<Result<Uint8Array>>>();
  /** Bytes that the store takes: asked once. Null where the browser does not tell. */
  #free: Promise<number | null> | undefined;
  /** Of these, what was promised, and to which files, by hash: one that is fetched again has its room. */
  #taken = 0;
  readonly #promised = new Set<string>();

  constructor(packUrl: string, store: PackStore, shelf: PackShelf, version: Version) {
    this.#packUrl = packUrl;
    this.#store = store;
    this.#shelf = shelf;
    this.#version = version;
    // The graphs hold it in memory already.
    this.#keeps = store.place !== 'memory';
    const isEmpty = (): Promise<boolean> =>
      shelf.isEmpty().catch((error: unknown) => {
        if (isLate(error)) this.#keepNoMore(error);
        return false;
      });
    this.#isEmpty = this.#keeps ? isEmpty() : Promise.resolve(true);
  }

  written(): Promise<void> {
    return this.#behind.flush();
  }

  async keep(): Promise<void> {
    await this.written();
    if (!this.#keeps) return;
    const { manifest, files } = this.#version;
    try {
      if ((await this.#shelf.record())?.manifest === manifest) return;
      await this.#shelf.keepRecord({ kind: 'own', origin: 'site', manifest, files });
      await this.#shelf.keepOnly(files);
    } catch {
      // The next start does it.
    }
  }

  async lastGood(): Promise<SitePack | null> {
    const good = await goodRecord(this.#shelf);
    return good === null || good.manifest === this.#version.manifest
      ? null
      : new StoredSitePack(this.#packUrl, this.#store, this.#shelf, good);
  }

  async #read(path: string, onBytes: (bytes: number) => void): Promise<Result<Uint8Array>> {
    if (path === 'manifest.json') return ok(new TextEncoder().encode(this.#version.manifest));
    const file = this.#version.files.find((candidate) => candidate.path === path);
    if (!file) return fail(siteWords.missing(path, 'its manifest does not list it'));
    const isNotKept = (await this.#isEmpty) || this.#isSilent;
    const kept = isNotKept ? null : await this.#kept(file, onBytes);
    return kept ?? this.#missing(file, onBytes);
  }

  async #kept(file: PackFile, onBytes: (bytes: number) => void): Promise<Result<Uint8Array> | null> {
    const bytes = await this.#shelf.readChecked(file);
    if (bytes === null) return null;
    onBytes(bytes.length);
    return ok(bytes);
  }

  #missing(file: PackFile, onBytes: (bytes: number) => void): Promise<Result<Uint8Array>> {
    const { hex } = file.hash;
    const atHand = this.#atHand.get(hex);
    if (atHand !== undefined) return atHand;
    const forget = (): void => {
      if (this.#atHand.get(hex) === coming) this.#atHand.delete(hex);
    };
    const coming = new Promise<Result<Uint8Array>>((resolve, reject) => {
      this.#share(file, onBytes, resolve).finally(forget).catch(reject);
    });
    // What failed may be tried again at once.
    coming.then(({ ok: isHere }) => isHere || forget(), forget);
    this.#atHand.set(hex, coming);
    return coming;
  }

  /**
   * One tab fetches, others wait for it; who waits for one that gets nowhere fetches for itself. Resolves when the file is written.
   * @param give gets it as soon as it is here
   */
  async #share(file: PackFile, onBytes: (bytes: number) => void, give: (file: Result<Uint8Array>) => void): Promise<void> {
    if (!this.#keeps) return give(await this.#fetch(file, onBytes, null));
    this.#free ??= freeBytes();
    const progress = async (): Promise<number> => {
      void this.written(); // the other may wait for what is held here
      return (await this.#shelf.stored([file]))[0]?.storedBytes ?? 0;
    };
    const isMine = await holdingLock(`${this.#shelf.name} ${file.hash.hex}`, { progress, onProgress: onBytes }, async (waited) => {
      if (waited) {
        this.#isEmpty = Promise.resolve(false);
        const kept = await this.#kept(file, onBytes);
        if (kept) {
          give(kept);
          return true;
        }
      }
      const fetched = await this.#fetch(file, onBytes, (await this.#hasRoom(file)) ? await this.#sink() : null);
      give(fetched);
      // Nobody takes up what failed before it is thrown away.
      await (fetched.ok ? this.#behind.push(async () => {}) : this.#behind.flush());
      return true;
    });
    if (isMine === null) give(await this.#fetch(file, onBytes, null));
  }

  async #sink(): Promise<PackSink> {
    const sink = this.#shelf.sink();
    return (await this.#isEmpty) ? { ...sink, note: async () => null } : sink;
  }

  async #hasRoom(file: PackFile): Promise<boolean> {
    this.#free ??= freeBytes();
    const free = await this.#free;
    if (free === null || this.#promised.has(file.hash.hex)) return true;
    if (free - this.#taken <= file.bytes + CHUNK_BYTES) {
      this.#keepNoMore(null);
      return false;
    }
    this.#taken += file.bytes;
    this.#promised.add(file.hash.hex);
    return true;
  }

  /** @param error of the store; null where it is full */
  #keepNoMore(error: unknown): void {
    if (isLate(error)) this.#isSilent = true;
    if (!this.#keeps) return;
    this.#keeps = false;
    if (this.#isSilent) this.notes.push('This browser’s storage does not answer, so nothing more of the pack is kept at this visit.');
    else this.notes.push('There is no room in this browser to keep the pack, so it is downloaded at each start.');
  }

  /** @param store where it is written to; null: nowhere */
  async #fetch(file: PackFile, onBytes: (bytes: number) => void, store: PackSink | null): Promise<Result<Uint8Array>> {
    let whole: Uint8Array<ArrayBuffer>;
    try {
      whole = new Uint8Array(file.bytes);
    } catch (error) {
      return fail(
        wireError('out-of-memory', 'This device ran out of memory.', 'Close other tabs and programs, then load again.', String(error)),
      );
    }
    const url = new URL(file.path, this.#packUrl).href;
    const sink = new MemorySink(whole, store, this.#behind, {
      answers: () => !this.#isSilent,
      onRefused: (error) => this.#keepNoMore(error),
    });
    const options: DownloadOptions = {
      fetch: (address, init) => fetch(address, init),
      words: siteWords,
      url: () => url,
      init: { credentials: 'same-origin', ...(store && { cache: 'no-store' as const }) },
      hash: () => hashOfWhole(whole),
    };
    const loaded = await downloadFile(new AbortController().signal, file, sink, options, onBytes);
    return loaded.ok ? ok(whole) : loaded;
  }
}

/** Of a store that did not answer. */
const isLate = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError';

/** The platform hashes what lies in memory many times faster than piece by piece. */
const hashOfWhole = (whole: Uint8Array<ArrayBuffer>): RunningHash => ({ update: () => {}, hex: () => sha256Hex(whole) });

/** How the store does with all files together. */
interface Keeping {
  answers(): boolean;
  onRefused(error: unknown): void;
}

/** Into memory, and from there into the store behind it, as long as that takes it: what the store refuses is no reason not to go on. */
class MemorySink implements PackSink {
  readonly #whole: Uint8Array<ArrayBuffer>;
  #store: PackSink | null;
  readonly #behind: WriteBehind;
  readonly #keeping: Keeping;

  constructor(whole: Uint8Array<ArrayBuffer>, store: PackSink | null, behind: WriteBehind, keeping: Keeping) {
    this.#whole = whole;
    this.#store = store;
    this.#behind = behind;
    this.#keeping = keeping;
  }

  async note(file: PackFile): Promise<FileNote | null> {
    const note = (await this.#tried((store) => store.note(file))) ?? null;
    // It is asked for because what is stored is not right: chunk by chunk, then.
    return note && { ...note, verified: false };
  }

  async keepNote(file: PackFile, note: FileNote): Promise<void> {
    const asItIs = { ...note, chunks: [...note.chunks] };
    this.#later((store) => store.keepNote(file, asItIs));
  }

  async readChunk(file: PackFile, index: number, length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const chunk = (await this.#tried((store) => store.readChunk(file, index, length))) ?? null;
    if (chunk) this.#whole.set(chunk, index * CHUNK_BYTES);
    return chunk;
  }

  async writeChunk(file: PackFile, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const at = index * CHUNK_BYTES;
    this.#whole.set(bytes, at);
    const part = this.#whole.subarray(at, at + bytes.length);
    this.#later((store) => store.writeChunk(file, index, part));
  }

  async drop(file: PackFile): Promise<void> {
    this.#later((store) => store.drop(file));
  }

  #later(work: (store: PackSink) => Promise<void>): void {
    if (this.#store !== null) void this.#behind.push(() => this.#tried(work));
  }

  async #tried<T>(work: (store: PackSink) => Promise<T>): Promise<T | undefined> {
    if (this.#store === null || !this.#keeping.answers()) return undefined;
    try {
      return await work(this.#store);
    } catch (error) {
      this.#store = null;
      this.#keeping.onRefused(error);
      return undefined;
    }
  }
}
