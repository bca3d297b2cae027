/**
 * A folder of labelled pictures: labels.csv and the files beside it, from a chosen or dropped folder or from a ZIP. Pictures are read one at a
 * time, when they are asked for. Knows nothing of what the labels mean.
 */
import { wireError } from '../shared/errors.ts';
import { decodeLabels } from '../shared/labels-csv.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { ZipLimits } from '../shared/zip.ts';
import { messages } from './messages.ts';
import { openZip } from './zip-reader.ts';

const text = messages.evaluation;
const LABELS = 'labels.csv';
/** A row takes some dozens of bytes. */
const MAX_LABELS_BYTES = 50e6;

export interface LabelledFolder {
  /** Of the folder or the archive, without an ending. */
  name: string;
  /** Text of labels.csv. */
  labels: string;
  /** Paths of all files, and that of the folder in which labels.csv is: what `finder` takes. */
  paths: readonly string[];
  base: string;
  /** Whether a file, named as in labels.csv, is there; in another case counts where only one is. */
  has(file: string): boolean;
  /** Fails with `file-unreadable` where it is not there, `picture-broken` where an archive's file is damaged. */
  open(file: string): Promise<Result<File>>;
}

interface Part {
  /** Path with forward slashes. */
  path: string;
  read(): Promise<Result<Blob>>;
}

/** Whether these dropped or chosen files are a labelled folder. */
export const holdsLabels = (files: readonly File[]): boolean => files.some((file) => isLabels(pathOf(file)));

/** Files as a folder gives them, with their paths. */
export function labelledFiles(files: readonly File[]): Promise<Result<LabelledFolder>> {
  return labelledFolder(
    null,
    files.map((file) => ({ path: pathOf(file), read: async () => ok(file) })),
  );
}

/** @param limits for tests */
export async function labelledZip(archive: File, limits?: ZipLimits): Promise<Result<LabelledFolder>> {
  const zip = await openZip(archive, limits);
  if (!zip.ok) return zip;
  return labelledFolder(
    archive.name.replace(/\.zip$/i, ''),
    zip.value.entries.map((entry) => ({
      path: entry.name,
      read: async () => {
        const bytes = await zip.value.read(entry);
        return bytes.ok ? ok(new Blob([bytes.value])) : bytes;
      },
    })),
  );
}

/** Told by its directory alone: sessions of this page are ZIPs, too. */
export async function isLabelledZip(archive: File): Promise<boolean> {
  const zip = await openZip(archive);
  if (!zip.ok) return false;
  const names = zip.value.entries.map(({ name }) => name);
  return !names.includes('session.json') && names.some((name) => isLabels(name) && !isJunk(name));
}

async function labelledFolder(name: string | null, all: readonly Part[]): Promise<Result<LabelledFolder>> {
  const parts = all.filter(({ path }) => !isJunk(path));
  const tables = parts.filter(({ path }) => isLabels(path));
  const depth = tables.reduce((least, { path }) => Math.min(least, path.split('/').length), Number.POSITIVE_INFINITY);
  const [table, another] = tables.filter(({ path }) => path.split('/').length === depth);
  if (!table) return fail(wireError('labels-invalid', ...text.refused.noLabels));
  if (another) return fail(wireError('labels-invalid', text.twoLabels(table.path, another.path), text.twoLabelsRemedy));
  const blob = await table.read();
  if (!blob.ok) return blob;
  if (blob.value.size > MAX_LABELS_BYTES) return fail(wireError('labels-invalid', ...text.refused.labelsTooLarge));
  const labels = decodeLabels(new Uint8Array(await blob.value.arrayBuffer()));
  if (!labels.ok) return labels;
  const base = table.path.slice(0, -LABELS.length);
  const paths = parts.map(({ path }) => path);
  const indexOf = finder(base, paths);
  const find = (file: string): Part | null => parts[indexOf(file) ?? -1] ?? null;
  return ok({
    name: name ?? base.split('/').at(-2) ?? text.folder,
    labels: labels.value,
    paths,
    base,
    has: (file) => find(file) !== null,
    open: async (file) => {
      const part = find(file);
      if (!part) return fail(wireError('file-unreadable', text.notThere(file), text.notThereRemedy));
      const found = await part.read();
      return found.ok ? ok(new File([found.value], file.split(/[/\\]/).at(-1) ?? file)) : found;
    },
  });
}

/** Which of the files one is, named as in labels.csv; null where it is not there. In another case counts where only one is. */
export function finder(base: string, paths: readonly string[]): (file: string) => number | null {
  const exact = new Map(paths.map((path, index) => [plain(path), index]));
  const anyCase = new Map<string, number | null>();
  for (const [path, index] of exact) {
    const key = path.toLowerCase();
    anyCase.set(key, anyCase.has(key) ? null : index);
  }
  return (file) => {
    const path = plain(base + plain(file));
    return exact.get(path) ?? anyCase.get(path.toLowerCase()) ?? null;
  };
}

const isLabels = (path: string): boolean => path.split('/').at(-1)?.toLowerCase() === LABELS;
/** What archivers and file managers leave behind. */
const isJunk = (path: string): boolean =>
  path.split('/').some((name) => name === '__MACOSX' || name.startsWith('._') || name === '.DS_Store');
/** One spelling of a path: file systems differ in how they write an umlaut. */
const plain = (path: string): string =>
  path
    .replaceAll('\\', '/')
    .replace(/^(\.?\/)+/, '')
    .normalize('NFC');

/** A chosen folder's files say it themselves; of dropped ones react-dropzone knows. */
export function pathOf(file: File & { relativePath?: string }): string {
  return plain(file.webkitRelativePath || file.relativePath || file.name);
}
