import { type OpenedPicture, openPicture } from '../media/picture-file.ts';
import type { Result } from '../shared/result.ts';

const MAX_OPEN = 3;
const THUMBNAIL_SIDE = 176;
const MINIATURE_SIDE = 96;

/** Decoded pictures of the items looked at last; the others keep their file only and are decoded again when needed. */
export class PictureShelf {
  readonly #files = new Map<string, Blob>();
  readonly #thumbnails = new Map<string, Blob>();
  readonly #open = new Map<string, Promise<Result<OpenedPicture>>>();

  add(itemId: string, file: Blob): void {
    this.#files.set(itemId, file);
  }

  file(itemId: string): Blob | null {
    return this.#files.get(itemId) ?? null;
  }

  thumbnail(itemId: string): Blob | null {
    return this.#thumbnails.get(itemId) ?? null;
  }

  addThumbnail(itemId: string, blob: Blob): void {
    this.#thumbnails.set(itemId, blob);
  }

  /** Null where no picture was added by this id. The shelf keeps and closes what it opens. */
  async open(itemId: string): Promise<Result<OpenedPicture> | null> {
    const file = this.#files.get(itemId);
    if (!file) return null;
    const picture = this.#open.get(itemId) ?? openPicture(file);
    // Re-inserting makes it the newest.
    this.#open.delete(itemId);
    this.#open.set(itemId, picture);
    while (this.#open.size > MAX_OPEN) {
      const [oldest] = this.#open.keys();
      if (oldest === undefined) break;
      this.#close(oldest);
    }
    return picture;
  }

  forget(itemId: string): void {
    this.#close(itemId);
    this.#files.delete(itemId);
    this.#thumbnails.delete(itemId);
  }

  #close(itemId: string): void {
    const picture = this.#open.get(itemId);
    this.#open.delete(itemId);
    void picture?.then((opened) => {
      if (opened.ok) opened.value.close();
    });
  }
}

/** A small JPEG, the middle square; null where the browser makes none. */
export function makeThumbnail(image: CanvasImageSource, width: number, height: number): Promise<Blob | null> {
  const side = Math.min(width, height);
  return jpeg(THUMBNAIL_SIDE, THUMBNAIL_SIDE, 0.8, (context) =>
    context.drawImage(image, (width - side) / 2, (height - side) / 2, side, side, 0, 0, THUMBNAIL_SIDE, THUMBNAIL_SIDE),
  );
}

/** A frame as it is kept: a JPEG of its own size; null where the browser makes none. */
export function compressed(image: ImageBitmap): Promise<Blob | null> {
  return jpeg(image.width, image.height, 0.85, (context) => context.drawImage(image, 0, 0));
}

/** The whole frame, small enough to lie in a record: a data URL; null where the browser makes none. */
export async function miniature({ width, height }: { width: number; height: number }, image: CanvasImageSource): Promise<string | null> {
  const scale = Math.min(1, MINIATURE_SIDE / Math.max(width, height));
  const [wide, high] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const blob = await jpeg(wide, high, 0.75, (context) => {
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, 0, 0, wide, high);
  });
  if (!blob) return null;
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return `data:image/jpeg;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`;
}

async function jpeg(
  width: number,
  height: number,
  quality: number,
  draw: (context: CanvasRenderingContext2D) => void,
): Promise<Blob | null> {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) return null;
  draw(context);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
}
