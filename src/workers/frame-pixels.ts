/** A transferred frame → RGBA bytes. Closes the frame, always. Knows nothing about what is on it. */
import type { Frame } from '../model/image.ts';
import type { TransferredFrame } from './api.ts';

/** Newer than TypeScript's DOM library: how a video frame must be turned before it is shown. */
interface Orientation {
  rotation?: number;
  flip?: boolean;
}

/** Holds one canvas that grows and shrinks with the frames, and the pixels that were given back last. */
export class FramePixels {
  #context: OffscreenCanvasRenderingContext2D | null = null;
  #spare: Uint8ClampedArray | null = null;

  /**
   * @returns upright pixels as shown: turned, with square pixels, on white where the picture is see-through
   * @throws DOMException where the frame was closed or its pixels cannot be had
   */
  async read({ image, time }: TransferredFrame): Promise<Frame> {
    try {
      const copied = image instanceof ImageBitmap ? null : await copyPixels(image, (bytes) => this.#take(bytes));
      return { ...(copied ?? this.#draw(image)), time };
    } finally {
      image.close();
    }
  }

  /** Its pixels are read no more: a later frame's take their place, or each would leave its own to be swept. */
  giveBack({ data }: Frame): void {
    this.#spare = data;
  }

  #take(bytes: number): Uint8ClampedArray {
    const spare = this.#spare;
    this.#spare = null; // another frame may be read meanwhile
    return spare?.length === bytes ? spare : new Uint8ClampedArray(bytes);
  }

  #draw(image: ImageBitmap | VideoFrame): Omit<Frame, 'time'> {
    const width = image instanceof ImageBitmap ? image.width : image.displayWidth;
    const height = image instanceof ImageBitmap ? image.height : image.displayHeight;
    if (width === 0 || height === 0) throw new DOMException('The frame is closed.', 'InvalidStateError');
    this.#context ??= new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    const context = this.#context;
    if (context === null) throw new DOMException('There is no memory for a canvas.', 'QuotaExceededError');
    const { canvas } = context;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    context.drawImage(image, 0, 0, width, height);
    return { width, height, data: context.getImageData(0, 0, width, height).data };
  }
}

/** Straight out of the video frame, without a canvas; null where the browser cannot or where the pixels must be turned or stretched. */
async function copyPixels(frame: VideoFrame, take: (bytes: number) => Uint8ClampedArray): Promise<Omit<Frame, 'time'> | null> {
  const { rotation = 0, flip = false }: Orientation = frame as Orientation;
  const { displayWidth: width, displayHeight: height, visibleRect } = frame;
  if (rotation !== 0 || flip || visibleRect === null || visibleRect.width !== width || visibleRect.height !== height) return null;
  const options: VideoFrameCopyToOptions = { format: 'RGBA', colorSpace: 'srgb' };
  try {
    const bytes = frame.allocationSize(options);
    // Browsers without conversion ignore `format` and would give planes of another size.
    if (bytes !== width * height * 4) return null;
    const data = take(bytes);
    const layout = await frame.copyTo(data, options);
    return layout.length === 1 && layout[0]?.stride === width * 4 ? { width, height, data } : null;
  } catch {
    return null;
  }
}
