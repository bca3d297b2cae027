/**
 * A picture's dimensions from its header, without decoding: a bomb of 200 megapixels must be refused
 * before a decoder allocates for it. Works on hostile bytes: every read is checked, every loop advances.
 */
import type { PictureFormat } from './kinds.ts';

/** px, as stored: before an EXIF rotation. */
export interface PictureSize {
  width: number;
  height: number;
}

/** Reads numbers at an offset; past the end is NaN, which no comparison accepts. */
class Bytes {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.#view.byteLength;
  }

  #has(at: number, count: number): boolean {
    return at >= 0 && at + count <= this.#view.byteLength;
  }

  u8(at: number): number {
    return this.#has(at, 1) ? this.#view.getUint8(at) : Number.NaN;
  }

  u16(at: number, little = false): number {
    return this.#has(at, 2) ? this.#view.getUint16(at, little) : Number.NaN;
  }

  u24le(at: number): number {
    return this.#has(at, 3) ? this.#view.getUint16(at, true) + this.#view.getUint8(at + 2) * 65536 : Number.NaN;
  }

  u32(at: number, little = false): number {
    return this.#has(at, 4) ? this.#view.getUint32(at, little) : Number.NaN;
  }

  i32le(at: number): number {
    return this.#has(at, 4) ? this.#view.getInt32(at, true) : Number.NaN;
  }

  tag(at: number): string {
    return this.#has(at, 4) ? String.fromCharCode(this.u8(at), this.u8(at + 1), this.u8(at + 2), this.u8(at + 3)) : '';
  }
}

function size(width: number, height: number): PictureSize | null {
  return width > 0 && height > 0 ? { width, height } : null;
}

/**
 * Walks the marker segments to the first start-of-frame (ITU T.81, B.2.2); SOF4, SOF8 and SOF12 do not exist. What lies between segments
 * is passed over, as decoders do.
 */
function jpegSize(bytes: Bytes): PictureSize | null {
  let at = 2;
  while (at + 4 <= bytes.length) {
    const marker = bytes.u8(at + 1);
    if (bytes.u8(at) !== 0xff || marker === 0xff || marker === 0) {
      at += 1; // rubbish, or a fill byte
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2; // no payload
    } else if (marker === 0xda || marker === 0xd9) {
      return null; // pixels or the end before any frame header
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return size(bytes.u16(at + 7), bytes.u16(at + 5));
    } else {
      const length = bytes.u16(at + 2);
      if (!(length >= 2)) return null;
      at += 2 + length;
    }
  }
  return null;
}

/** The screen and its first picture, whichever is larger: browsers enlarge the screen for a first picture that does not fit. */
function gifSize(bytes: Bytes): PictureSize | null {
  const flags = bytes.u8(10);
  let at = 13 + tableBytes(flags);
  while (bytes.u8(at) === 0x21) {
    at += 2; // an extension: blocks, each with its length, up to an empty one
    for (let length = bytes.u8(at); length !== 0; length = bytes.u8(at)) {
      if (Number.isNaN(length)) return null;
      at += 1 + length;
    }
    at += 1;
  }
  if (bytes.u8(at) !== 0x2c) return null;
  const [left, top, width, height] = [1, 3, 5, 7].map((offset) => bytes.u16(at + offset, true)) as [number, number, number, number];
  return size(Math.max(bytes.u16(6, true), left + width), Math.max(bytes.u16(8, true), top + height));
}

/** Of a GIF's colour table, as its flags say. */
function tableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

function webpSize(bytes: Bytes): PictureSize | null {
  const chunk = bytes.tag(12);
  if (chunk === 'VP8X') return size(bytes.u24le(24) + 1, bytes.u24le(27) + 1);
  if (chunk === 'VP8L') {
    const bits = bytes.u32(21, true);
    return bytes.u8(20) === 0x2f ? size((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1) : null;
  }
  if (chunk === 'VP8 ') return size(bytes.u16(26, true) & 0x3fff, bytes.u16(28, true) & 0x3fff);
  return null;
}

/** The largest `ispe` of an ISO picture (AVIF, HEIC): boxes meta → iprp → ipco → ispe. */
function isoPictureSize(bytes: Bytes): PictureSize | null {
  let largest: PictureSize | null = null;
  const walk = (from: number, to: number): void => {
    let at = from;
    while (at + 8 <= to) {
      const tag = bytes.tag(at + 4);
      let length = bytes.u32(at);
      let header = 8;
      if (length === 1) {
        length = bytes.u32(at + 8) * 2 ** 32 + bytes.u32(at + 12);
        header = 16;
      } else if (length === 0) {
        length = to - at; // to the end of the file
      }
      if (!(length >= header)) return;
      const end = Math.min(to, at + length);
      if (tag === 'meta') walk(at + header + 4, end);
      else if (tag === 'iprp' || tag === 'ipco') walk(at + header, end);
      else if (tag === 'ispe') {
        const found = size(bytes.u32(at + header + 4), bytes.u32(at + header + 8));
        if (found !== null && (largest === null || found.width * found.height > largest.width * largest.height)) largest = found;
      }
      at += length;
    }
  };
  walk(0, bytes.length);
  return largest;
}

/** Dimensions from the header bytes (1 MB suffices for ordinary files); null where they are not to be found there. */
export function pictureSize(head: Uint8Array, format: PictureFormat): PictureSize | null {
  const bytes = new Bytes(head);
  switch (format) {
    case 'png':
      return bytes.tag(12) === 'IHDR' ? size(bytes.u32(16), bytes.u32(20)) : null;
    case 'gif':
      return gifSize(bytes);
    case 'bmp':
      return bytes.u32(14, true) === 12
        ? size(bytes.u16(18, true), bytes.u16(20, true))
        : size(Math.abs(bytes.i32le(18)), Math.abs(bytes.i32le(22))); // a negative height means top-down rows
    case 'jpeg':
      return jpegSize(bytes);
    case 'webp':
      return webpSize(bytes);
    case 'avif':
    case 'heic':
      return isoPictureSize(bytes);
  }
}
