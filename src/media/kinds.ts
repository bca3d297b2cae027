/** What a file is, told by its first bytes and never by its name. */
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';

export const PICTURE_FORMATS = ['png', 'jpeg', 'webp', 'gif', 'bmp', 'avif', 'heic'] as const;
export type PictureFormat = (typeof PICTURE_FORMATS)[number];
export const VIDEO_FORMATS = ['mp4', 'mov', 'webm', 'matroska', 'ogg', 'avi', 'mpeg', 'flv', 'wmv'] as const;
export type VideoFormat = (typeof VIDEO_FORMATS)[number];

export type FileKind = { kind: 'picture'; format: PictureFormat } | { kind: 'video'; format: VideoFormat };

/** Enough for every signature here, an EBML header's document type included. */
const HEAD_BYTES = 4096;

const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];
/** ISO media brands that hold sound alone. */
const SOUND_BRANDS = ['M4A ', 'M4B ', 'M4P '];

function ascii(bytes: Uint8Array, from: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + length));
}

function startsWith(bytes: Uint8Array, ...signature: number[]): boolean {
  return bytes.length >= signature.length && signature.every((byte, index) => bytes[index] === byte);
}

/** ISO base media (`ftyp`): the major brand decides, then the compatible ones. */
function sniffIsoMedia(head: Uint8Array): FileKind | null {
  const boxEnd = Math.min(head.length, (((head[0] ?? 0) << 24) | ((head[1] ?? 0) << 16) | ((head[2] ?? 0) << 8) | (head[3] ?? 0)) >>> 0);
  const brands = [ascii(head, 8, 4)];
  for (let at = 16; at + 4 <= boxEnd; at += 4) brands.push(ascii(head, at, 4));
  if (brands.includes('avif') || brands.includes('avis')) return { kind: 'picture', format: 'avif' };
  const major = brands[0] ?? '';
  if (HEIC_BRANDS.includes(major)) return { kind: 'picture', format: 'heic' };
  if (SOUND_BRANDS.includes(major)) return null;
  return { kind: 'video', format: major === 'qt  ' ? 'mov' : 'mp4' };
}

/** Tells the format from a file's first bytes (4096 suffice); null where they are neither a picture's nor a video's. */
export function sniffKind(head: Uint8Array): FileKind | null {
  if (startsWith(head, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return { kind: 'picture', format: 'png' };
  if (startsWith(head, 0xff, 0xd8, 0xff)) return { kind: 'picture', format: 'jpeg' };
  if (ascii(head, 0, 6) === 'GIF87a' || ascii(head, 0, 6) === 'GIF89a') return { kind: 'picture', format: 'gif' };
  if (ascii(head, 0, 4) === 'RIFF') {
    const form = ascii(head, 8, 4);
    if (form === 'WEBP') return { kind: 'picture', format: 'webp' };
    return form === 'AVI ' ? { kind: 'video', format: 'avi' } : null;
  }
  const box = ascii(head, 4, 4);
  if (box === 'ftyp') return sniffIsoMedia(head);
  // QuickTime files older than `ftyp` begin with one of these boxes.
  if (box === 'moov' || box === 'mdat' || box === 'wide' || box === 'free' || box === 'skip') return { kind: 'video', format: 'mov' };
  if (startsWith(head, 0x1a, 0x45, 0xdf, 0xa3)) {
    return { kind: 'video', format: ascii(head, 0, Math.min(head.length, 64)).includes('webm') ? 'webm' : 'matroska' };
  }
  if (ascii(head, 0, 4) === 'OggS') {
    // Theora's or another video codec's first packet follows; an Ogg file with sound alone is no video.
    return /theora|dirac|VP80|fishead/.test(ascii(head, 0, Math.min(head.length, 512))) ? { kind: 'video', format: 'ogg' } : null;
  }
  if (startsWith(head, 0x00, 0x00, 0x01, 0xba) || startsWith(head, 0x00, 0x00, 0x01, 0xb3)) return { kind: 'video', format: 'mpeg' };
  if (head[0] === 0x47 && head[188] === 0x47 && head[376] === 0x47) return { kind: 'video', format: 'mpeg' };
  if (startsWith(head, 0x46, 0x4c, 0x56, 0x01)) return { kind: 'video', format: 'flv' };
  if (startsWith(head, 0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11)) return { kind: 'video', format: 'wmv' };
  // "BM" alone is two letters of any text: the size of the info header that follows must be a known one as well.
  if (ascii(head, 0, 2) === 'BM' && head.length >= 26 && [12, 40, 52, 56, 64, 108, 124].includes(head[14] ?? 0) && head[15] === 0) {
    return { kind: 'picture', format: 'bmp' };
  }
  return null;
}

/** Reads `length` bytes from `from`; errors file-unreadable (the file was moved, changed or locked since it was chosen). */
export async function readBytes(file: Blob, from: number, length: number): Promise<Result<Uint8Array<ArrayBuffer>>> {
  try {
    return ok(new Uint8Array(await file.slice(from, from + length).arrayBuffer()));
  } catch (error) {
    return fail(
      wireError(
        'file-unreadable',
        'This file cannot be read.',
        'Check that it is still there and not locked, then open it again.',
        String(error),
      ),
    );
  }
}

/** The file's kind by its content; errors file-empty, file-unreadable, file-unsupported. */
export async function fileKind(file: Blob): Promise<Result<FileKind>> {
  if (file.size === 0) return fail(wireError('file-empty', 'This file is empty.', 'Copy or download it again, then open it.'));
  const head = await readBytes(file, 0, HEAD_BYTES);
  if (!head.ok) return head;
  const kind = sniffKind(head.value);
  if (kind !== null) return ok(kind);
  return fail(
    wireError(
      'file-unsupported',
      'This file is neither a picture nor a video.',
      'Open a JPEG, PNG, WebP, GIF, BMP or AVIF picture, or an MP4 or WebM video.',
      [...head.value.subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
    ),
  );
}
