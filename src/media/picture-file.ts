/** A picture file → pixels: upright, checked before decoding, at most 4096 px on a side. */
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { MediaFrame } from './frame.ts';
import { fileKind, type PictureFormat, readBytes } from './kinds.ts';
import { type PictureSize, pictureSize } from './picture-size.ts';

const MAX_PIXELS = 64_000_000;
const MAX_SIDE = 4096;
/** Colour profiles and previews stand before a JPEG's dimensions; they are rarely over a few hundred kB, and never over this. */
const HEADER_BYTES = [1 << 20, 1 << 25];

export interface OpenedPicture {
  /** For drawing; stays with the caller. */
  image: ImageBitmap;
  /** px of `image`: upright, and scaled down where the file is larger than 4096 px on a side. */
  width: number;
  height: number;
  /** px in the file, upright. */
  original: PictureSize;
  /** A copy that may be transferred; its time is 0. */
  frame(): Promise<MediaFrame>;
  close(): void;
}

const broken = (detail: string) =>
  wireError('picture-broken', 'This picture is damaged and cannot be shown.', 'Get the file again, or open another picture.', detail);

function tooLarge({ width, height }: PictureSize) {
  const megapixels = Math.round((width * height) / 1e6);
  return wireError(
    'picture-too-large',
    `This picture has ${megapixels} megapixels; ${MAX_PIXELS / 1e6} are the most that can be read.`,
    'Scale it down in a picture editor, then open it again.',
    `${width} × ${height}`,
  );
}

/** Size that fits `MAX_SIDE`, same aspect; the same size where it fits already. */
export function fitSize({ width, height }: PictureSize, maxSide: number): PictureSize {
  const scale = Math.min(1, maxSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Null where the header has none. */
async function statedSize(file: Blob, format: PictureFormat): Promise<Result<PictureSize | null>> {
  for (const length of HEADER_BYTES) {
    const head = await readBytes(file, 0, length);
    if (!head.ok) return head;
    const stated = pictureSize(head.value, format);
    if (stated !== null || file.size <= length) return ok(stated);
  }
  return ok(null);
}

async function decode(file: Blob, format: PictureFormat): Promise<Result<ImageBitmap>> {
  try {
    // The Blob's own type may be wrong or empty; the decoder goes by content.
    return ok(await createImageBitmap(file, { imageOrientation: 'from-image' }));
  } catch (error) {
    if (format === 'heic') {
      return fail(
        wireError(
          'file-unsupported',
          'This browser cannot show HEIC pictures.',
          'Save the picture as JPEG or PNG, then open that.',
          String(error),
        ),
      );
    }
    return fail(broken(String(error)));
  }
}

/**
 * Opens a picture. Errors: file-empty, file-unreadable, file-unsupported (no picture, or a format that
 * the browser lacks), picture-too-large (over 64 megapixels, told from the header), picture-broken.
 */
export async function openPicture(file: Blob): Promise<Result<OpenedPicture>> {
  const kind = await fileKind(file);
  if (!kind.ok) return kind;
  if (kind.value.kind !== 'picture') {
    return fail(wireError('file-unsupported', 'This file is a video, not a picture.', 'Open it as a video.'));
  }
  const stated = await statedSize(file, kind.value.format);
  if (!stated.ok) return stated;
  if (stated.value !== null && stated.value.width * stated.value.height > MAX_PIXELS) return fail(tooLarge(stated.value));
  // Nobody knows how much a decoder would take for it. HEIC is the exception: few browsers have it, and those that do ask the system.
  if (stated.value === null && kind.value.format !== 'heic') return fail(broken('no dimensions in its header'));
  const decoded = await decode(file, kind.value.format);
  if (!decoded.ok) return decoded;
  const full = decoded.value;
  const original = { width: full.width, height: full.height };
  if (original.width * original.height > MAX_PIXELS) {
    full.close();
    return fail(tooLarge(original));
  }
  const scaled = await scaleDown(full, original);
  if (!scaled.ok) return scaled;
  const image = scaled.value;
  return ok({
    image,
    width: image.width,
    height: image.height,
    original,
    frame: async () => ({ image: await createImageBitmap(image), time: 0 }),
    close: () => image.close(),
  });
}

/** Scaling in a second step, since browsers differ in whether resize options count before or after an EXIF rotation. */
async function scaleDown(full: ImageBitmap, original: PictureSize): Promise<Result<ImageBitmap>> {
  const fitted = fitSize(original, MAX_SIDE);
  if (fitted.width === original.width && fitted.height === original.height) return ok(full);
  try {
    return ok(await createImageBitmap(full, { resizeWidth: fitted.width, resizeHeight: fitted.height, resizeQuality: 'high' }));
  } catch (error) {
    return fail(broken(String(error)));
  } finally {
    full.close();
  }
}
