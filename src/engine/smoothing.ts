/** Steadies a face's readings over time. Knows readings and media time, no pictures. */
import { topEmotion } from '../model/face-encoder.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';

/** A face that was away for longer than this, in seconds, starts afresh. */
const MAX_GAP = 2;

/**
 * Exponential smoothing by a time constant: after that many seconds a change has come through to
 * 63 %, however many frames there were. Probabilities, valence and arousal are smoothed, and stand
 * beside as they were measured; the rest of a reading is as measured.
 */
export class Smoother {
  readonly #uncertainBelow: number;
  readonly #last = new Map<number, Reading>();

  constructor(uncertainBelow: number) {
    this.#uncertainBelow = uncertainBelow;
  }

  /** The smoothed reading; `timeConstant` in seconds, 0 is raw. */
  smooth(reading: Reading, timeConstant: number): Reading {
    const last = this.#last.get(reading.faceId);
    const gap = last ? reading.time - last.time : Number.POSITIVE_INFINITY;
    const smoothed =
      last && timeConstant > 0 && gap >= 0 && gap <= MAX_GAP ? this.#blend(last, reading, 1 - Math.exp(-gap / timeConstant)) : reading;
    // Who has been away for longer starts afresh anyway.
    if (!last) for (const [id, { time }] of this.#last) if (Math.abs(reading.time - time) > MAX_GAP) this.#last.delete(id);
    this.#last.set(reading.faceId, smoothed);
    return smoothed;
  }

  reset(): void {
    this.#last.clear();
  }

  #blend(last: Reading, now: Reading, share: number): Reading {
    const mix = (from: number, to: number) => from + share * (to - from);
    const probabilities = { ...now.probabilities };
    for (const label of EMOTION_LABELS) probabilities[label] = mix(last.probabilities[label], now.probabilities[label]);
    return {
      ...now,
      probabilities,
      emotion: topEmotion(probabilities, this.#uncertainBelow),
      valence: mix(last.valence, now.valence),
      arousal: mix(last.arousal, now.arousal),
      raw: { probabilities: now.probabilities, valence: now.valence, arousal: now.arousal },
    };
  }
}
