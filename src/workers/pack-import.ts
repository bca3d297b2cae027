/** A pack from the user's disk: a folder's files or one ZIP, its manifest, and where each of its files' bytes come from. */
import { cannotRun, type FoundationMachine, type FoundationManifest, foundationFiles } from '../model/foundation-manifest.ts';
import { hubLayoutManifest } from '../model/hub-layout.ts';
import { parsePackJson } from '../model/pack.ts';
import type { DownloadOptions, PackFile } from '../model/pack-download.ts';
import { isSafePath } from '../model/pack-hub.ts';
import { cancelled, type DownloadWords } from '../model/patient-fetch.ts';
import { Crc32 } from '../shared/crc32.ts';
import { wireError } from '../shared/errors.ts';
import { type DownloadProgress, PACK_ZIP_LIMITS } from '../shared/packs.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { runningSha256 } from '../shared/sha256.ts';
import { type PackedFile, readZipDirectory, unpackedPieces } from '../shared/zip.ts';
import { type KnownPack, MAX_MANIFEST_BYTES, readManifest } from './pack-catalogue.ts';
import { packFilesOf } from './pack-fetch.ts';

interface OpenedFile {
  path: string;
  bytes: number;
  /** Anew from its beginning at each call. Rejects where the archive is damaged. */
  stream(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

export interface OpenedPack {
  pack: KnownPack;
  files: PackFile[];
  /** Gives their bytes as a server would. */
  download: DownloadOptions;
}

type Foundation = Extract<KnownPack, { kind: 'foundation' }>;

const MANIFEST = 'manifest.json';
const AGAIN = 'Get the pack again from where it came.';

const importWords = {
  unreachable: (path: string, detail: string) =>
    wireError('pack-corrupt', `The pack file ${path} cannot be read, or is cut off.`, AGAIN, detail),
  refused: (path, _status, detail) => wireError('pack-corrupt', `The pack file ${path} cannot be read, or is cut off.`, AGAIN, detail),
  missing: (path, detail) => missing(path, detail),
  corrupt: (path, detail) =>
    wireError('pack-corrupt', `The pack file ${path} is damaged: it is not the one that the manifest lists.`, AGAIN, detail),
} satisfies DownloadWords;

const missing = (path: string, detail?: string) =>
  wireError('pack-missing', `The pack’s file ${path} is not there.`, 'Check that the pack is complete, then open it again.', detail);

const refusedZip = (detail: string) =>
  wireError(
    'pack-corrupt',
    'This archive cannot be read as a pack.',
    'Pack the folder again as a plain ZIP, or open the folder itself.',
    detail,
  );

/** How an import is stopped, and whom it tells how far it is. */
export interface ImportWatch {
  signal: AbortSignal;
  onProgress: (progress: DownloadProgress) => void;
}

/**
 * Reads no more than it must: a manifest, and whole those files whose hashes nobody states. Writes nothing.
 * Errors: pack-missing, pack-corrupt, pack-unsupported, no-webgpu, cancelled.
 * @param known foundation packs that a folder straight from the hub, without a manifest of ours, may be
 * @param machine what this device has
 */
export async function openImport(
  watch: ImportWatch,
  given: readonly { path: string; file: Blob }[],
  known: readonly Foundation[],
  machine: FoundationMachine,
): Promise<Result<OpenedPack>> {
  const opened = await openFiles(given);
  if (!opened.ok) return opened;
  const outside = opened.value.find(({ path }) => !isSafePath(path));
  if (outside) {
    return fail(wireError('pack-corrupt', 'This pack names a file outside of its own folder.', AGAIN, outside.path));
  }
  const manifestFile = shallowest(opened.value, MANIFEST);
  if (manifestFile) return openManifest(watch, opened.value, manifestFile, machine);
  const name = given.length === 1 ? (given[0]?.path ?? '') : '';
  return openHubFolder(watch, opened.value, name, known, machine);
}

async function openFiles(given: readonly { path: string; file: Blob }[]): Promise<Result<OpenedFile[]>> {
  const [only] = given;
  if (given.length === 1 && only && (await isZip(only.file))) return openArchive(only.file);
  return ok(given.map(({ path, file }) => ({ path: path.replace(/^\/+/, ''), bytes: file.size, stream: async () => file.stream() })));
}

async function isZip(file: Blob): Promise<boolean> {
  const head = new Uint8Array(
    await file
      .slice(0, 4)
      .arrayBuffer()
      .catch(() => new ArrayBuffer(0)),
  );
  return head[0] === 0x50 && head[1] === 0x4b;
}

async function openArchive(archive: Blob): Promise<Result<OpenedFile[]>> {
  try {
    const entries = await readZipDirectory(archive, PACK_ZIP_LIMITS);
    if (typeof entries === 'string') return fail(refusedZip(entries));
    return ok(
      entries.map((entry) => ({
        path: entry.name,
        bytes: entry.size,
        stream: async () => {
          const pieces = await unpackedPieces(archive, entry);
          if (pieces === null) throw new Error(`${entry.name} is not where it should be, or is cut off`);
          return streamOf(summed(pieces, entry));
        },
      })),
    );
  } catch (error) {
    return fail(refusedZip(String(error)));
  }
}

/** The archive's own sum is all that speaks for a file whose hash nobody states. Rejects where it is another. */
async function* summed(
  pieces: AsyncGenerator<Uint8Array<ArrayBuffer>>,
  { name, sum }: PackedFile,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const crc = new Crc32();
  for await (const piece of pieces) {
    crc.add(piece);
    yield piece;
  }
  if (crc.value !== sum) throw new Error(`${name} is damaged: its sum is another`);
}

function streamOf(pieces: AsyncGenerator<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => {
      await pieces.return(undefined);
    },
  });
}

async function openManifest(
  watch: ImportWatch,
  files: readonly OpenedFile[],
  manifestFile: OpenedFile,
  machine: FoundationMachine,
): Promise<Result<OpenedPack>> {
  if (manifestFile.bytes > MAX_MANIFEST_BYTES) {
    return fail(wireError('pack-corrupt', 'The pack’s manifest is not valid.', AGAIN, `${manifestFile.bytes} bytes`));
  }
  const read = await readWhole(watch.signal, manifestFile);
  if (!read.ok) return read;
  const parsed = readManifest(read.value);
  if (!parsed.ok) return parsed;
  const inFolder = underFolder(files, manifestFile.path.slice(0, -MANIFEST.length));
  const pack = parsed.value;
  if (pack.kind === 'foundation') return openFoundation(watch, pack, inFolder, machine);
  return opened(pack, packFilesOf(pack.manifest.files), inFolder);
}

/** Told by the folder's name, as the hub's own tools give it, or by the size of a file that differs from model to model. */
async function openHubFolder(
  watch: ImportWatch,
  files: readonly OpenedFile[],
  archiveName: string,
  known: readonly Foundation[],
  machine: FoundationMachine,
): Promise<Result<OpenedPack>> {
  const config = shallowest(files, 'config.json');
  if (config) {
    const folder = config.path.slice(0, -'config.json'.length);
    const inFolder = underFolder(files, folder);
    const names = `${archiveName}/${folder}`.toLowerCase().replace(/\.zip(?=\/|$)/, '');
    const fits = known.filter(({ manifest }) => foundationFiles(manifest, machine).paths.every((path) => inFolder.has(path)));
    const named = fits.filter(({ manifest }) => namesOf(manifest).some((name) => names.split('/').includes(name)));
    const sized = fits.filter(({ manifest }) =>
      manifest.stated.some(({ path, bytes }) => path === 'config.json' && bytes === config.bytes),
    );
    const [found] = named.length > 0 ? named : sized.length === 1 ? sized : [];
    if (found) return openFoundation(watch, found, inFolder, machine);
    const made = await manifestOf(watch.signal, names, inFolder, config);
    if (made) return made.ok ? openFoundation(watch, made.value, inFolder, machine) : made;
  }
  return fail(
    wireError(
      'pack-missing',
      'There is no manifest.json in what was opened, and it is no model that this page knows.',
      'Open a pack’s folder or a ZIP of it; of a model from the hub, the folder must have the repository’s name and all files that are needed.',
      files.length === 0
        ? 'no files'
        : files
            .slice(0, 10)
            .map(({ path }) => path)
            .join(', '),
    ),
  );
}

/** Of a model that no manifest here is about; null where the files are laid out otherwise. */
async function manifestOf(
  signal: AbortSignal,
  names: string,
  inFolder: ReadonlyMap<string, OpenedFile>,
  config: OpenedFile,
): Promise<Result<Foundation> | null> {
  if (![...inFolder.keys()].some((path) => /^onnx\/[^/]+\.onnx$/.test(path))) return null;
  if (config.bytes > MAX_MANIFEST_BYTES) return null;
  const read = await readWhole(signal, config);
  if (!read.ok) return read;
  const json = parsePackJson(read.value);
  const name =
    names
      .split('/')
      .filter((part) => part !== '')
      .at(-1) ?? 'model';
  const made = hubLayoutManifest(name, [...inFolder.keys()], json.ok ? json.value : null);
  return made.ok ? ok({ kind: 'foundation', text: JSON.stringify(made.value), manifest: made.value }) : made;
}

function namesOf({ id, hub }: FoundationManifest): string[] {
  const [org = '', name = ''] = hub.repo.toLowerCase().split('/');
  return [id, name, `models--${org}--${name}`];
}

async function openFoundation(
  { signal, onProgress }: ImportWatch,
  pack: Foundation,
  inFolder: ReadonlyMap<string, OpenedFile>,
  machine: FoundationMachine,
): Promise<Result<OpenedPack>> {
  const { paths } = foundationFiles(pack.manifest, machine);
  if (paths.length === 0) return fail(cannotRun(pack.manifest));
  const gone = paths.find((path) => !inFolder.has(path));
  if (gone !== undefined) return fail(missing(gone));
  const stated = new Map(packFilesOf(pack.manifest.files).map((file) => [file.path, file]));
  const unknown = [...inFolder].filter(([path]) => paths.includes(path) && !stated.has(path));
  const totalBytes = unknown.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  let loadedBytes = 0;
  // Nobody says what it must be: what it is now is what it must be from now on.
  for (const [path, file] of unknown) {
    const hash = await hashOf(signal, file, (read) => {
      loadedBytes += read;
      onProgress({ loadedBytes, totalBytes, path, checking: true });
    });
    if (!hash.ok) return hash;
    stated.set(path, { path, bytes: file.bytes, hash: { kind: 'sha256', hex: hash.value } });
  }
  return opened(
    pack,
    paths.flatMap((path) => stated.get(path) ?? []),
    inFolder,
  );
}

function opened(pack: KnownPack, files: PackFile[], inFolder: ReadonlyMap<string, OpenedFile>): Result<OpenedPack> {
  for (const { path, bytes } of files) {
    const file = inFolder.get(path);
    if (!file) return fail(missing(path));
    if (file.bytes !== bytes) return fail(importWords.corrupt(path, `${path}: expected ${bytes} bytes, got ${file.bytes}`));
  }
  const download: DownloadOptions = {
    words: importWords,
    url: ({ path }) => path,
    wait: async () => {},
    fetch: async (path, { signal }) => {
      const file = inFolder.get(path);
      if (!file) return new Response(null, { status: 404 });
      // A response that was made here knows nothing of its request's signal.
      const bytes = await file.stream();
      return new Response(signal ? bytes.pipeThrough(new TransformStream(), { signal }) : bytes);
    },
  };
  return ok({ pack, files, download });
}

function shallowest(files: readonly OpenedFile[], name: string): OpenedFile | undefined {
  return files
    .filter(({ path }) => path === name || path.endsWith(`/${name}`))
    .sort((a, b) => a.path.split('/').length - b.path.split('/').length)[0];
}

function underFolder(files: readonly OpenedFile[], folder: string): Map<string, OpenedFile> {
  return new Map(files.filter(({ path }) => path.startsWith(folder)).map((file) => [file.path.slice(folder.length), file]));
}

async function readWhole(signal: AbortSignal, file: OpenedFile): Promise<Result<Uint8Array>> {
  const bytes = new Uint8Array(file.bytes);
  let length = 0;
  const read = await eachPiece(signal, file, (piece) => {
    bytes.set(piece, length);
    length += piece.length;
  });
  return read.ok ? ok(bytes) : read;
}

/** @param onBytes how many more have been read */
async function hashOf(signal: AbortSignal, file: OpenedFile, onBytes: (bytes: number) => void): Promise<Result<string>> {
  const hash = runningSha256();
  const read = await eachPiece(signal, file, (piece) => {
    hash.update(piece);
    onBytes(piece.length);
  });
  return read.ok ? ok(hash.hex()) : read;
}

/** Exactly as many bytes as the file says to have. */
async function eachPiece(signal: AbortSignal, file: OpenedFile, take: (piece: Uint8Array) => void): Promise<Result<void>> {
  let length = 0;
  try {
    const reader = (await file.stream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (signal.aborted) {
        await reader.cancel().catch(() => {});
        return fail(cancelled());
      }
      if (done) break;
      length += value.length;
      if (length > file.bytes) {
        await reader.cancel().catch(() => {});
        return fail(importWords.corrupt(file.path, 'it is larger than it says'));
      }
      take(value);
    }
  } catch (error) {
    return fail(importWords.unreachable(file.path, String(error)));
  }
  return length === file.bytes ? ok(undefined) : fail(importWords.unreachable(file.path, `${length} of ${file.bytes} bytes`));
}
