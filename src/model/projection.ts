/** MVP: scene and face tokens → image embeddings. Knows where faces are, not what they show. */
import type { FaceBox } from '../shared/readings.ts';
import type { Picture } from './image.ts';
import type { PackManifest } from './manifest.ts';
import { outputNamed, type Runner, runFloats } from './tensors.ts';

/** A face as the projection takes it: box in px of the picture, tokens of the face encoder. */
export interface ProjectedFace {
  box: FaceBox;
  tokens: Float32Array;
}

export class Projection {
  readonly entry: PackManifest['projection'];
  readonly #graph: Runner;

  constructor(graph: Runner, entry: PackManifest['projection']) {
    this.#graph = graph;
    this.entry = entry;
  }

  /** Image embeddings of a picture and its `maxFaces` largest faces, largest first. // [49, D_s], [F · k, D_f] → [T_image · D_lm] */
  async project(
    sceneTokens: Float32Array,
    faces: readonly ProjectedFace[],
    picture: Pick<Picture, 'width' | 'height'>,
  ): Promise<Float32Array> {
    const { maxFaces } = this.entry;
    const faceTokens = this.entry.faceTokens * maxFaces;
    const sceneWidth = this.#width('scene_tokens');
    const faceWidth = this.#width('face_tokens');
    const tokens = new Float32Array(faceTokens * faceWidth);
    const boxes = new Float32Array(maxFaces * 4);
    const mask = new Float32Array(maxFaces);
    for (const [i, face] of largestFirst(faces).slice(0, maxFaces).entries()) {
      const { box } = face;
      tokens.set(face.tokens, i * this.entry.faceTokens * faceWidth);
      boxes.set(
        [
          (box.x + box.width / 2) / picture.width,
          (box.y + box.height / 2) / picture.height,
          box.width / picture.width,
          box.height / picture.height,
        ],
        i * 4,
      );
      mask[i] = 1;
    }
    const outputs = await runFloats(this.#graph, {
      scene_tokens: { data: sceneTokens, dims: [1, sceneTokens.length / sceneWidth, sceneWidth] },
      face_tokens: { data: tokens, dims: [1, faceTokens, faceWidth] },
      face_boxes: { data: boxes, dims: [1, maxFaces, 4] },
      face_mask: { data: mask, dims: [1, maxFaces] },
    });
    return outputNamed(outputs, 'image_embeddings'); // [1, T_image, D_lm]
  }

  #width(input: string): number {
    const width = this.#graph.entry.inputs.find((port) => port.name === input)?.dims[2];
    if (typeof width !== 'number') throw new Error(`projection: the manifest gives ${input} no fixed width`);
    return width;
  }
}

/** Faces by area, largest first: the order in which prompts and projection count them. */
export function largestFirst<T extends { box: FaceBox }>(faces: readonly T[]): T[] {
  return faces.toSorted((a, b) => b.box.width * b.box.height - a.box.width * a.box.height);
}
