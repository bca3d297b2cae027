/** A video that stands still because nothing can be read for a while, though the user lets it play. Knows neither worker nor state. */
import type { LiveSource } from './live-source.ts';

/** A video that is told to stand still goes on for less than this, seconds. */
const HELD_STILL = 0.5;

export class HeldVideo {
  readonly #source: Pick<LiveSource, 'element' | 'pause' | 'resume'>;
  /** Stands still at `at`, until it can be read again from `time` on; in seconds. */
  #held: { itemId: string; time: number; at: number } | null = null;

  constructor(source: Pick<LiveSource, 'element' | 'pause' | 'resume'>) {
    this.#source = source;
  }

  /**
   * Stands still from now on.
   * @param unread media time of its frame that could not be read, in seconds; null where all were
   */
  hold(itemId: string, unread: number | null): void {
    const { currentTime } = this.#source.element;
    this.#held ??= { itemId, time: unread ?? currentTime, at: currentTime };
    this.#source.pause();
  }

  /** Goes on with the frame that could not be read. @param playing the item that is to play now; null where none is */
  letGo(playing: string | null): void {
    const held = this.#held;
    this.#held = null;
    if (!held || held.itemId !== playing) return;
    const { element } = this.#source;
    // Who went elsewhere meanwhile is not fetched back.
    if (Math.abs(element.currentTime - held.at) < HELD_STILL) element.currentTime = held.time;
    this.#source.resume();
  }

  /** It will not go on by itself. Whether there was one. */
  giveUp(): boolean {
    const held = this.#held;
    this.#held = null;
    return held !== null;
  }
}
