/**
 * BlazeFace: finds faces, their eyes and so their tilt.
 * Algorithm (anchors, box decoding, blending non-maximum suppression) as in MediaPipe's
 * `tensors_to_detections` and `non_max_suppression` calculators. Knows no frame before this one.
 */
import type { FaceBox } from '../shared/readings.ts';
import { letterbox, type Picture, type Rect, writePixelValues } from './image.ts';
import type { FaceDetectorEntry } from './manifest.ts';
import { inputName, outputOfLength, type Runner, runFloats } from './tensors.ts';

/** One found face, in px of the picture. */
export interface DetectedFace {
  box: FaceBox;
  /** The detector's confidence, [0, 1]. */
  score: number;
  /** Tilt of the eye line in radians, clockwise positive. */
  roll: number;
  /** x, y of right eye (left in the picture), left eye, nose tip, mouth, right and left ear. // [12] */
  keypoints: Float32Array;
}

/** Numbers a face in the regressor's output: box, then six keypoints. */
const VALUES = 16;
const KEYPOINTS = 6;
/** Scores are clamped to this before the logistic function, as MediaPipe does. */
const LOGIT_LIMIT = 100;

/** Centres of a detector's anchors over the input's side, x and y in turn. // [A · 2] */
export function anchorCentres(entry: Pick<FaceDetectorEntry, 'size' | 'layers'>): Float32Array {
  const centres: number[] = [];
  for (const { stride, anchors } of entry.layers) {
    const cells = Math.ceil(entry.size / stride);
    for (let y = 0; y < cells; y++) {
      for (let x = 0; x < cells; x++) {
        for (let i = 0; i < anchors; i++) centres.push((x + 0.5) / cells, (y + 0.5) / cells);
      }
    }
  }
  return Float32Array.from(centres);
}

/** One of the two detectors. Keeps its input buffers: one detect call at a time. */
export class FaceDetector {
  readonly entry: FaceDetectorEntry;
  readonly #graph: Runner;
  readonly #anchors: Float32Array;
  readonly #input: string;
  readonly #layout: 'nchw' | 'nhwc';
  readonly #pixelValues: Float32Array;
  #square: Picture | null = null;

  constructor(graph: Runner, entry: FaceDetectorEntry) {
    this.entry = entry;
    this.#graph = graph;
    this.#anchors = anchorCentres(entry);
    this.#input = inputName(graph);
    this.#layout = graph.entry.inputs[0]?.dims[3] === 3 ? 'nhwc' : 'nchw';
    this.#pixelValues = new Float32Array(3 * entry.size * entry.size);
  }

  /** Faces in `rect` of the picture (default: all of it), likeliest first. */
  async detect(picture: Picture, rect?: Rect): Promise<DetectedFace[]> {
    const { size, mean, std } = this.entry;
    const box = letterbox(picture, size, rect, this.#square);
    this.#square = box.picture;
    const format = { layout: this.#layout, order: 'rgb', mean: [mean, mean, mean], std: [std, std, std] } as const;
    writePixelValues(box.picture, format, this.#pixelValues);
    const dims = this.#layout === 'nhwc' ? [1, size, size, 3] : [1, 3, size, size];
    const outputs = await runFloats(this.#graph, { [this.#input]: { data: this.#pixelValues, dims } });
    const anchors = this.#anchors.length / 2;
    const raw = decodeFaces(
      outputOfLength(outputs, anchors * VALUES), // [1, A, 16]
      outputOfLength(outputs, anchors), // [1, A, 1]
      this.#anchors,
      this.entry,
    );
    return blendOverlapping(raw, this.entry.iouThreshold).map((face) => {
      const x = (value: number) => (value - box.offsetX) / box.scaleX + box.originX;
      const y = (value: number) => (value - box.offsetY) / box.scaleY + box.originY;
      const keypoints = face.keypoints.map((value, index) => (index % 2 === 0 ? x(value) : y(value)));
      const { box: inSquare } = face;
      return {
        box: { x: x(inSquare.x), y: y(inSquare.y), width: inSquare.width / box.scaleX, height: inSquare.height / box.scaleY },
        score: face.score,
        roll: eyeRoll(keypoints),
        keypoints,
      };
    });
  }
}

/** All anchors above the score threshold as faces in px of the detector's square, in any order. */
export function decodeFaces(
  regressors: Float32Array,
  classificators: Float32Array,
  anchors: Float32Array,
  entry: Pick<FaceDetectorEntry, 'size' | 'scoreThreshold'>,
): DetectedFace[] {
  const { size, scoreThreshold } = entry;
  const faces: DetectedFace[] = [];
  for (let i = 0; i < classificators.length; i++) {
    const logit = Math.max(-LOGIT_LIMIT, Math.min(classificators[i] as number, LOGIT_LIMIT));
    const score = 1 / (1 + Math.exp(-logit));
    if (score < scoreThreshold) continue;
    const at = i * VALUES;
    const anchorX = (anchors[i * 2] as number) * size;
    const anchorY = (anchors[i * 2 + 1] as number) * size;
    const width = regressors[at + 2] as number;
    const height = regressors[at + 3] as number;
    if (!(width > 0 && height > 0)) continue;
    const keypoints = new Float32Array(KEYPOINTS * 2);
    for (let k = 0; k < KEYPOINTS * 2; k += 2) {
      keypoints[k] = (regressors[at + 4 + k] as number) + anchorX;
      keypoints[k + 1] = (regressors[at + 5 + k] as number) + anchorY;
    }
    const x = (regressors[at] as number) + anchorX - width / 2;
    const y = (regressors[at + 1] as number) + anchorY - height / 2;
    faces.push({ box: { x, y, width, height }, score, roll: eyeRoll(keypoints), keypoints });
  }
  return faces;
}

/**
 * Non-maximum suppression that averages what it suppresses, weighted by score: BlazeFace paper,
 * section 4.3 (arXiv 1907.05047), as in MediaPipe's WEIGHTED mode. Likeliest first.
 */
export function blendOverlapping(faces: readonly DetectedFace[], iouThreshold: number): DetectedFace[] {
  let rest = faces.toSorted((a, b) => b.score - a.score);
  const kept: DetectedFace[] = [];
  for (let best = rest[0]; best; best = rest[0]) {
    const { box } = best;
    const group = rest.filter((face) => face === best || overlap(face.box, box) > iouThreshold);
    rest = rest.filter((face) => !group.includes(face));
    kept.push(group.length === 1 ? best : { ...average(group), score: best.score });
  }
  return kept;
}

function average(group: readonly DetectedFace[]): DetectedFace {
  const total = group.reduce((sum, face) => sum + face.score, 0);
  const mean = (value: (face: DetectedFace) => number) => group.reduce((sum, face) => sum + value(face) * face.score, 0) / total;
  const box = {
    x: mean((face) => face.box.x),
    y: mean((face) => face.box.y),
    width: mean((face) => face.box.width),
    height: mean((face) => face.box.height),
  };
  const keypoints = Float32Array.from({ length: KEYPOINTS * 2 }, (_, k) => mean((face) => face.keypoints[k] ?? 0));
  return { box, score: total / group.length, roll: eyeRoll(keypoints), keypoints };
}

function eyeRoll(keypoints: Float32Array): number {
  const [rightX = 0, rightY = 0, leftX = 0, leftY = 0] = keypoints;
  return Math.atan2(leftY - rightY, leftX - rightX);
}

function sharedArea(a: Rect, b: Rect): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Intersection over union of two boxes, [0, 1]. */
export function overlap(a: Rect, b: Rect): number {
  const shared = sharedArea(a, b);
  return shared === 0 ? 0 : shared / (a.width * a.height + b.width * b.height - shared);
}

/** A live frame with a longer side above this gets the full-range detector too: at short range its faces would be specks. */
const LARGE_LIVE_SIDE = 1280;
/** Where a face is smaller than this share of the longer side, the short-range detector may have missed others like it. */
const SMALL_FACE = 0.2;
/** A moving picture with a longer side above this may hold faces that no detector sees on the whole of it: 70 px are 10 px of its input. */
export const TILED_SIDE = 960;
/** Levels of tiles: how many fit side by side into the picture's shorter side. */
const TILES_ACROSS = [1.5, 3, 6];
/** Neighbouring tiles share this much, so a face up to this size is whole in one of them. */
const TILE_OVERLAP = 1 / 3;
/** More tiles than this cost seconds and find faces that are too small to read. */
const MAX_TILES_A_LEVEL = 64;
/** A level is worth its time while the smallest face found so far is below this share of a tile. */
const FACE_PER_TILE = 0.5;
/** A moving picture of so many people is a group: where one of them is small, there are others like it. */
const GROUP = 4;
/** Below this share of a tile (15 px of the detector's input) the detector misses more faces than it finds. */
const SPECK = 0.08;
/** A box of one scale that lies by this much in a box of another is the same face. */
const SAME_FACE = 0.6;

/** Of `search`. */
interface SearchOptions {
  /** Share of the longer side; default 0. */
  smallBelow?: number;
  /** So many faces were found on the picture before: of a group's smallest, now these are seen and now those. Default 0. */
  lately?: number;
}

/**
 * Finds the faces of a picture, likeliest first.
 *
 * `live`: the short-range detector; the full-range one too where that finds nothing or a small face
 * (below a fifth of the picture's longer side), or where the longer side is above 1280 px.
 * `search`: as live, and of a picture above 960 px the coarsest tiles, too, where that finds nobody or a face below `smallBelow` of the
 * longer side: others may be smaller still. Of a group, where the coarsest tiles show specks, the next ones besides: four times as many.
 * `still`: both on the whole picture, then the full-range one on overlapping tiles, level by level, so
 * that small faces in group photos are found. It stops where a tile has no more pixels than the
 * detector takes, or where all faces so far are too large to have companions that only smaller tiles
 * would show. Faces cut by a tile's edge are left to the neighbouring tile; what several scales found
 * is merged.
 */
export async function detectFaces(
  short: FaceDetector,
  full: FaceDetector,
  picture: Picture,
  mode: 'live' | 'search' | 'still',
  { smallBelow = 0, lately = 0 }: SearchOptions = {},
): Promise<DetectedFace[]> {
  const longer = Math.max(picture.width, picture.height);
  const near = await short.detect(picture);
  const enough = near.length > 0 && near.every(({ box }) => Math.max(box.width, box.height) >= SMALL_FACE * longer);
  if (mode !== 'still' && enough && longer <= LARGE_LIVE_SIDE) return near;
  let found = mergeScales([...near, ...(await full.detect(picture))]);
  const smallest = () => Math.min(...found.map(({ box }) => Math.max(box.width, box.height)));
  const isSearched = mode === 'search' && longer > TILED_SIDE && (found.length === 0 || smallest() < smallBelow * longer);
  if (mode !== 'still' && !isSearched) return found;
  const levels = tileLevels(picture, full.entry.size);
  const side = (tiles: readonly Rect[] | undefined): number => tiles?.[0]?.width ?? 0;
  const showsSpecks = () => Math.max(found.length, lately) >= GROUP && smallest() < SPECK * side(levels[0]);
  for (const [level, tiles] of (mode === 'still' ? levels : levels.slice(0, 2)).entries()) {
    if (mode === 'still' && found.length > 0 && smallest() > FACE_PER_TILE * side(tiles)) break;
    if (mode !== 'still' && level > 0 && !showsSpecks()) break;
    const more: DetectedFace[] = [];
    for (const tile of tiles) {
      const faces = await full.detect(picture, tile);
      more.push(...faces.filter((face) => liesInside(face.box, tile, picture)));
    }
    found = mergeScales([...found, ...more]);
  }
  return found;
}

/** The squares that a still picture is looked at in besides as a whole, coarse level first; none where a detector sees all its pixels at once. */
export function tileLevels(picture: Pick<Picture, 'width' | 'height'>, detectorSize: number): Rect[][] {
  const levels: Rect[][] = [];
  for (const across of TILES_ACROSS) {
    const side = Math.round(Math.min(picture.width, picture.height) / across);
    const columns = starts(picture.width, side);
    const rows = starts(picture.height, side);
    if (side < detectorSize || columns.length * rows.length > MAX_TILES_A_LEVEL) break;
    levels.push(rows.flatMap((y) => columns.map((x) => ({ x, y, width: side, height: side }))));
  }
  return levels;
}

/** Evenly spread starts of tiles of `side` along `length`, neighbours sharing at least a third. */
function starts(length: number, side: number): number[] {
  const steps = Math.max(0, Math.ceil((length - side) / (side * (1 - TILE_OVERLAP))));
  return Array.from({ length: steps + 1 }, (_, i) => (steps === 0 ? 0 : Math.round((i * (length - side)) / steps)));
}

/** Whether a tile shows all of a face: its box keeps off those edges of the tile that are not the picture's. */
function liesInside(box: FaceBox, tile: Rect, picture: Picture): boolean {
  const margin = 0.02 * tile.width;
  return (
    (tile.x === 0 || box.x > tile.x + margin) &&
    (tile.y === 0 || box.y > tile.y + margin) &&
    (tile.x + tile.width >= picture.width || box.x + box.width < tile.x + tile.width - margin) &&
    (tile.y + tile.height >= picture.height || box.y + box.height < tile.y + tile.height - margin)
  );
}

/** One face each of what several scales found: the likeliest box stays, those that lie mostly in it or around it go. */
export function mergeScales(faces: readonly DetectedFace[]): DetectedFace[] {
  const kept: DetectedFace[] = [];
  for (const face of faces.toSorted((a, b) => b.score - a.score)) {
    const area = face.box.width * face.box.height;
    const same = kept.some(({ box }) => {
      const shared = sharedArea(box, face.box);
      return overlap(box, face.box) > 0.3 || shared / Math.min(area, box.width * box.height) > SAME_FACE;
    });
    if (!same) kept.push(face);
  }
  return kept;
}
