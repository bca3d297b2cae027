/**
 * Knows a worker that hangs from one that is slow: by what it has begun, and by how long the like of it took before. Knows no worker and no
 * timer: who has them tells it what is heard, and asks at every tick.
 */
import type { Fault } from '../shared/faults.ts';
import type { Work } from '../shared/work.ts';

/** Ask so often, ms. */
export const TICK_MS = 2000;
/** A tick that comes later than this, ms, came after a sleep of the machine or of the tab: what lies before it does not count. */
const LONGEST_TICK = 2 * TICK_MS;
/** A run may take so many times what the median of its like took. */
const PATIENCE = 20;
/** But always so long, ms: a laptop without a GPU takes half a minute for a long prompt. */
const FLOORS = { small: 20_000, large: 90_000 };
/** Compiling shaders on a slow machine takes minutes, and so does the worker's script on a slow line, ms. */
const FIRST_MS = 300_000;
/** Between graphs a large tokenizer takes longest: so long, ms, may it say nothing while somebody waits. */
const SILENCE_MS = 90_000;
/** Runs that are remembered of each kind. */
const KEPT = 50;

export class Watchdog {
  readonly #now: () => number;
  readonly #took = new Map<string, number[]>();
  #work: Work | null = null;
  /** It has said something already: its script is there. */
  #isThere = false;
  /** Since the work began, or since the worker was heard last, ms awake. */
  #waited = 0;
  #last: number;

  /** @param now milliseconds of a steady clock, which may jump ahead */
  constructor(now: () => number) {
    this.#now = now;
    this.#last = now();
  }

  begin(work: Work): void {
    this.#pass();
    this.#isThere = true;
    this.#work = work;
    this.#waited = 0;
  }

  /** The work is done. */
  rest(): void {
    this.#pass();
    if (this.#work && this.#work.kind !== 'open') this.#remember(this.#work, this.#waited);
    this.#work = null;
    this.#waited = 0;
  }

  /** The worker said something that is no work: it is there. */
  heard(): void {
    this.#pass();
    this.#isThere = true;
    if (!this.#work) this.#waited = 0;
  }

  /**
   * Call every `TICK_MS`.
   * @param isWaited whether somebody waits for the worker; else it owes no word
   * @returns what is wrong; null while nothing is
   */
  tick(isWaited: boolean): Fault | null {
    this.#pass();
    const work = this.#work;
    if (!work) {
      if (!isWaited) this.#waited = 0;
      if (this.#waited <= (this.#isThere ? SILENCE_MS : FIRST_MS)) return null;
      return { kind: 'hang', graph: null, onGpu: false, detail: `nothing was heard for ${seconds(this.#waited)} s` };
    }
    const allowed = this.#allowed(work);
    if (this.#waited <= allowed) return null;
    const detail = `${work.graph ?? 'video'} (${work.kind}, ${work.size}) ran for ${seconds(this.#waited)} s, allowed ${seconds(allowed)} s`;
    return { kind: 'hang', graph: work.graph, onGpu: work.backend === 'webgpu', detail };
  }

  #pass(): void {
    const now = this.#now();
    this.#waited += Math.min(Math.max(0, now - this.#last), LONGEST_TICK);
    this.#last = now;
  }

  #allowed(work: Work): number {
    if (work.kind !== 'run') return FIRST_MS;
    const sorted = (this.#took.get(keyOf(work)) ?? []).toSorted((a, b) => a - b);
    return Math.max(FLOORS[work.size], PATIENCE * (sorted[sorted.length >> 1] ?? 0));
  }

  #remember(work: Work, ms: number): void {
    const took = this.#took.get(keyOf(work)) ?? [];
    took.push(ms);
    if (took.length > KEPT) took.shift();
    this.#took.set(keyOf(work), took);
  }
}

/** A first run counts as well: where it is all that is known, a slow machine is known by it. */
const keyOf = ({ graph, size }: Work): string => `${graph} ${size}`;

const seconds = (ms: number): string => (ms / 1000).toFixed(0);
