/**
 * A ZIP read in place: its directory first, then one file at a time, so that an archive of any size costs the memory of one piece.
 * What does not look right is refused before anything is unpacked.
 */

export interface ZipLimits {
  files: number;
  /** Of one file and of all together, unpacked. */
  fileBytes: number;
  bytes: number;
}

export interface PackedFile {
  /** Path in the archive, with forward slashes. */
  name: string;
  /** Unpacked, in bytes. */
  size: number;
  stored: boolean;
  /** Packed, in bytes. */
  packed: number;
  /** CRC-32 of what is unpacked. */
  sum: number;
  /** Of the file's own header, in bytes from the start. */
  at: number;
}

/** What is said to shrink more is a trap. Small tables may. */
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
/** Of the directory, which is read whole: half a kilobyte for each of as many files as one can name. */
const MAX_DIRECTORY_BYTES = 1 << 25;
/** Packed bytes that are unpacked at a time: a thousand times as much may come out of them. */
const PIECE_BYTES = 1 << 14;
/** Of the archive, at a time. */
const READ_BYTES = 1 << 20;

/** The files, no folders; or in words for a bug report why the archive is refused. May reject where it cannot be read. */
export async function readZipDirectory(archive: Blob, limits: ZipLimits): Promise<PackedFile[] | string> {
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
  if (bytes > MAX_DIRECTORY_BYTES) return 'its directory is too large';

  const view = await viewOf(archive, from, from + bytes);
  const files: PackedFile[] = [];
  let at = 0;
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + DIRECTORY_ENTRY_BYTES > view.byteLength || view.getUint32(at, true) !== DIRECTORY_ENTRY) return 'its directory is damaged';
    const nameBytes = view.getUint16(at + 28, true);
    const next = at + DIRECTORY_ENTRY_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > view.byteLength) return 'its directory is damaged';
    const method = view.getUint16(at + 10, true);
    const file: PackedFile = {
      name: nameOf(new Uint8Array(view.buffer, view.byteOffset + at + DIRECTORY_ENTRY_BYTES, nameBytes)),
      stored: method === STORED,
      sum: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    };
    const encrypted = (view.getUint16(at + 8, true) & ENCRYPTED) !== 0;
    at = next;
    if (file.name.endsWith('/')) continue;
    const { name, size, packed } = file;
    if (encrypted) return `${name} is encrypted`;
    if (method !== STORED && method !== DEFLATED) return `${name} is packed by method ${method}`;
    total += size;
    if (size > limits.fileBytes || total > limits.bytes) return `${name} is too large`;
    if (size > RATIO_FROM_BYTES && size > packed * MAX_RATIO) return `${name} is larger than it says`;
    files.push(file);
  }
  return files;
}

/** A file's bytes, unpacked as they are asked for: no more is unpacked than somebody wants. Null where it does not lie where the directory says. */
export async function unpackedPieces(archive: Blob, file: PackedFile): Promise<AsyncGenerator<Uint8Array<ArrayBuffer>> | null> {
  const header = await viewOf(archive, file.at, file.at + FILE_HEADER_BYTES);
  if (header.byteLength < FILE_HEADER_BYTES || header.getUint32(0, true) !== FILE_HEADER) return null;
  const from = file.at + FILE_HEADER_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
  if (from + file.packed > archive.size) return null;
  const packed = pieces(archive, from, from + file.packed);
  return file.stored ? packed : inflated(packed);
}

/** A part of the archive, a little at a time. */
async function* pieces(archive: Blob, from: number, to: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let start = from; start < to; start += READ_BYTES) {
    const read = new Uint8Array(await archive.slice(start, Math.min(to, start + READ_BYTES)).arrayBuffer());
    for (let at = 0; at < read.length; at += PIECE_BYTES) yield read.subarray(at, at + PIECE_BYTES);
  }
}

/** Unpacks as much as is asked for, and stops where nobody asks any more. */
async function* inflated(packed: AsyncGenerator<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { value, done } = await packed.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  const reader = source.pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value as Uint8Array<ArrayBuffer>;
    }
  } finally {
    await reader.cancel().catch(() => {}); // what is wrong with it has been told
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
