/**
 * Downloads files into a place of the host's: in chunks, resumed by byte range, each file checked by its hash before it counts.
 * Whatever is cut off or damaged, and in whatever order: what is stored is the right bytes, or it does not count.
 * Knows HTTP and hashes; the host hands in `fetch` and the place.
 */
import { type WireError, wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { runningSha1 } from '../shared/sha1.ts';
import { runningSha256, sha256Hex } from '../shared/sha256.ts';
import { type Attempt, askOnce, cancelled, type FetchOptions, patiently } from './patient-fetch.ts';

/** What is stored, checked and repaired as one. A file's last chunk is shorter. */
export const CHUNK_BYTES = 1 << 20;

/** `git-sha1`: git's name for a blob, SHA-1 of `blob <size>\0` and the bytes; the hub states it for files outside of LFS. */
export interface FileHash {
  kind: 'sha256' | 'git-sha1';
  /** Lower case. */
  hex: string;
}

export interface PackFile {
  /** In the pack's folder, with forward slashes. */
  path: string;
  bytes: number;
  hash: FileHash;
}

/** What is known of a file that is stored, whole or in part; kept beside it. */
export interface FileNote {
  /** sha256 of each chunk as it was written; the last may be cut short. */
  chunks: string[];
  /** How many bytes these chunks have together. */
  bytes: number;
  /** The version of the file on its server; null where that says none. */
  etag: string | null;
  /** All of it is there, and it had the hash that it must have. */
  verified: boolean;
}

/** A place that keeps files in chunks: a folder on disk, a browser's storage. It may reject; a full one does so with a `QuotaExceededError` or `ENOSPC`. */
export interface PackSink {
  /** Null where nothing is known of the file. */
  note(file: PackFile): Promise<FileNote | null>;
  keepNote(file: PackFile, note: FileNote): Promise<void>;
  /** Null where it is not there or cannot be read. `length`: bytes that were written of it. */
  readChunk(file: PackFile, index: number, length: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Chunks are written in order; one that was cut short is written again, longer. */
  writeChunk(file: PackFile, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Throws away what is there of the file, and its note. */
  drop(file: PackFile): Promise<void>;
}

/** A hash of bytes that come piece by piece. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  hex(): string | Promise<string>;
}

export interface DownloadOptions extends FetchOptions {
  /** Where a file is. */
  url: (file: PackFile) => string;
  /** For a host that has the whole file in memory and hashes it faster. Default: piece by piece. */
  hash?: (file: PackFile) => RunningHash;
}

/** Notes are kept at most this often: a page that is closed in between loads what came since anew. */
const NOTE_EVERY_MS = 1000;

export function runningHash({ bytes, hash }: PackFile): RunningHash {
  return hash.kind === 'sha256' ? runningSha256() : runningSha1().update(new TextEncoder().encode(`blob ${bytes}\0`));
}

/**
 * Files one after another; those that are stored and verified are not asked for.
 * Errors: as the words of the options say, and pack-corrupt, storage-full, storage-refused, cancelled. What came stays in the sink.
 * @param onProgress bytes of all files together that are there
 */
export async function downloadFiles(
  signal: AbortSignal,
  files: readonly PackFile[],
  sink: PackSink,
  options: DownloadOptions,
  onProgress: (loadedBytes: number, path: string) => void,
): Promise<Result<void>> {
  let before = 0;
  for (const file of files) {
    const loaded = await downloadFile(signal, file, sink, options, (bytes) => onProgress(before + bytes, file.path));
    if (!loaded.ok) return loaded;
    before += file.bytes;
    onProgress(before, file.path);
  }
  return ok(undefined);
}

/** As `downloadFiles`, one file. @param onBytes bytes of it that are there; goes back where it must begin anew */
export async function downloadFile(
  signal: AbortSignal,
  file: PackFile,
  sink: PackSink,
  options: DownloadOptions,
  onBytes: (bytes: number) => void,
): Promise<Result<void>> {
  try {
    return await new FileDownload(signal, file, guarded(sink), options, onBytes).run();
  } catch (error) {
    if (error instanceof SinkFailure) return fail(storageError(error.cause));
    throw error;
  }
}

/** What a place that cannot keep any more rejects with, in words. */
export function storageError(error: unknown): WireError {
  const name = error instanceof Error ? error.name : '';
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (name === 'QuotaExceededError' || code === 'ENOSPC' || code === 'EDQUOT') {
    return wireError(
      'storage-full',
      'There is no more room for this pack.',
      'Remove packs or kept sessions that you no longer need, or free space on this device, then go on; what came so far stays.',
      String(error),
    );
  }
  return wireError(
    'storage-refused',
    'The pack could not be written to this device’s storage.',
    'Check that the browser may store data for this page, then go on.',
    String(error),
  );
}

class FileDownload {
  readonly #signal: AbortSignal;
  readonly #file: PackFile;
  readonly #sink: PackSink;
  readonly #options: DownloadOptions;
  readonly #onBytes: (bytes: number) => void;
  #note: FileNote;
  #hash: RunningHash;
  /** The chunk that is coming; the note's last where that was cut short. */
  #chunk = new Uint8Array(CHUNK_BYTES);
  /** The one before it, which may still be on its way into the sink. */
  #chunkBefore = new Uint8Array(CHUNK_BYTES);
  #writing: Promise<void> = Promise.resolve();
  /** Bytes that are there: whole chunks, and the start of `#chunk`. */
  #position = 0;
  #noted = Date.now();
  /** Bytes that were stored before: until more came, the note that is kept may know of more behind a damaged chunk. */
  #takenUp = 0;

  constructor(signal: AbortSignal, file: PackFile, sink: PackSink, options: DownloadOptions, onBytes: (bytes: number) => void) {
    this.#signal = signal;
    this.#file = file;
    this.#sink = sink;
    this.#options = options;
    this.#onBytes = onBytes;
    this.#note = emptyNote();
    this.#hash = this.#newHash();
  }

  async run(): Promise<Result<void>> {
    const { words } = this.#options;
    const known = await this.#sink.note(this.#file);
    if (known?.verified && known.bytes === this.#file.bytes) return ok(undefined);
    if (this.#signal.aborted) return fail(cancelled());
    if (known) await this.#takeUp(known);
    for (let round = 0; ; round += 1) {
      const came = await this.#receive(round > 0);
      if (!came.ok) return came;
      const hex = await this.#hash.hex();
      const { hash, path } = this.#file;
      if (hex === hash.hex) {
        this.#note.verified = true;
        await this.#sink.keepNote(this.#file, this.#note);
        return ok(undefined);
      }
      await this.#startAnew();
      // What was stored before, or lay in the browser's cache, may have been another version: once more, all of it from the server.
      if (round > 0) return fail(words.corrupt(path, `${path}: expected ${hash.kind} ${hash.hex}, got ${hex}`));
    }
  }

  /** What is stored, chunk by chunk: a damaged one is fetched anew; where that does not help, everything from there on is. */
  async #takeUp(known: FileNote): Promise<void> {
    const { bytes } = this.#file;
    if (known.bytes > bytes || known.chunks.length !== Math.ceil(known.bytes / CHUNK_BYTES)) return this.#sink.drop(this.#file);
    this.#note.etag = known.etag;
    for (const [index, hash] of known.chunks.entries()) {
      const length = Math.min(CHUNK_BYTES, known.bytes - index * CHUNK_BYTES);
      const stored = await this.#sink.readChunk(this.#file, index, length);
      let chunk = stored !== null && stored.length === length && (await sha256Hex(stored)) === hash ? stored : null;
      if (chunk === null && index < known.chunks.length - 1) chunk = await this.#repair(index, length, hash);
      if (chunk === null || this.#signal.aborted) return;
      this.#chunk.set(chunk);
      this.#position += length;
      this.#hash.update(chunk);
      this.#note.chunks.push(hash);
      this.#note.bytes = this.#position;
      this.#takenUp = this.#position;
      this.#onBytes(this.#position);
    }
  }

  async #repair(index: number, length: number, hash: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const from = index * CHUNK_BYTES;
    const init: RequestInit = { headers: { range: `bytes=${from}-${from + length - 1}` }, cache: 'no-store' };
    const asked = await askOnce(this.#signal, this.#options, this.#options.url(this.#file), this.#file.path, init);
    if (asked.kind !== 'done') return null;
    const { response, end } = asked.value;
    try {
      // A server without ranges sends all of the file: then the way from here on is that of a cut.
      if (response.status !== 206 || Number(response.headers.get('content-length') ?? length) !== length) return null;
      const chunk = new Uint8Array(await response.arrayBuffer());
      if (chunk.length !== length || (await sha256Hex(chunk)) !== hash) return null;
      await this.#sink.writeChunk(this.#file, index, chunk);
      return chunk;
    } catch (error) {
      if (error instanceof SinkFailure) throw error;
      return null;
    } finally {
      end();
    }
  }

  /** Everything that is still to come. */
  #receive(reload: boolean): Promise<Result<void>> {
    let restarts = 0;
    return patiently(this.#signal, this.#options, async () => {
      if (this.#position >= this.#file.bytes) return { kind: 'done', value: undefined };
      const before = this.#position;
      const outcome = await this.#ask(reload);
      await this.#keepCut();
      if (outcome.kind === 'done' && outcome.value === 'changed') {
        restarts += 1;
        await this.#startAnew();
        const error = this.#options.words.corrupt(this.#file.path, 'it changes on the server while it is fetched');
        return restarts > 2 ? { kind: 'failed', error } : { kind: 'again', error, afterMs: 0, progressed: true };
      }
      if (outcome.kind === 'again') return { ...outcome, progressed: this.#position > before };
      return outcome.kind === 'done' ? { kind: 'done', value: undefined } : outcome;
    });
  }

  /** One request, from where the file stands. `changed`: the server has another file than the one that was begun. */
  async #ask(reload: boolean): Promise<Attempt<'whole' | 'changed'>> {
    const { words, url } = this.#options;
    const { path, bytes } = this.#file;
    const from = this.#position;
    const address = url(this.#file);
    const asked = await askOnce(this.#signal, this.#options, address, path, {
      ...(from > 0 && { headers: { range: `bytes=${from}-` } }),
      ...((reload || from > 0) && { cache: 'no-store' }),
    });
    if (asked.kind !== 'done') return asked;
    const { response, alive, end } = asked.value;
    try {
      if (response.status === 416) return { kind: 'done', value: 'changed' };
      const etag = response.headers.get('etag');
      if (from > 0 && this.#note.etag !== null && etag !== null && bare(etag) !== bare(this.#note.etag)) {
        return { kind: 'done', value: 'changed' };
      }
      this.#note.etag = etag ?? this.#note.etag;
      const range = contentRange(response);
      if (from > 0 && response.status === 206 && range !== null && range.from !== from) return { kind: 'done', value: 'changed' };
      const length = statedLength(response, range);
      if (length !== null && length !== bytes) {
        return { kind: 'failed', error: words.corrupt(path, `${path}: expected ${bytes} bytes, got ${length}`) };
      }
      // A server that ignores the range begins at the beginning: what is there already is passed over.
      let skip = response.status === 206 ? 0 : from;
      const reader = response.body?.getReader();
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true as const, value: undefined };
        if (done) break;
        alive();
        const piece = value.subarray(Math.min(skip, value.length));
        skip -= value.length - piece.length;
        if (this.#position + piece.length > bytes) {
          return { kind: 'failed', error: words.corrupt(path, `${path}: more than its ${bytes} bytes came`) };
        }
        await this.#take(piece);
      }
      if (this.#position === bytes) return { kind: 'done', value: 'whole' };
      // A body that is packed on its way has no stated length, and may end early without a sign.
      return {
        kind: 'again',
        error: words.unreachable(path, `${this.#position} of ${bytes} bytes came`, address),
        afterMs: null,
        progressed: false,
      };
    } catch (error) {
      if (error instanceof SinkFailure) throw error;
      return { kind: 'again', error: words.unreachable(path, String(error), address), afterMs: null, progressed: false };
    } finally {
      end();
    }
  }

  async #take(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    for (let at = 0; at < bytes.length; ) {
      const filled = this.#position % CHUNK_BYTES;
      const part = bytes.subarray(at, at + CHUNK_BYTES - filled);
      this.#chunk.set(part, filled);
      at += part.length;
      this.#position += part.length;
      if (this.#position % CHUNK_BYTES === 0 || this.#position === this.#file.bytes) await this.#writeBehind();
    }
    this.#onBytes(this.#position);
  }

  /** The next chunk comes while this one is written: one is on its way at a time, so that they stay in order. */
  async #writeBehind(): Promise<void> {
    await this.#writing;
    this.#writing = this.#writeChunk();
    this.#writing.catch(() => {}); // told to whoever waits for it next
    [this.#chunk, this.#chunkBefore] = [this.#chunkBefore, this.#chunk];
  }

  /** The chunk that `#position` ends, whole or not. */
  async #writeChunk(): Promise<void> {
    const end = this.#position;
    const index = Math.ceil(end / CHUNK_BYTES) - 1;
    const chunk = this.#chunk.subarray(0, end - index * CHUNK_BYTES);
    const [hash] = await Promise.all([sha256Hex(chunk), this.#sink.writeChunk(this.#file, index, chunk)]);
    this.#note.chunks[index] = hash;
    this.#note.bytes = end;
    if (Date.now() - this.#noted < NOTE_EVERY_MS) return;
    this.#noted = Date.now();
    await this.#sink.keepNote(this.#file, this.#note);
  }

  /** What came before a cut is kept, to the byte. */
  async #keepCut(): Promise<void> {
    await this.#writing;
    if (this.#note.bytes < this.#position) await this.#writeChunk();
    if (this.#position > this.#takenUp && this.#position < this.#file.bytes) await this.#sink.keepNote(this.#file, this.#note);
  }

  async #startAnew(): Promise<void> {
    await this.#sink.drop(this.#file);
    this.#note = emptyNote();
    this.#hash = this.#newHash();
    this.#position = 0;
    this.#takenUp = 0;
    this.#onBytes(0);
  }

  #newHash(): RunningHash {
    return (this.#options.hash ?? runningHash)(this.#file);
  }
}

const emptyNote = (): FileNote => ({ chunks: [], bytes: 0, etag: null, verified: false });

/** What the sink rejects with, so that it is not taken for a cut of the connection. */
class SinkFailure extends Error {}

function guarded(sink: PackSink): PackSink {
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw new SinkFailure('the sink', { cause: error });
    }
  };
  return {
    note: (file) => guard(sink.note(file)),
    keepNote: (file, note) => guard(sink.keepNote(file, note)),
    readChunk: (file, index, length) => guard(sink.readChunk(file, index, length)),
    writeChunk: (file, index, bytes) => guard(sink.writeChunk(file, index, bytes)),
    drop: (file) => guard(sink.drop(file)),
  };
}

/** Packing on the way (gzip) makes another tag of the same file. */
const bare = (etag: string): string => etag.replace(/^W\//, '').replace(/[-;](gzip|br|zstd|df)"$/, '"');

/** `bytes 5-9/10`: the range's start, and the size of the whole where it is told. */
function contentRange(response: Response): { from: number; size: number | null } | null {
  const found = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  return found ? { from: Number(found[1]), size: found[2] === '*' ? null : Number(found[2]) } : null;
}

/** Of the whole file, in bytes, where the server tells it: the length of a packed body is another. */
function statedLength(response: Response, range: { size: number | null } | null): number | null {
  if (response.status === 206) return range?.size ?? null;
  // Of another host the page may read the length, and not that the body is packed.
  if (response.type === 'cors' || response.headers.get('content-encoding') !== null) return null;
  const length = response.headers.get('content-length');
  return length === null ? null : Number(length);
}
