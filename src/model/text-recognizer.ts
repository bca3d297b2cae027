/**
 * Reads one line of words after another: PP-OCRv4's recogniser with greedy CTC decoding, as in
 * PaddleOCR's `CTCLabelDecode` (Apache-2.0). Does not look for lines.
 */
import type { FaceBox, TextLine } from '../shared/readings.ts';
import { type Picture, type Region, sampleRegion, writePixelValues } from './image.ts';
import type { PackManifest } from './manifest.ts';
import { inputName, type Runner, runFloats } from './tensors.ts';

type TextRecognizerEntry = PackManifest['text']['recognizer'];

/** A line this much taller than wide runs downwards. */
const UPRIGHT = 1.5;
/** Lines are padded to multiples of this, so that few shapes occur. */
const WIDTH_STEP = 32;

export class TextRecognizer {
  readonly #graph: Runner;
  readonly #entry: TextRecognizerEntry;
  /** The character of each output, `null` for CTC's blank. */
  readonly #characters: (string | null)[];

  /** `dictionary`: the file that the manifest names, as text. */
  constructor(graph: Runner, entry: TextRecognizerEntry, dictionary: string) {
    this.#graph = graph;
    this.#entry = entry;
    this.#characters = [null, ...dictionary.replace(/\r?\n$/, '').split(/\r?\n/), ' '];
  }

  /** The words in each region that can be read, in the regions' order, with upright boxes. */
  async read(picture: Picture, regions: readonly Region[]): Promise<TextLine[]> {
    const lines: TextLine[] = [];
    for (const region of regions) {
      const { text, score } = await this.#readLine(picture, lyingRegion(region));
      if (text !== '' && score >= this.#entry.scoreThreshold) lines.push({ text, score, box: boundingBox(region) });
    }
    return lines;
  }

  async #readLine(picture: Picture, region: Region): Promise<{ text: string; score: number }> {
    const { height, maxWidth } = this.#entry;
    const width = Math.max(1, Math.min(maxWidth, Math.ceil((height * region.width) / region.height)));
    const padded = Math.min(maxWidth, Math.ceil(width / WIDTH_STEP) * WIDTH_STEP);
    const pixelValues = new Float32Array(3 * height * padded); // [1, 3, height, W], zeros (mid grey) beyond the line
    const line = new Float32Array(3 * height * width);
    // PaddleOCR trains on what OpenCV reads: blue first; bytes go to [-1, 1].
    const half = [0.5, 0.5, 0.5];
    writePixelValues(sampleRegion(picture, region, width, height), { layout: 'nchw', order: 'bgr', mean: half, std: half }, line);
    for (let row = 0; row < 3 * height; row++) pixelValues.set(line.subarray(row * width, (row + 1) * width), row * padded);
    const outputs = await runFloats(this.#graph, { [inputName(this.#graph)]: { data: pixelValues, dims: [1, 3, height, padded] } });
    const probabilities = Object.values(outputs)[0] ?? new Float32Array(); // [1, T, C]
    return decodeCtc(probabilities, this.#characters);
  }
}

/** Greedy CTC: the likeliest character of each step, repeats and blanks (`null`) left out; score is the mean probability of what stays. */
export function decodeCtc(probabilities: Float32Array, characters: readonly (string | null)[]): { text: string; score: number } {
  const classes = characters.length;
  if (probabilities.length % classes !== 0) {
    throw new Error(`text-recognizer: ${probabilities.length} probabilities do not divide into steps of ${classes} characters`);
  }
  let text = '';
  let sum = 0;
  let count = 0;
  let previous = -1;
  for (let at = 0; at < probabilities.length; at += classes) {
    let best = 0;
    for (let k = 1; k < classes; k++) if ((probabilities[at + k] as number) > (probabilities[at + best] as number)) best = k;
    const character = characters[best];
    if (best !== previous && typeof character === 'string') {
      text += character;
      sum += probabilities[at + best] as number;
      count += 1;
    }
    previous = best;
  }
  return { text: text.trim(), score: count === 0 ? 0 : sum / count };
}

/** A region that runs downwards, turned so that its first letter comes first. */
function lyingRegion(region: Region): Region {
  if (region.height < UPRIGHT * region.width) return region;
  return { ...region, width: region.height, height: region.width, roll: region.roll + Math.PI / 2 };
}

/** The upright box about a turned region. */
function boundingBox({ centreX, centreY, width, height, roll }: Region): FaceBox {
  const cos = Math.abs(Math.cos(roll));
  const sin = Math.abs(Math.sin(roll));
  const w = cos * width + sin * height;
  const h = sin * width + cos * height;
  return { x: centreX - w / 2, y: centreY - h / 2, width: w, height: h };
}
