/** 468 points on a face (MediaPipe face mesh). Knows one crop; does not look for faces. */
import type { FaceBox } from '../shared/readings.ts';
import { faceRegion, type Picture, type Region, regionPoint, sampleRegion, writePixelValues } from './image.ts';
import type { PackManifest } from './manifest.ts';
import { inputName, outputOfLength, type Runner, runFloats } from './tensors.ts';

type LandmarksEntry = PackManifest['landmarks'];

export const LANDMARK_COUNT = 468;

export interface FaceLandmarks {
  /** x, y in px of the picture. // [936] */
  points: Float32Array;
  /** Probability, [0, 1], that the crop shows a face. */
  presence: number;
}

/** The landmark graph with its crop. Keeps its input buffers: one find call at a time. */
export class LandmarkFinder {
  readonly entry: LandmarksEntry;
  readonly #graph: Runner;
  readonly #input: string;
  readonly #layout: 'nchw' | 'nhwc';
  readonly #pixelValues: Float32Array;
  #crop: Picture | null = null;

  constructor(graph: Runner, entry: LandmarksEntry) {
    this.entry = entry;
    this.#graph = graph;
    this.#input = inputName(graph);
    this.#layout = graph.entry.inputs[0]?.dims[3] === 3 ? 'nhwc' : 'nchw';
    this.#pixelValues = new Float32Array(3 * entry.size * entry.size);
  }

  /** The crop that the graph wants of a detected face: upright by the eyes, with a margin. */
  regionOf(box: FaceBox, roll: number): Region {
    return faceRegion(box, roll, this.entry.cropScale);
  }

  /** Landmarks of the face in a region, or null where the graph sees none there. */
  async find(picture: Picture, region: Region): Promise<FaceLandmarks | null> {
    const { size, presenceThreshold } = this.entry;
    this.#crop = sampleRegion(picture, region, size, size, this.#crop);
    writePixelValues(this.#crop, { layout: this.#layout, order: 'rgb', mean: [0, 0, 0], std: [1, 1, 1] }, this.#pixelValues);
    const dims = this.#layout === 'nhwc' ? [1, size, size, 3] : [1, 3, size, size];
    const outputs = await runFloats(this.#graph, { [this.#input]: { data: this.#pixelValues, dims } });
    const presence = 1 / (1 + Math.exp(-(outputOfLength(outputs, 1)[0] ?? 0)));
    if (presence < presenceThreshold) return null;
    const mesh = outputOfLength(outputs, LANDMARK_COUNT * 3); // [1404]: x, y, z in px of the crop
    const points = new Float32Array(LANDMARK_COUNT * 2);
    for (let i = 0; i < LANDMARK_COUNT; i++) {
      const point = regionPoint(region, (mesh[i * 3] as number) / size, (mesh[i * 3 + 1] as number) / size);
      points[i * 2] = point.x;
      points[i * 2 + 1] = point.y;
    }
    return { points, presence };
  }
}
