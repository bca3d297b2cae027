/**
 * Where a text about faces decides: the word of Reason that names what the evidence means. It is chosen among the options' meanings by the
 * language model and by the face's reading, each as far as it was found reliable: a log-linear pool (Genest & Zidek, Combining Probability
 * Distributions, 1986), one weight each, fitted on a validation split. Knows ids and shares, not text and pictures.
 */
import type { Logits } from '../model/logits.ts';
import type { AnswerCalibration, PackManifest } from '../model/manifest.ts';
import { logSoftmax } from '../model/sampler.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';

/** Of a share that is next to nothing. */
const LEAST_SHARE = 1e-6;

type Weights = Pick<AnswerCalibration, 'scale' | 'evidence' | 'bias'>;

/** What the largest face's reading says of the options, one share each, in their order; null where it says nothing. @param faces the largest first */
export function evidenceShares(options: readonly string[], faces: readonly Reading[]): number[] | null {
  const [face] = faces;
  const isOfFaces = options.length === EMOTION_LABELS.length && EMOTION_LABELS.every((label) => options.includes(label));
  return face && isOfFaces ? options.map((option) => face.probabilities[option as (typeof EMOTION_LABELS)[number]]) : null;
}

/**
 * softmax(scale · log probability + evidence · log share + bias). With a scale alone: temperature scaling, Guo et al., On Calibration of
 * Modern Neural Networks (2017).
 * @param probabilities the language model's, in the options' order
 * @param shares the evidence's; null leaves it out
 */
export function pooled(probabilities: readonly number[], shares: readonly number[] | null, { scale, evidence, bias }: Weights): number[] {
  const logits = probabilities.map((probability, index) => {
    const share = shares === null ? 0 : evidence * Math.log(Math.max(shares[index] ?? 0, LEAST_SHARE));
    return scale * Math.log(Math.max(probability, 1e-12)) + share + (bias[index] ?? 0);
  });
  return logSoftmax(logits).map(Math.exp);
}

export class Decision {
  /** Ids behind which it is due, and the first id of each option's meaning there. */
  readonly #turns: readonly { after: readonly number[]; meanings: readonly number[] }[];
  readonly #weights: Weights;
  readonly #shares: readonly number[] | null;
  /** How many ids stood before it. */
  #place: number | null = null;
  #probabilities: number[] | null = null;

  private constructor(
    turns: readonly { after: readonly number[]; meanings: readonly number[] }[],
    weights: Weights,
    shares: readonly number[] | null,
  ) {
    this.#turns = turns;
    this.#weights = weights;
    this.#shares = shares;
  }

  /** Null where the pack's texts do not decide in Reason, or its calibration knows no meanings. @param shares as of `evidenceShares` */
  static of(
    tokenizer: Pick<Tokenizer, 'encode'>,
    { meaningAfter }: Pick<PackManifest['prompt'], 'meaningAfter'>,
    calibration: AnswerCalibration | null,
    shares: readonly number[] | null,
  ): Decision | null {
    if (!calibration?.meanings) return null;
    const { meanings } = calibration;
    const turns = meaningAfter.flatMap((phrases, strength) => {
      const first = meanings.map((each) => tokenizer.encode(` ${each[strength] ?? ''}`)[0] ?? -1);
      return phrases.map((phrase) => ({ after: tokenizer.encode(` ${phrase}`), meanings: first }));
    });
    return new Decision(turns, calibration, shares);
  }

  /** Once it was taken: the options' probabilities, in their order. */
  get probabilities(): readonly number[] | null {
    return this.#probabilities;
  }

  /**
   * The id that names the likeliest option; null where nothing is to be decided. Asked again of the same place it says the same.
   * @param written Reason's ids so far
   * @param logits of the next one
   */
  async next(written: readonly number[], logits: Logits): Promise<number | null> {
    const turn = this.#turns.find(({ after }) => after.length > 0 && after.every((id, index) => written.at(index - after.length) === id));
    if (!turn || (this.#place !== null && this.#place !== written.length)) return null;
    this.#place = written.length;
    const own = logSoftmax(await logits.of(turn.meanings)).map(Math.exp);
    const probabilities = pooled(own, this.#shares, this.#weights);
    this.#probabilities = probabilities;
    return turn.meanings[probabilities.indexOf(Math.max(...probabilities))] ?? null;
  }
}
