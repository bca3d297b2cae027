/**
 * A pack: a folder with manifest.json and the files that it names. Knows bytes, hashes and
 * names; the host says how a file is read (fetch in a browser, the disk in Node).
 */
import { wireError } from '../shared/errors.ts';
import type { ReadyPart } from '../shared/events.ts';
import type { GraphName } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { sha256Hex } from '../shared/sha256.ts';
import type { GraphFiles } from './graph.ts';
import { int8Files, type PackManifest, parseManifest } from './manifest.ts';

/** Supplied by the host. */
export interface PackSource {
  /**
   * A file of the pack's folder, whole. `onBytes` is told how many bytes have come so far.
   * Fails with `pack-missing` where there is no such file, `file-unreadable` where it cannot be had.
   */
  read(path: string, onBytes: (bytes: number) => void): Promise<Result<Uint8Array>>;
  /** The host has checked size and hash of every listed file before it gives it. Default false. */
  readonly checked?: boolean;
}

export interface Pack {
  manifest: PackManifest;
  /** sha256 of manifest.json: it names every file's hash, so it stands for the whole pack. */
  hash: string;
  /** Size of all files that the engine reads. */
  totalBytes: number;
  /**
   * Reads the files of a part in their order, each checked for size and hash before use.
   * `onBytes` is told how many bytes of this part have come so far.
   */
  readPart(part: PackPart, onBytes: (bytes: number) => void): Promise<Result<PartFiles>>;
  /** The ONNX files of these graphs and their external data, checked likewise. */
  readGraphs(names: readonly GraphName[]): Promise<Result<PartFiles>>;
  /** Size of these parts' files, each counted once. */
  bytesOf(parts: readonly PackPart[]): number;
  /** parity.json, checked likewise. */
  readGoldens(): Promise<Result<Uint8Array>>;
}

/**
 * The language model's part is in two, so that one is opened while the other comes: `prompt` is all that a prompt is made of, `decoder` what
 * goes on from there. `words` is what of it reads words from a picture: all that a foundation model needs.
 */
export type PackPart = ReadyPart | 'prompt' | 'decoder' | 'words';

/** The checked files of one part, by name. */
export type PartFiles = ReadonlyMap<string, Uint8Array>;

/** The graphs of each part, in the order in which the parts are loaded: a reading long before a sentence. */
export const PART_GRAPHS: Record<ReadyPart, readonly GraphName[]> = {
  faces: ['face-detector-short', 'face-detector-full', 'face-landmarks'],
  reader: ['face-encoder'],
  'language-model': ['scene-encoder', 'projection', 'text-detector', 'text-recognizer', 'language-model'],
};

const WORDS_GRAPHS: readonly GraphName[] = ['text-detector', 'text-recognizer'];

/** Of a part, read at once: one comes while the other is checked. */
const AT_ONCE = 2;

const REMEDY = 'Get the pack again from where it came, then reload.';

/** Reads and checks the manifest; files follow part by part. */
export async function openPack(source: PackSource): Promise<Result<Pack>> {
  const read = await source.read('manifest.json', () => {});
  if (!read.ok) return read;
  const json = parsePackJson(read.value);
  if (!json.ok) return json;
  const parsed = parseManifest(json.value);
  if (!parsed.ok) return parsed;

  const manifest = parsed.value;
  const sizes = new Map(manifest.files.map((file) => [file.path, file.bytes]));
  const bytesOf = (parts: readonly PackPart[]): number =>
    [...new Set(parts.flatMap((part) => partPaths(manifest, part)))].reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0);
  return ok({
    manifest,
    hash: await sha256Hex(plain(read.value)),
    totalBytes: bytesOf(['faces', 'reader', 'language-model']),
    bytesOf,
    readPart: (part, onBytes) => readFiles(source, manifest, partPaths(manifest, part), onBytes),
    readGraphs: (names) => readFiles(source, manifest, graphPaths(manifest, names), () => {}),
    readGoldens: async () => {
      const files = await readFiles(source, manifest, [manifest.parity], () => {});
      return files.ok ? ok(fileOf(files.value, manifest.parity)) : files;
    },
  });
}

/** The ONNX file of a graph and its external data, out of its part's files. */
export function graphFiles(manifest: PackManifest, name: GraphName, files: PartFiles): GraphFiles {
  const entry = manifest.graphs[name];
  return { model: fileOf(files, entry.file), data: entry.data.map((path) => ({ path, data: fileOf(files, path) })) };
}

/** A file that the part is known to hold. */
export function fileOf(files: PartFiles, path: string): Uint8Array {
  const bytes = files.get(path);
  if (!bytes) throw new Error(`${path} is not in this part`);
  return bytes;
}

const graphPaths = (manifest: PackManifest, names: readonly GraphName[]): string[] =>
  names.flatMap((name) => [manifest.graphs[name].file, ...manifest.graphs[name].data]);

function partPaths(manifest: PackManifest, part: PackPart): string[] {
  const { tokenizer, text } = manifest;
  switch (part) {
    case 'faces':
    case 'reader':
      return graphPaths(manifest, PART_GRAPHS[part]);
    case 'language-model':
      return [...partPaths(manifest, 'prompt'), ...partPaths(manifest, 'decoder')];
    case 'words': {
      const { recognizer, vocabulary, classifier } = text;
      return [...graphPaths(manifest, WORDS_GRAPHS), recognizer.dictionary, vocabulary, ...(classifier ? [classifier] : [])];
    }
    case 'prompt': {
      const seen = graphPaths(manifest, ['scene-encoder', 'projection']);
      return [tokenizer.tokenizer, tokenizer.config, ...seen, ...partPaths(manifest, 'words')];
    }
    case 'decoder': {
      const { embedding, int8, drafts } = manifest.languageModel;
      const paths = [...graphPaths(manifest, ['language-model']), embedding.file, embedding.scales.file];
      if (embedding.zeroPoints) paths.push(embedding.zeroPoints.file);
      if (int8) paths.push(...int8Files(int8));
      if (drafts) paths.push(drafts);
      return paths;
    }
  }
}

async function readFiles(
  source: PackSource,
  manifest: PackManifest,
  paths: string[],
  onBytes: (bytes: number) => void,
): Promise<Result<PartFiles>> {
  const files = new Map<string, Uint8Array>();
  const came = new Map<string, number>();
  const readOne = async (path: string): Promise<Result<Uint8Array>> => {
    const entry = manifest.files.find((file) => file.path === path);
    if (!entry) return fail(wireError('pack-corrupt', 'The pack’s manifest names a file that it does not list.', REMEDY, path));
    const tell = (bytes: number): void => {
      came.set(path, Math.min(bytes, entry.bytes));
      onBytes([...came.values()].reduce((sum, each) => sum + each, 0));
    };
    const read = await source.read(path, tell);
    if (!read.ok) return read;
    const bytes = read.value;
    if (bytes.length !== entry.bytes) return fail(corrupt(path, `expected ${entry.bytes} bytes, got ${bytes.length}`));
    const hash = source.checked === true ? entry.sha256 : await sha256Hex(plain(bytes));
    if (hash !== entry.sha256) return fail(corrupt(path, `expected sha256 ${entry.sha256}, got ${hash}`));
    tell(entry.bytes);
    return read;
  };
  const waiting = [...new Set(paths)];
  const coming: { path: string; read: Promise<Result<Uint8Array>> }[] = [];
  for (;;) {
    for (const path of waiting.splice(0, AT_ONCE - coming.length)) {
      const read = readOne(path);
      read.catch(() => {}); // told to who waits for it
      coming.push({ path, read });
    }
    const first = coming.shift();
    if (!first) return ok(files);
    const read = await first.read;
    if (!read.ok) return read;
    files.set(first.path, read.value);
  }
}

const corrupt = (path: string, detail: string) =>
  wireError('pack-corrupt', `The pack file ${path} is damaged: it is not the one that the manifest lists.`, REMEDY, `${path}: ${detail}`);

/** Web Crypto takes no view of shared memory; our files never are one, but their type does not say so. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

/** manifest.json as JSON, not yet as a manifest. Fails with `pack-corrupt`. */
export function parsePackJson(bytes: Uint8Array): Result<unknown> {
  try {
    return ok(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return fail(wireError('pack-corrupt', 'The pack’s manifest.json cannot be read.', REMEDY, 'manifest.json is not JSON'));
  }
}
