/** A camera that nobody can be looking at is turned off: a minute after the tab was hidden, and when the page closes. Knows no camera. */

/** Long enough to look something up in another tab. */
export const HIDDEN_MS = 60_000;

/** What was turned off, so that one click goes on with it. */
export interface Rested {
  itemId: string;
  deviceId: string | null;
}

interface CameraRestOptions {
  page: Pick<Document, 'hidden' | 'addEventListener'>;
  /** Ends the camera. Which one it was; null where none is on. */
  end: () => Rested | null;
  goOn: (rested: Rested) => void;
}

export class CameraRest {
  readonly #options: CameraRestOptions;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #rested: Rested | null = null;

  constructor(options: CameraRestOptions) {
    this.#options = options;
    options.page.addEventListener('visibilitychange', () => {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = options.page.hidden ? setTimeout(() => this.rest(), HIDDEN_MS) : null;
    });
  }

  /** Null unless the camera was turned off here, and none was started since. */
  rested = (): Rested | null => this.#rested;

  onRested = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** At once: the page closes. */
  rest(): void {
    const ended = this.#options.end();
    if (ended) this.#say(ended);
  }

  /** Turns the camera on again, in the session in which it was. */
  goOn(): void {
    if (this.#rested) this.#options.goOn(this.#rested);
  }

  /** A camera was started: there is nothing to go on with. */
  forget(): void {
    if (this.#rested) this.#say(null);
  }

  #say(rested: Rested | null): void {
    this.#rested = rested;
    for (const listener of this.#listeners) listener();
  }
}
