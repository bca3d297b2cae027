/** Frames of recorded videos: the one at a moment, or one after another. Knows no readings and no stage. */

/** A seek that takes longer is given up: the file is damaged. */
const PATIENCE_MS = 5000;

export class Replay {
  readonly #element: HTMLVideoElement;
  readonly #onFrame: (takeId: string, at: number, image: ImageBitmap) => void;
  readonly #onEnd: () => void;
  #open: { takeId: string; url: string; ready: Promise<boolean> } | null = null;
  /** Counts what was asked for: only the newest matters. */
  #asked = 0;
  #playing = false;

  /**
   * @param onFrame while it plays; `at` is seconds into the recording, and the picture is the receiver's
   * @param onEnd it came to the end of the recording
   */
  constructor(onFrame: (takeId: string, at: number, image: ImageBitmap) => void, onEnd: () => void) {
    this.#element = document.createElement('video');
    this.#element.muted = true;
    this.#element.playsInline = true;
    this.#element.preload = 'auto';
    this.#onFrame = onFrame;
    this.#onEnd = onEnd;
    this.#element.addEventListener('ended', () => {
      this.#playing = false;
      this.#onEnd();
    });
  }

  /** The frame that is shown `at` seconds into the recording; null where there is none, or where another one was asked for meanwhile. */
  async frameAt(takeId: string, file: Blob, at: number): Promise<ImageBitmap | null> {
    this.pause();
    if (!(await this.#seek(takeId, file, at))) return null;
    return createImageBitmap(this.#element).catch(() => null);
  }

  /** Plays from there on. */
  async play(takeId: string, file: Blob, at: number): Promise<void> {
    this.#playing = true;
    if (!(await this.#seek(takeId, file, at)) || !this.#playing) return;
    const asked = this.#asked;
    const deliver = async (time: number): Promise<void> => {
      const image = await createImageBitmap(this.#element).catch(() => null);
      if (!image) return;
      if (this.#playing && asked === this.#asked) this.#onFrame(takeId, time, image);
      else image.close();
    };
    this.#follow(() => this.#playing && asked === this.#asked, deliver);
    await this.#element.play().catch(() => {}); // it was paused or closed meanwhile
  }

  pause(): void {
    this.#playing = false;
    this.#element.pause();
  }

  /** Lets go of the file. */
  close(): void {
    this.pause();
    this.#asked += 1;
    if (!this.#open) return;
    URL.revokeObjectURL(this.#open.url);
    this.#open = null;
    this.#element.removeAttribute('src');
    this.#element.load();
  }

  /** Calls with every frame while `goesOn`. */
  #follow(goesOn: () => boolean, deliver: (time: number) => Promise<void>): void {
    const element = this.#element;
    if ('requestVideoFrameCallback' in element) {
      const step: VideoFrameRequestCallback = (_now, { mediaTime }) => {
        if (goesOn()) void deliver(mediaTime).then(() => element.requestVideoFrameCallback(step));
      };
      element.requestVideoFrameCallback(step);
      return;
    }
    const video: HTMLVideoElement = element;
    const step = (): void => {
      if (goesOn()) void deliver(video.currentTime).then(() => requestAnimationFrame(step));
    };
    requestAnimationFrame(step);
  }

  /** Whether the element shows that moment, and nothing else was asked for. */
  async #seek(takeId: string, file: Blob, at: number): Promise<boolean> {
    this.#asked += 1;
    const asked = this.#asked;
    if (this.#open?.takeId !== takeId) {
      this.close();
      this.#asked = asked;
      const url = URL.createObjectURL(file);
      const ready = happened(this.#element, 'loadeddata');
      this.#open = { takeId, url, ready };
      this.#element.src = url;
    }
    const { ready } = this.#open;
    if (!(await ready) || asked !== this.#asked) return false;
    // Where it stands already, no seek is told.
    if (Math.abs(this.#element.currentTime - at) > 1e-3) {
      const sought = happened(this.#element, 'seeked');
      this.#element.currentTime = at;
      if (!(await sought)) return false;
    }
    return asked === this.#asked;
  }
}

function happened(element: HTMLVideoElement, event: 'loadeddata' | 'seeked'): Promise<boolean> {
  return new Promise((resolve) => {
    const listeners = new AbortController();
    const settle = (whether: boolean): void => {
      listeners.abort();
      clearTimeout(timer);
      resolve(whether);
    };
    const timer = setTimeout(settle, PATIENCE_MS, false);
    element.addEventListener(event, () => settle(true), { signal: listeners.signal });
    element.addEventListener('error', () => settle(false), { signal: listeners.signal });
  });
}
