/**
 * A ZIP read in place: its directory first, then one file at a time, so that an archive of any size costs the memory of one picture.
 * What does not look right is refused before anything is unpacked, and a file that turns out to be larger or another one than the directory
 * says as soon as that shows.
 */
import { Crc32 } from '../shared/crc32.ts';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { nextTurn } from '../shared/slices.ts';
import { type PackedFile, readZipDirectory, unpackedPieces, type ZipLimits } from '../shared/zip.ts';
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

/** A picture of 64 megapixels fits many times over, a folder of a hundred thousand photos, too. */
export const ZIP_LIMITS: ZipLimits = { files: 100_000, fileBytes: 200e6, bytes: 50e9 };
/** Milliseconds after which others get their turn. */
const SLICE_MS = 24;

const refused = (detail: string) => fail(wireError('file-unreadable', ...messages.evaluation.refused.zipRefused, detail));
/** One damaged file is no reason to refuse the others. */
const damaged = (detail: string) => fail(wireError('picture-broken', ...messages.evaluation.refused.zipFileBroken, detail));

/** Fails with `file-unreadable` where it is no ZIP, is encrypted, is of the kind for over 4 GB, or holds more than the limits allow. */
export async function openZip(archive: Blob, limits: ZipLimits = ZIP_LIMITS): Promise<Result<ZipArchive>> {
  try {
    const entries = await readZipDirectory(archive, limits);
    if (typeof entries === 'string') return refused(entries);
    const byEntry = new Map<ZipEntry, PackedFile>(entries.map((entry) => [entry, entry]));
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

async function unpack(archive: Blob, entry: PackedFile): Promise<Result<Uint8Array<ArrayBuffer>>> {
  try {
    const pieces = await unpackedPieces(archive, entry);
    if (pieces === null) return damaged(`${entry.name} is not where it should be, or is cut off`);
    const bytes = await filled(entry.size, pieces, entry.sum);
    return typeof bytes === 'string' ? damaged(`${entry.name} ${bytes}`) : ok(bytes);
  } catch (error) {
    return damaged(`${entry.name}: ${String(error)}`);
  }
}

/** Exactly so many bytes out of a stream of them, with that CRC-32; else what is wrong. */
async function filled(size: number, pieces: AsyncIterable<Uint8Array>, sum: number): Promise<Uint8Array<ArrayBuffer> | string> {
  const bytes = new Uint8Array(size);
  const crc = new Crc32();
  let length = 0;
  let until = performance.now() + SLICE_MS;
  for await (const piece of pieces) {
    if (length + piece.length > size) return 'is larger than it says';
    bytes.set(piece, length);
    crc.add(piece);
    length += piece.length;
    if (performance.now() < until) continue;
    await nextTurn();
    until = performance.now() + SLICE_MS;
  }
  if (length < size) return 'is cut off';
  return crc.value === sum ? bytes : 'is damaged';
}
