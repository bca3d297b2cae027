/** A video file's frames, small, at any moment: a second `<video>` that goes to where the pointer is. Knows no components. */

/** Longest side of a preview, px. */
export const PREVIEW_SIDE = 160;
/** Between two seeks, ms: a decoder that is asked more often shows nothing at all. */
const PAUSE_MS = 80;

export class FramePreview {
  readonly #element = document.createElement('video');
  readonly #url: string;
  readonly #onFrame: (frame: HTMLVideoElement, time: number) => void;
  /** The newest wish, seconds; null: none. */
  #wanted: number | null = null;
  /** What the element is going to; null: it stands. */
  #going: number | null = null;
  #timer = 0;

  /** `onFrame` gets the element with the frame of a time that was wanted, to be drawn at once. */
  constructor(file: Blob, onFrame: (frame: HTMLVideoElement, time: number) => void) {
    this.#onFrame = onFrame;
    this.#url = URL.createObjectURL(file);
    const element = this.#element;
    element.muted = true;
    element.playsInline = true;
    element.preload = 'auto';
    element.addEventListener('loadeddata', this.#pump);
    element.addEventListener('seeked', this.#arrived);
    element.src = this.#url;
  }

  /** Shows the frame of that time as soon as it can; earlier wishes are given up. */
  show(time: number): void {
    this.#wanted = time;
    this.#pump();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#wanted = null;
    this.#element.removeEventListener('loadeddata', this.#pump);
    this.#element.removeEventListener('seeked', this.#arrived);
    this.#element.removeAttribute('src');
    this.#element.load();
    URL.revokeObjectURL(this.#url);
  }

  #pump = (): void => {
    if (this.#wanted === null || this.#going !== null || this.#timer !== 0) return;
    if (this.#element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    this.#going = this.#wanted;
    this.#wanted = null;
    this.#element.currentTime = this.#going;
  };

  #arrived = (): void => {
    const time = this.#going;
    this.#going = null;
    if (time !== null && this.#element.videoWidth > 0) this.#onFrame(this.#element, time);
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#pump();
    }, PAUSE_MS);
  };
}
