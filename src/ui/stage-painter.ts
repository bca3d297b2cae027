/**
 * The stage's pixels: shows a frame only together with its readings, so that boxes never run ahead of
 * faces or behind them. A frame is held while it is analysed and revealed when its readings are there.
 */
export class StagePainter {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #held: HTMLCanvasElement;
  readonly #heldContext: CanvasRenderingContext2D | null;
  readonly #listeners = new Set<() => void>();
  #size: { width: number; height: number } | null = null;
  /** What lies on the canvas while an explained frame is looked at. */
  #covered: ImageBitmap | null = null;
  #peeking = false;

  constructor() {
    this.canvas = document.createElement('canvas');
    this.#context = this.canvas.getContext('2d');
    this.#held = document.createElement('canvas');
    this.#heldContext = this.#held.getContext('2d');
  }

  /** px of the frame on show; null while the stage is empty. */
  size = (): { width: number; height: number } | null => this.#size;

  onSize = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Keeps a copy of the pixels; the caller may transfer or close the image afterwards. */
  hold(image: ImageBitmap | VideoFrame): void {
    const { width, height } = sizeOf(image);
    draw(this.#held, this.#heldContext, image, width, height);
  }

  /** Shows the held frame, unless an explained one is being looked at. */
  reveal(): void {
    if (this.#peeking || this.#held.width === 0) return;
    this.show(this.#held);
  }

  show(image: ImageBitmap | HTMLCanvasElement): void {
    draw(this.canvas, this.#context, image, image.width, image.height);
    this.#setSize({ width: image.width, height: image.height });
  }

  /** Nothing on the canvas. */
  clear(): void {
    this.endPeek();
    this.canvas.width = 0;
    this.canvas.height = 0;
    this.#held.width = 0;
    this.#setSize(null);
  }

  /** The room that a video takes until its first reading; a frame that was faster stays. */
  reserve(size: { width: number; height: number }): void {
    if (this.canvas.width === 0) this.#setSize({ width: size.width, height: size.height });
  }

  /** The frame on show, as a picture of its own. */
  async copy(): Promise<ImageBitmap | null> {
    const source = this.#covered ?? this.canvas;
    return source.width === 0 ? null : createImageBitmap(source);
  }

  /** Shows another frame until `endPeek`. */
  async peek(image: ImageBitmap): Promise<void> {
    if (this.#peeking) return this.show(image);
    this.#peeking = true;
    const covered = this.canvas.width === 0 ? null : await createImageBitmap(this.canvas);
    if (!this.#peeking) {
      covered?.close();
      return;
    }
    this.#covered = covered;
    this.show(image);
  }

  endPeek(): void {
    this.#peeking = false;
    if (!this.#covered) return;
    this.show(this.#covered);
    this.#covered.close();
    this.#covered = null;
  }

  #setSize(size: { width: number; height: number } | null): void {
    if (this.#size?.width === size?.width && this.#size?.height === size?.height) return;
    this.#size = size;
    for (const listener of this.#listeners) listener();
  }
}

function sizeOf(image: ImageBitmap | VideoFrame): { width: number; height: number } {
  return 'displayWidth' in image ? { width: image.displayWidth, height: image.displayHeight } : image;
}

function draw(
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D | null,
  image: CanvasImageSource,
  width: number,
  height: number,
): void {
  // Setting a size clears the canvas and costs an allocation: only when it changes.
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  } else {
    context?.clearRect(0, 0, width, height);
  }
  context?.drawImage(image, 0, 0, width, height);
}
