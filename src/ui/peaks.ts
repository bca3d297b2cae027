/**
 * Finds the moments at which a face's expression changes. Pure; knows smoothed numbers and media time, no pictures.
 *
 * The rule, for one face: what is usual is a slow exponential mean of the eight probabilities, valence and arousal. How far a reading
 * lies from it is measured in thresholds: the share of probability that moved to other emotions, and the way that valence and arousal
 * went, each over its threshold; the largest counts. An expression sets in where that distance reaches 1 and stays there for `hold`.
 * Its peak is the reading that lies farthest, once the distance falls again or `apex` has passed. After that the face must come back to
 * `release` of a threshold, or turn into something else that is a threshold away from the peak, too; and no other peak follows within
 * `refractory`. What lasts becomes the usual, so that leaving it is a change again.
 */
import { EMOTION_LABELS, type EmotionLabel } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';

export interface PeakRule {
  /** Share of probability, (0, 1], that has to move to other emotions. */
  emotion: number;
  /** How far valence or arousal has to go; both lie in [-1, 1]. */
  affect: number;
  /** Share of the threshold, [0, 1), below which the face counts as back. */
  release: number;
  /** Seconds, all of them. Time constant of what is usual. */
  usual: number;
  /** For how long a change has to last, so that one flickering frame is none. */
  hold: number;
  /** How long after the onset the strongest moment is looked for. */
  apex: number;
  refractory: number;
  /** Nothing is found for so long after a face came, or came back. */
  settle: number;
  /** A face that was away for longer, or a video that was wound back, starts afresh. */
  gap: number;
}

export const PEAK_RULE: PeakRule = {
  emotion: 0.35,
  affect: 0.5,
  release: 0.4,
  usual: 5,
  hold: 0.15,
  apex: 1,
  refractory: 2,
  settle: 1,
  gap: 2,
};

/** What changed most: the emotion that rose, or which way valence or arousal went. */
export type PeakKind = EmotionLabel | 'valence-up' | 'valence-down' | 'arousal-up' | 'arousal-down';

export interface Peak {
  faceId: number;
  /** Media time in seconds at which the change set in. */
  onset: number;
  /** Media time of its strongest reading. */
  time: number;
  /** Distance from what was usual, in thresholds: 1 is just enough. */
  strength: number;
  kind: PeakKind;
}

type Values = Pick<Reading, 'probabilities' | 'valence' | 'arousal'>;
/** By this share of a threshold the distance has to fall for its peak to be over. */
const FALL = 0.1;

/** One face's readings in the order in which they come. */
export class PeakFinder {
  readonly #rule: PeakRule;
  #usual: Values | null = null;
  #began = 0;
  #last = 0;
  #rising: { onset: number; time: number; values: Values; strength: number; kind: PeakKind } | null = null;
  /** The peak that the face has not come back from. */
  #spent: Values | null = null;
  #lastPeak = Number.NEGATIVE_INFINITY;

  constructor(rule: PeakRule = PEAK_RULE) {
    this.#rule = rule;
  }

  /** The peak that this reading shows to be over, if any. */
  add(reading: Reading): Peak | null {
    const { time } = reading;
    const gap = time - this.#last;
    this.#last = time;
    if (!this.#usual || gap < 0 || gap > this.#rule.gap) {
      this.#usual = reading;
      this.#began = time;
      this.#rising = null;
      this.#spent = null;
      this.#lastPeak = Number.NEGATIVE_INFINITY;
      return null;
    }
    const { strength, kind } = this.#distance(this.#usual, reading);
    const peak = this.#step(reading, strength, kind);
    // At first the usual is the plain mean of what was seen.
    const constant = Math.min(this.#rule.usual, time - this.#began);
    this.#usual = constant > 0 ? blend(this.#usual, reading, 1 - Math.exp(-gap / constant)) : reading;
    return peak;
  }

  #step(reading: Reading, strength: number, kind: PeakKind): Peak | null {
    const { hold, apex, refractory, release, settle } = this.#rule;
    const { time } = reading;
    if (this.#rising) {
      const rising = this.#rising;
      const held = time - rising.onset >= hold;
      if (strength < 1 && !held) {
        this.#rising = null;
        return null;
      }
      if (strength > rising.strength) Object.assign(rising, { time, values: reading, strength, kind });
      const over = strength < rising.strength - FALL || strength < 1 || time - rising.onset >= apex;
      if (!held || !over) return null;
      this.#rising = null;
      this.#spent = rising.values;
      this.#lastPeak = rising.time;
      return { faceId: reading.faceId, onset: rising.onset, time: rising.time, strength: rising.strength, kind: rising.kind };
    }
    const another = this.#spent === null || this.#distance(this.#spent, reading).strength >= 1;
    if (strength <= release) this.#spent = null;
    if (strength < 1 || !another || time - this.#lastPeak < refractory || time - this.#began < settle) return null;
    this.#rising = { onset: time, time, values: reading, strength, kind };
    return null;
  }

  #distance(from: Values, to: Values): { strength: number; kind: PeakKind } {
    let moved = 0;
    let most: EmotionLabel = EMOTION_LABELS[0];
    let rise = Number.NEGATIVE_INFINITY;
    for (const label of EMOTION_LABELS) {
      const change = to.probabilities[label] - from.probabilities[label];
      moved += Math.abs(change) / 2;
      if (change > rise) [most, rise] = [label, change];
    }
    const valence = to.valence - from.valence;
    const arousal = to.arousal - from.arousal;
    const all: { strength: number; kind: PeakKind }[] = [
      { strength: moved / this.#rule.emotion, kind: most },
      { strength: Math.abs(valence) / this.#rule.affect, kind: valence > 0 ? 'valence-up' : 'valence-down' },
      { strength: Math.abs(arousal) / this.#rule.affect, kind: arousal > 0 ? 'arousal-up' : 'arousal-down' },
    ];
    const strongest = all.reduce((best, each) => (each.strength > best.strength ? each : best));
    // An emotion says more than a direction: it names the change wherever it is one by itself.
    return { strength: strongest.strength, kind: moved >= this.#rule.emotion ? most : strongest.kind };
  }
}

function blend(from: Values, to: Values, share: number): Values {
  const mix = (a: number, b: number) => a + share * (b - a);
  const probabilities = { ...to.probabilities };
  for (const label of EMOTION_LABELS) probabilities[label] = mix(from.probabilities[label], to.probabilities[label]);
  return { probabilities, valence: mix(from.valence, to.valence), arousal: mix(from.arousal, to.arousal) };
}

/** Seconds between two explanations of peaks; the second may wait longer than that. */
export const PEAK_PAUSE = 10;

/**
 * Whose turn it is to be explained by itself: the newest peak, when nothing is being explained and the last explanation, whoever asked
 * for it, ended `pause` seconds ago. What waits is given up where something newer comes.
 */
export class PeakTurns<T> {
  readonly #pause: number;
  readonly #giveUp: (what: T) => void;
  #waiting: T | null = null;
  #notBefore = Number.NEGATIVE_INFINITY;

  /** `giveUp` frees what never had its turn. */
  constructor(giveUp: (what: T) => void, pause: number = PEAK_PAUSE) {
    this.#giveUp = giveUp;
    this.#pause = pause;
  }

  offer(what: T): void {
    this.clear();
    this.#waiting = what;
  }

  /** What may begin now, at most once. `now` in seconds, any steady clock; call often, also while `busy`. */
  take(now: number, busy: boolean): T | null {
    if (busy) this.#notBefore = now + this.#pause;
    if (busy || now < this.#notBefore) return null;
    const what = this.#waiting;
    this.#waiting = null;
    return what;
  }

  clear(): void {
    if (this.#waiting !== null) this.#giveUp(this.#waiting);
    this.#waiting = null;
  }
}
