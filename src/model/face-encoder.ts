/** Face crops → expression and face tokens. Knows no boxes, no tracks, no smoothing. */
import { EMOTION_LABELS, type EmotionLabel } from '../shared/labels.ts';
import type { FaceBox } from '../shared/readings.ts';
import { faceRegion, type Picture, type Region, sampleRegion, wholeRegion } from './image.ts';
import type { PackManifest } from './manifest.ts';
import { inputName, outputNamed, type Runner, runFloats } from './tensors.ts';

type FaceEncoderEntry = PackManifest['faceEncoder'];

/** What one face crop shows. */
export interface Expression {
  /** Calibrated; sums to 1. */
  probabilities: Record<EmotionLabel, number>;
  /** [-1, 1] each. */
  valence: number;
  arousal: number;
  /** Mean and standard deviation of the crop's grey levels, [0, 255]. */
  light: number;
  contrast: number;
  /** For the projection. // [tokens · D_f] */
  tokens: Float32Array;
}

/** The face encoder with its crop and its calibration. */
export class FaceEncoder {
  readonly entry: FaceEncoderEntry;
  readonly #graph: Runner;
  readonly #input: string;
  #crop: Picture | null = null;

  constructor(graph: Runner, entry: FaceEncoderEntry) {
    this.entry = entry;
    this.#graph = graph;
    this.#input = inputName(graph);
  }

  /** The crop that the encoder was trained on, of a detected face. */
  regionOf(box: FaceBox, roll: number): Region {
    return faceRegion(box, roll, this.entry.cropScale, this.entry.cropShift);
  }

  /** The detector's box whose crop would be this whole picture: how pictures that are crops already enter. */
  boxOfCrop(picture: Pick<Picture, 'width' | 'height'>): FaceBox {
    const { cropScale, cropShift } = this.entry;
    const region = wholeRegion(picture);
    const side = region.width / cropScale;
    const [shiftX = 0, shiftY = 0] = cropShift;
    return {
      x: region.centreX - shiftX * region.width - side / 2,
      y: region.centreY - shiftY * region.width - side / 2,
      width: side,
      height: side,
    };
  }

  /**
   * Expressions of the faces in the regions, in their order; one run for all. `mirrored` averages each crop's logits with its mirror image's,
   * where the pack says that this is more often right: twice the time. Tokens are always of the crop as it is.
   */
  async encode(picture: Picture, regions: readonly Region[], { mirrored = false } = {}): Promise<Expression[]> {
    if (regions.length === 0) return [];
    const { size, minDeviation, labels } = this.entry;
    const flip = mirrored && this.entry.flip;
    const pixels = size * size;
    const count = regions.length;
    const batch = flip ? count * 2 : count;
    const pixelValues = new Float32Array(batch * pixels); // [N, 1, size, size], mirrored crops behind the others
    const levels: { light: number; contrast: number }[] = [];
    for (const [i, region] of regions.entries()) {
      this.#crop = sampleRegion(picture, region, size, size, this.#crop);
      const values = pixelValues.subarray(i * pixels, (i + 1) * pixels);
      levels.push(writeGreyValues(this.#crop, minDeviation, values));
      if (flip) writeMirrored(values, size, pixelValues.subarray((count + i) * pixels, (count + i + 1) * pixels));
    }
    const outputs = await runFloats(this.#graph, { [this.#input]: { data: pixelValues, dims: [batch, 1, size, size] } });
    const logits = outputNamed(outputs, 'logits'); // [N, labels]
    const tokens = outputNamed(outputs, 'face_tokens'); // [N, tokens, D_f]
    const tokenLength = tokens.length / batch;
    return levels.map((level, i) => {
      const scores = labels.map((_label, k) => {
        const score = logits[i * labels.length + k] as number;
        return flip ? (score + (logits[(count + i) * labels.length + k] as number)) / 2 : score;
      });
      return { ...calibrate(scores, this.entry), ...level, tokens: tokens.slice(i * tokenLength, (i + 1) * tokenLength) };
    });
  }
}

/** Grey values of a picture, (grey − mean) / max(deviation, minDeviation), [H · W], into `out`; their mean and deviation, [0, 255], back. */
export function writeGreyValues(picture: Picture, minDeviation: number, out: Float32Array): { light: number; contrast: number } {
  const { data } = picture;
  let sum = 0;
  for (let i = 0; i < out.length; i++) {
    const grey = 0.299 * (data[i * 4] as number) + 0.587 * (data[i * 4 + 1] as number) + 0.114 * (data[i * 4 + 2] as number);
    out[i] = grey;
    sum += grey;
  }
  const mean = sum / out.length;
  let squares = 0;
  for (const grey of out) squares += (grey - mean) ** 2;
  const contrast = Math.sqrt(squares / out.length);
  const deviation = Math.max(contrast, minDeviation);
  for (let i = 0; i < out.length; i++) out[i] = ((out[i] as number) - mean) / deviation;
  return { light: mean, contrast };
}

function writeMirrored(values: Float32Array, size: number, out: Float32Array): void {
  for (let row = 0; row < out.length; row += size) {
    for (let x = 0; x < size; x++) out[row + x] = values[row + size - 1 - x] as number;
  }
}

/** Logits in the entry's label order → probabilities by label, and valence and arousal as their expectation on the circumplex. */
export function calibrate(
  logits: readonly number[],
  entry: Pick<FaceEncoderEntry, 'labels' | 'temperature' | 'circumplex'>,
): Pick<Expression, 'probabilities' | 'valence' | 'arousal'> {
  const top = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp((logit - top) / entry.temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const probabilities = Object.fromEntries(EMOTION_LABELS.map((label) => [label, 0])) as Record<EmotionLabel, number>;
  let valence = 0;
  let arousal = 0;
  for (const [k, label] of entry.labels.entries()) {
    const probability = (weights[k] ?? 0) / total;
    probabilities[label] = probability;
    valence += probability * (entry.circumplex[k]?.[0] ?? 0);
    arousal += probability * (entry.circumplex[k]?.[1] ?? 0);
  }
  return { probabilities, valence, arousal };
}

/** The likeliest label, or `uncertain` where its probability is below `uncertainBelow`. */
export function topEmotion(probabilities: Record<EmotionLabel, number>, uncertainBelow: number): EmotionLabel | 'uncertain' {
  const best = EMOTION_LABELS.reduce((top, label) => (probabilities[label] > probabilities[top] ? label : top));
  return probabilities[best] < uncertainBelow ? 'uncertain' : best;
}
