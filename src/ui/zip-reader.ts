/**
 * A ZIP read in place: its directory first, then one file at a time, so that an archive of any size costs the memory of one picture.
 * What does not look right is refused before anything is unpacked.
 */
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { messages } from './messages.ts';

export interface ZipEntry {
  /** Path in the archive, with forward slashes. */
  name: string;
  /** Unpacked, in bytes. */
  size: number;
}

export interface ZipArchive {
  /** Files alone, no folders. */
  entries: ZipEntry[];
  /** Unpacks one file. Fails with `picture-broken`. */
  read(entry: ZipEntry): Promise<Result<Uint8Array<ArrayBuffer>>>;
}

export interface ZipLimits {
  files: number;
  /** Of one file and of all together, unpacked. */
  fileBytes: number;
  bytes: number;
}

/** A picture of 64 megapixels fits many times over, a folder of a hundred thousand photos, too. */
export const ZIP_LIMITS: ZipLimits = { files: 100_000, fileBytes: 200e6, bytes: 50e9 };
/** What is said to shrink more is a trap; no picture does. Small tables of labels may. */
const MAX_RATIO = 200;
const RATIO_FROM_BYTES = 1e6;

const END = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT = 0xffff;
const DIRECTORY_ENTRY = 0x02014b50;
const DIRECTORY_ENTRY_BYTES = 46;
const FILE_HEADER = 0x04034b50;
const FILE_HEADER_BYTES = 30;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;

interface Packed extends ZipEntry {
  method: number;
  /** Packed, in bytes. */
  packed: number;
  /** Of the file's own header, in bytes from the start. */
  at: number;
}

const refused = (detail: string) => fail(wireError('file-unreadable', ...messages.evaluation.refused.zipRefused, detail));
/** One damaged file is no reason to refuse the others. */
const damaged = (detail: string) => fail(wireError('picture-broken', ...messages.evaluation.refused.zipFileBroken, detail));

/** Fails with `file-unreadable` where it is no ZIP, is encrypted, is of the kind for over 4 GB, or holds more than the limits allow. */
export async function openZip(archive: Blob, limits: ZipLimits = ZIP_LIMITS): Promise<Result<ZipArchive>> {
  try {
    const entries = await readDirectory(archive, limits);
    if (typeof entries === 'string') return refused(entries);
    const byEntry = new Map<ZipEntry, Packed>(entries.map((entry) => [entry, entry]));
    return ok({
      entries,
      read: async (entry) => {
        const packed = byEntry.get(entry);
        return packed ? unpack(archive, packed) : damaged(`${entry.name} is of another archive`);
      },
    });
  } catch (error) {
    return refused(String(error));
  }
}

/** The files, or what is wrong. */
async function readDirectory(archive: Blob, limits: ZipLimits): Promise<Packed[] | string> {
  const tailAt = Math.max(0, archive.size - END_BYTES - MAX_COMMENT);
  const tail = await viewOf(archive, tailAt, archive.size);
  let end = tail.byteLength - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== END) end -= 1;
  if (end < 0) return 'no directory at its end';
  const count = tail.getUint16(end + 10, true);
  const bytes = tail.getUint32(end + 12, true);
  const from = tail.getUint32(end + 16, true);
  if (count === 0xffff || bytes === 0xffffffff || from === 0xffffffff) return 'a ZIP64 archive';
  if (count > limits.files) return `${count} files`;
  if (from + bytes > tailAt + end) return 'its directory is not where it says';

  const view = await viewOf(archive, from, from + bytes);
  const entries: Packed[] = [];
  let at = 0;
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + DIRECTORY_ENTRY_BYTES > view.byteLength || view.getUint32(at, true) !== DIRECTORY_ENTRY) return 'its directory is damaged';
    const nameBytes = view.getUint16(at + 28, true);
    const next = at + DIRECTORY_ENTRY_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > view.byteLength) return 'its directory is damaged';
    const entry: Packed = {
      name: nameOf(new Uint8Array(view.buffer, view.byteOffset + at + DIRECTORY_ENTRY_BYTES, nameBytes)),
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    };
    const encrypted = (view.getUint16(at + 8, true) & ENCRYPTED) !== 0;
    at = next;
    if (entry.name.endsWith('/')) continue;
    const { name, size, packed, method } = entry;
    if (encrypted) return `${name} is encrypted`;
    if (method !== STORED && method !== DEFLATED) return `${name} is packed by method ${method}`;
    total += size;
    if (size > limits.fileBytes || total > limits.bytes) return `${name} is too large`;
    if (size > RATIO_FROM_BYTES && size > packed * MAX_RATIO) return `${name} is larger than it says`;
    entries.push(entry);
  }
  return entries;
}

async function unpack(archive: Blob, entry: Packed): Promise<Result<Uint8Array<ArrayBuffer>>> {
  try {
    const header = await viewOf(archive, entry.at, entry.at + FILE_HEADER_BYTES);
    if (header.getUint32(0, true) !== FILE_HEADER) return damaged(`${entry.name} is not where it should be`);
    const from = entry.at + FILE_HEADER_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
    const packed = new Uint8Array(await archive.slice(from, from + entry.packed).arrayBuffer());
    const { inflateSync } = await import('fflate');
    // Into as much memory as the directory says, whatever the stream would like to have.
    const bytes = entry.method === STORED ? packed : inflateSync(packed, { out: new Uint8Array(entry.size) });
    return bytes.length === entry.size ? ok(bytes as Uint8Array<ArrayBuffer>) : damaged(`${entry.name} is cut off`);
  } catch (error) {
    return damaged(`${entry.name}: ${String(error)}`);
  }
}

async function viewOf(archive: Blob, from: number, to: number): Promise<DataView> {
  return new DataView(await archive.slice(from, to).arrayBuffer());
}

/** Most archivers write UTF-8, and many forget to say so. */
function nameOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\\', '/');
  } catch {
    return new TextDecoder('windows-1252').decode(bytes).replaceAll('\\', '/');
  }
}
