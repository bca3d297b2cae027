/**
 * Newest frame wins: one frame is being analysed, at most one waits, and a newer one takes its place.
 * So what is shown is never older than one analysis, however slow the machine.
 * Knows nothing about where frames come from.
 */
import type { MediaFrame } from './frame.ts';

/** The part of `document` that is needed: analysis rests while nobody looks. */
export interface Visibility {
  readonly hidden: boolean;
  addEventListener(type: 'visibilitychange', listener: () => void): void;
  removeEventListener(type: 'visibilitychange', listener: () => void): void;
}

export interface PacerStats {
  analyzed: number;
  /** Frames that were replaced by a newer one, or came while paused. */
  dropped: number;
  /** Frames analysed a second, over the last two seconds or the last two frames; 0 while nothing is analysed. */
  perSecond: number;
}

export interface PacerOptions {
  /** Takes the frame: it closes it, or transfers it. A rejection stops nothing and is reported to `onError`. */
  analyze: (frame: MediaFrame) => Promise<void>;
  /** After every analysed frame. */
  onStats?: (stats: PacerStats) => void;
  onError?: (error: unknown) => void;
  /** `document` where there is one. */
  visibility?: Visibility | null;
  /** Milliseconds, monotonic. */
  now?: () => number;
}

const WINDOW_MS = 2000;
/** Sources give frames many times a second: where none came for so long, the machine slept, or the source rested, and no pace lies across that. */
const PAUSE_MS = 5000;

export class Pacer {
  readonly #options: PacerOptions;
  readonly #visibility: Visibility | null;
  readonly #now: () => number;
  #pending: MediaFrame | null = null;
  #busy = false;
  #pausedByCaller = false;
  #stopped = false;
  #analyzed = 0;
  #dropped = 0;
  /** When the frames of the last two seconds, and at least the last two, were done. */
  #doneAt: number[] = [];
  #offeredAt = Number.NEGATIVE_INFINITY;

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#visibility = options.visibility === undefined ? (typeof document === 'undefined' ? null : document) : options.visibility;
    this.#now = options.now ?? (() => performance.now());
    this.#visibility?.addEventListener('visibilitychange', this.#visibilityChanged);
  }

  /** Paused by the caller, or because the page is hidden. */
  get paused(): boolean {
    return this.#pausedByCaller || (this.#visibility?.hidden ?? false);
  }

  /** Takes the frame, now or as the one that waits; closes it where it is not wanted. */
  offer(frame: MediaFrame): void {
    if (this.#stopped) {
      frame.image.close();
      return;
    }
    if (this.paused) {
      frame.image.close();
      this.#dropped += 1;
      return;
    }
    const now = this.#now();
    if (now - this.#offeredAt > PAUSE_MS) this.#doneAt = [];
    this.#offeredAt = now;
    if (this.#pending !== null) this.#drop();
    this.#pending = frame;
    this.#next();
  }

  /** What waits is dropped; what is being analysed ends as usual. */
  pause(): void {
    this.#pausedByCaller = true;
    this.#rest();
  }

  resume(): void {
    this.#pausedByCaller = false;
  }

  stats(): PacerStats {
    const now = this.#now();
    // On a slow machine two seconds may hold no two frames: then the last two tell the pace.
    this.#doneAt = this.#doneAt.filter((time, index) => time > now - WINDOW_MS || index >= this.#doneAt.length - 2);
    const first = this.#doneAt[0];
    const last = this.#doneAt.at(-1);
    const span = first === undefined || last === undefined ? 0 : last - first;
    const hasStalled = last === undefined || now - last > Math.max(WINDOW_MS, 2 * span);
    // n frames bound n − 1 intervals.
    const perSecond = span > 0 && !hasStalled ? ((this.#doneAt.length - 1) * 1000) / span : 0;
    return { analyzed: this.#analyzed, dropped: this.#dropped, perSecond };
  }

  /** For good: closes what waits; frames offered later are closed at once. */
  stop(): void {
    this.#stopped = true;
    this.#rest();
    this.#visibility?.removeEventListener('visibilitychange', this.#visibilityChanged);
  }

  readonly #visibilityChanged = (): void => {
    if (this.paused) this.#rest();
  };

  #rest(): void {
    if (this.#pending !== null) this.#drop();
    this.#doneAt = [];
  }

  #drop(): void {
    this.#pending?.image.close();
    this.#pending = null;
    this.#dropped += 1;
  }

  #next(): void {
    const frame = this.#pending;
    if (this.#busy || frame === null) return;
    this.#pending = null;
    this.#busy = true;
    void this.#analyze(frame);
  }

  async #analyze(frame: MediaFrame): Promise<void> {
    try {
      await this.#options.analyze(frame);
      this.#analyzed += 1;
      this.#doneAt.push(this.#now());
      if (!this.#stopped) this.#options.onStats?.(this.stats());
    } catch (error) {
      this.#options.onError?.(error);
    } finally {
      this.#busy = false;
      this.#next();
    }
  }
}
