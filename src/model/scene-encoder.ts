/** A whole picture → patch tokens and the picture's own valence and arousal. Knows no faces. */
import { type Picture, resize, writePixelValues } from './image.ts';
import type { PackManifest } from './manifest.ts';
import { inputName, outputNamed, type Runner, runFloats } from './tensors.ts';

export interface Scene {
  /** // [49 · D_s] */
  tokens: Float32Array;
  /** What the picture makes people feel, [-1, 1] each. */
  valence: number;
  arousal: number;
}

export class SceneEncoder {
  readonly #graph: Runner;
  readonly #entry: PackManifest['sceneEncoder'];

  constructor(graph: Runner, entry: PackManifest['sceneEncoder']) {
    this.#graph = graph;
    this.#entry = entry;
  }

  /** Encodes the picture, squeezed to a square as in training. */
  async encode(picture: Picture): Promise<Scene> {
    const { size, mean, std } = this.#entry;
    const pixelValues = new Float32Array(3 * size * size); // [1, 3, size, size]
    writePixelValues(resize(picture, size, size, { filter: 'triangle' }), { layout: 'nchw', order: 'rgb', mean, std }, pixelValues);
    const outputs = await runFloats(this.#graph, { [inputName(this.#graph)]: { data: pixelValues, dims: [1, 3, size, size] } });
    const [valence = 0, arousal = 0] = outputNamed(outputs, 'affect'); // [1, 2]
    return { tokens: outputNamed(outputs, 'patch_tokens'), valence, arousal }; // [1, 49, D_s]
  }
}
