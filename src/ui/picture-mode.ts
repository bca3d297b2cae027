/**
 * Whether the stage shows the frames that were analysed, each with its readings, or the camera itself with the readings following after.
 * The first is exact and the rule; but where a reading takes long, its frame is old when it is shown, and nobody can watch himself so.
 */

/**
 * Milliseconds of age, of the median of the last frames. People notice a mirror that lags by about a tenth of a second and are disturbed by
 * two tenths; between the two limits it stays as it is.
 */
const FLOW_ABOVE = 150;
const LOCK_BELOW = 100;
/** Milliseconds that are looked back, and at least to the last frame: a slow machine is known by its first one, and a hiccup is none. */
const WINDOW_MS = 2000;
/** A frame that waits for its readings for so long stands still before the user's eyes: an explanation has the machine, or a first run compiles. */
const STALL_MS = 400;

export class PictureMode {
  #flowing = false;
  #frames: { age: number; at: number }[] = [];
  readonly #listeners = new Set<() => void>();

  /** The picture runs free of the readings. */
  flowing = (): boolean => this.#flowing;

  onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /**
   * A frame's readings are there.
   * @param age milliseconds since it was taken
   * @param now milliseconds, any steady clock
   */
  add(age: number, now: number): void {
    this.#frames = [...this.#frames.filter(({ at }) => now - at < WINDOW_MS), { age, at: now }];
    const ages = this.#frames.map((frame) => frame.age).sort((a, b) => a - b);
    const median = ages[Math.floor(ages.length / 2)] ?? 0;
    this.#set(median > FLOW_ABOVE || (this.#flowing && median >= LOCK_BELOW));
  }

  /** A frame is still waiting for its readings, for so many milliseconds. */
  wait(age: number): void {
    if (age > STALL_MS) this.#set(true);
  }

  /** Another source: as exact as can be until it is known to be slow. */
  restart(): void {
    this.#frames = [];
    this.#set(false);
  }

  #set(flowing: boolean): void {
    if (flowing === this.#flowing) return;
    this.#flowing = flowing;
    for (const listener of this.#listeners) listener();
  }
}
