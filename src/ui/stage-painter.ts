import { CoverPainter } from '../overlay/cover-painter.ts';
import type { FacesShown } from '../shared/overlay.ts';
import type { FaceBox } from '../shared/readings.ts';

/** Where the faces of a frame are; null: not read yet, so that they may be anywhere. */
export type Places = readonly FaceBox[] | null;

/**
 * The stage's pixels: shows a frame only together with its readings, so that boxes never run ahead of
 * faces or behind them. A frame is held while it is analysed and revealed when its readings are there.
 * Where faces are to be hidden, they are so on the canvas alone: the frame itself stays whole for those who explain or keep it.
 */
export class StagePainter {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #covers = new CoverPainter();
  readonly #listeners = new Set<() => void>();
  /** The frame on show, as it is. */
  #frame = new Picture();
  /** The next one, whose readings are awaited. */
  #held = new Picture();
  #places: Places = null;
  #facesShown: FacesShown = 'as-they-are';
  #size: { width: number; height: number } | null = null;
  /** What lies over the frame while an explained one is looked at. */
  #peeked: { image: ImageBitmap; places: Places } | null = null;

  constructor() {
    this.canvas = document.createElement('canvas');
    this.#context = this.canvas.getContext('2d');
  }

  /** px of the frame on show; null while the stage is empty. */
  size = (): { width: number; height: number } | null => this.#size;

  onSize = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The pixels of the stage's frame as it is, for those who keep it; changes with the next one. */
  get frame(): HTMLCanvasElement {
    return this.#frame.canvas;
  }

  /** Whether the canvas shows less than the frame has. */
  get hidesFaces(): boolean {
    return this.#facesShown !== 'as-they-are';
  }

  setFacesShown(shown: FacesShown): void {
    if (shown === this.#facesShown) return;
    this.#facesShown = shown;
    this.#paint();
  }

  /** Keeps a copy of the pixels; the caller may transfer or close the image afterwards. */
  hold(image: ImageBitmap | VideoFrame): void {
    const { width, height } = sizeOf(image);
    this.#held.draw(image, width, height);
  }

  /**
   * The held frame is the stage's from now on; while an explained one is looked at, beneath it. Otherwise what is kept meanwhile would be an
   * old frame with new readings.
   */
  reveal(places: Places): void {
    if (this.#held.isEmpty) return;
    [this.#frame, this.#held] = [this.#held, this.#frame];
    this.#places = places;
    if (!this.#peeked) this.#paint();
  }

  show(image: ImageBitmap, places: Places): void {
    this.#frame.draw(image, image.width, image.height);
    this.#places = places;
    this.#paint();
  }

  /** The readings of the frame on show have come. */
  setPlaces(places: Places): void {
    this.#places = places;
    if (this.#facesShown !== 'as-they-are') this.#paint();
  }

  /** Nothing on the canvas. */
  clear(): void {
    this.#peeked = null;
    this.#frame.empty();
    this.#held.empty();
    this.#places = null;
    this.#paint();
  }

  /** The room that a video takes until its first reading; a frame that was faster stays. */
  reserve(size: { width: number; height: number }): void {
    if (this.canvas.width === 0) this.#setSize({ width: size.width, height: size.height });
  }

  /** The frame of the stage as it is, as a picture of its own. */
  async copy(): Promise<ImageBitmap | null> {
    return this.#frame.isEmpty ? null : createImageBitmap(this.#frame.canvas);
  }

  /** Shows another frame until `endPeek`. */
  peek(image: ImageBitmap, places: Places): void {
    this.#peeked = { image, places };
    this.#paint();
  }

  endPeek(): void {
    if (!this.#peeked) return;
    this.#peeked = null;
    this.#paint();
  }

  #paint(): void {
    // A kept frame that made way for newer ones has no size any more.
    const image = this.#peeked && this.#peeked.image.width > 0 ? this.#peeked.image : this.#frame.canvas;
    const { width, height } = image;
    if (width === 0) {
      this.canvas.width = 0;
      this.canvas.height = 0;
      this.#setSize(null);
      return;
    }
    draw(this.canvas, this.#context, image, width, height);
    if (this.#context && this.#facesShown !== 'as-they-are') {
      const places = image === this.#peeked?.image ? this.#peeked.places : this.#places;
      this.#covers.cover({ surface: this.#context, canvas: this.canvas, size: { width, height } }, places, this.#facesShown);
    }
    this.#setSize({ width, height });
  }

  #setSize(size: { width: number; height: number } | null): void {
    if (this.#size?.width === size?.width && this.#size?.height === size?.height) return;
    this.#size = size;
    for (const listener of this.#listeners) listener();
  }
}

/** Pixels that are on no page. */
class Picture {
  readonly canvas = document.createElement('canvas');
  readonly #context = this.canvas.getContext('2d');

  constructor() {
    this.empty();
  }

  get isEmpty(): boolean {
    return this.canvas.width === 0;
  }

  draw(image: CanvasImageSource, width: number, height: number): void {
    draw(this.canvas, this.#context, image, width, height);
  }

  empty(): void {
    this.canvas.width = 0;
    this.canvas.height = 0;
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
