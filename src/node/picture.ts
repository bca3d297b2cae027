/** A picture file → pixels: upright by its EXIF, sRGB, on white, within the same limits as the page's. */
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import sharp from 'sharp';
import type { Frame } from '../model/image.ts';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';

const MAX_PIXELS = 64_000_000;
const MAX_SIDE = 4096;
const MAX_BYTES = 512 * 1024 * 1024;
const HEIC = /^....ftyp(hei[cxms]|hev[cx]|mif1|msf1)/s;
const VIDEO_ENDING = /\.(mp4|m4v|mov|webm|mkv|avi|mpe?g|ogv|3gp|ts|wmv)$/i;

// One decode at a time, nothing kept: the memory is the model's.
sharp.cache(false);
sharp.concurrency(1);

/** Errors: file-unreadable, file-empty, file-unsupported, picture-too-large, picture-broken. */
export async function readPicture(path: string): Promise<Result<Frame>> {
  const name = basename(path);
  if (VIDEO_ENDING.test(path)) {
    return fail(
      wireError(
        'file-unsupported',
        `${name} is a video: the command line reads pictures only.`,
        'Open the video in the page, or extract its frames first.',
      ),
    );
  }
  try {
    const { size } = await stat(path);
    if (size === 0) return fail(wireError('file-empty', `${name} is empty.`, 'Get the file again, or give another one.'));
    if (size > MAX_BYTES)
      return fail(wireError('picture-too-large', `${name} is larger than 512 MiB.`, 'Scale it down first.', `${size} bytes`));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return fail(wireError('file-unreadable', `${name} cannot be read.`, 'Check its path and permissions.', detail));
  }
  return decode(path, name);
}

async function decode(path: string, name: string): Promise<Result<Frame>> {
  try {
    const { width = 0, height = 0, format } = await sharp(path, { limitInputPixels: false }).metadata();
    if (format === 'svg' || format === 'pdf') {
      return fail(wireError('file-unsupported', `${name} is a drawing, not a photograph.`, 'Save it as PNG or JPEG first.', format));
    }
    if (width * height > MAX_PIXELS) {
      return fail(
        wireError(
          'picture-too-large',
          `${name} has ${Math.round((width * height) / 1e6)} megapixels; ${MAX_PIXELS / 1e6} are the most that can be read.`,
          'Scale it down first.',
          `${width} × ${height}`,
        ),
      );
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    if (/unsupported image format|missing/i.test(detail) && !(await isHeic(path))) {
      return fail(
        wireError('file-unsupported', `${name} is not a picture that can be read.`, 'Give a JPEG, PNG, WebP, AVIF or GIF.', detail),
      );
    }
    return undecoded(path, name, detail);
  }
  try {
    const { data, info } = await sharp(path, { limitInputPixels: MAX_PIXELS, failOn: 'error' })
      .autoOrient()
      .resize({ width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb')
      .flatten({ background: '#ffffff' })
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return ok({
      width: info.width,
      height: info.height,
      data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength),
      time: 0,
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return undecoded(path, name, detail);
  }
}

/** libvips knows HEIC's container, and comes without its codec. */
async function undecoded(path: string, name: string, detail: string): Promise<Result<never>> {
  if (await isHeic(path)) {
    return fail(wireError('file-unsupported', `${name} is HEIC, which cannot be read here.`, 'Save it as JPEG or PNG first.', detail));
  }
  return fail(wireError('picture-broken', `${name} is damaged.`, 'Get the file again, or give another one.', detail));
}

/** By the brands of its first box; AVIF may have the same first one. */
async function isHeic(path: string): Promise<boolean> {
  const handle = await open(path).catch(() => null);
  try {
    const head = (await handle?.read(Buffer.alloc(64), 0, 64, 0))?.buffer.toString('latin1') ?? '';
    return HEIC.test(head) && !/avi[fs]/.test(head);
  } finally {
    await handle?.close();
  }
}
