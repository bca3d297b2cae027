/**
 * Finds lines of words on a picture: PP-OCRv4's DB detector. Pre- and post-processing as in
 * PaddleOCR's `DBPostProcess` (Apache-2.0; paper: arXiv 1911.08947), without OpenCV.
 * Does not read them.
 */
import { type Picture, type Region, resize, writePixelValues } from './image.ts';
import type { PackManifest } from './manifest.ts';
import { inputName, type Runner, runFloats } from './tensors.ts';

type TextDetectorEntry = PackManifest['text']['detector'];

/** A line of words: its upright rectangle, turned, in px of the picture, and the detector's confidence, [0, 1]. */
export interface TextRegion extends Region {
  score: number;
}

/** The network halves five times. */
const MULTIPLE = 32;
/** Small pictures gain nothing from growing further. */
const MAX_GROWTH = 2;
/** Lines thinner than this, in px of the probability map, are specks. */
const MIN_SIDE = 3;
const MAX_LINES = 200;

export class TextDetector {
  readonly #graph: Runner;
  readonly #entry: TextDetectorEntry;

  constructor(graph: Runner, entry: TextDetectorEntry) {
    this.#graph = graph;
    this.#entry = entry;
  }

  /** The lines on a picture, in reading order. The picture is brought to `maxSide` for it, small ones to twice their size. */
  async detect(picture: Picture): Promise<TextRegion[]> {
    const { maxSide, mean, std } = this.#entry;
    const scale = Math.min(MAX_GROWTH, maxSide / Math.max(picture.width, picture.height));
    const width = roundTo(picture.width * scale);
    const height = roundTo(picture.height * scale);
    const pixelValues = new Float32Array(3 * width * height); // [1, 3, H, W]
    // PaddleOCR trains on what OpenCV reads: blue first.
    writePixelValues(resize(picture, width, height), { layout: 'nchw', order: 'bgr', mean, std }, pixelValues);
    const outputs = await runFloats(this.#graph, { [inputName(this.#graph)]: { data: pixelValues, dims: [1, 3, height, width] } });
    const map = Object.values(outputs)[0]; // [1, 1, H, W]
    if (map?.length !== width * height) throw new Error(`text-detector: expected a map of ${width}×${height}, got ${map?.length} numbers`);
    const regions = findTextRegions(map, width, height, this.#entry);
    return readingOrder(regions.map((region) => rescale(region, picture.width / width, picture.height / height)));
  }
}

const roundTo = (length: number): number => Math.max(MULTIPLE, Math.round(length / MULTIPLE) * MULTIPLE);

/** DB post-processing: threshold, connected parts, smallest turned rectangle, mean score, growth. In px of the map, in any order. */
export function findTextRegions(
  map: Float32Array,
  width: number,
  height: number,
  entry: Pick<TextDetectorEntry, 'pixelThreshold' | 'boxThreshold' | 'unclipRatio'>,
): TextRegion[] {
  const mask = dilate(map, width, height, entry.pixelThreshold);
  const regions: TextRegion[] = [];
  for (const outline of outlines(mask, width, height)) {
    const core = smallestRectangle(outline);
    if (Math.min(core.width, core.height) < MIN_SIDE) continue;
    const score = meanInside(map, width, height, core);
    if (score < entry.boxThreshold) continue;
    // The network marks a shrunken core; unclip grows it back on all sides.
    const grow = (core.width * core.height * entry.unclipRatio) / (2 * (core.width + core.height));
    regions.push({ ...core, width: core.width + 2 * grow, height: core.height + 2 * grow, score });
    if (regions.length === MAX_LINES) break;
  }
  return regions;
}

/** 1 where the map, or its neighbour to the left, above, or both, is over the threshold (a 2×2 dilation). */
function dilate(map: Float32Array, width: number, height: number, threshold: number): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((map[y * width + x] as number) <= threshold) continue;
      const right = x + 1 < width ? 1 : 0;
      const below = y + 1 < height ? width : 0;
      const at = y * width + x;
      mask[at] = mask[at + right] = mask[at + below] = mask[at + below + right] = 1;
    }
  }
  return mask;
}

/** The connected parts (by edge or corner) of a mask: of each, the leftmost and rightmost pixel of every row, as x, y in turn. Clears the mask. */
function outlines(mask: Uint8Array, width: number, height: number): number[][] {
  const parts: number[][] = [];
  const stack: number[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0) continue;
    const ends = new Map<number, { left: number; right: number }>();
    mask[start] = 0;
    stack.push(start);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % width;
      const y = (at - x) / width;
      const row = ends.get(y);
      if (!row) ends.set(y, { left: x, right: x });
      else {
        row.left = Math.min(row.left, x);
        row.right = Math.max(row.right, x);
      }
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (mask[next] === 0) continue;
          mask[next] = 0;
          stack.push(next);
        }
      }
    }
    parts.push([...ends].flatMap(([y, { left, right }]) => (left === right ? [left, y] : [left, y, right, y])));
  }
  return parts;
}

/** Convex hull of points (x, y in turn), counter-clockwise in a y-up world. Andrew's monotone chain. */
function convexHull(flat: readonly number[]): (readonly [number, number])[] {
  const points = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] as number, flat[2 * i + 1] as number] as const);
  points.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const chain = (sorted: typeof points) => {
    const hull: typeof points = [];
    for (const point of sorted) {
      for (let a = hull.at(-2), b = hull.at(-1); a && b; a = hull.at(-2), b = hull.at(-1)) {
        if ((b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]) > 0) break;
        hull.pop();
      }
      hull.push(point);
    }
    hull.pop();
    return hull;
  };
  return points.length < 3 ? points : [...chain(points), ...chain(points.toReversed())];
}

/**
 * The smallest turned rectangle about points (x, y in turn): one of its sides lies on a side of the hull.
 * Its width runs along the words: the longer way, unless that is upright by more than an eighth turn.
 */
export function smallestRectangle(points: readonly number[]): Region {
  const hull = convexHull(points);
  let best: Region | null = null;
  for (let i = 0; i < hull.length; i++) {
    const [ax, ay] = hull[i] as readonly [number, number];
    const [bx, by] = hull[(i + 1) % hull.length] as readonly [number, number];
    // A quarter turn more or less is the same rectangle: keep the roll within an eighth turn.
    const angle = Math.atan2(by - ay, bx - ax);
    const roll = angle - Math.round(angle / (Math.PI / 2)) * (Math.PI / 2);
    const cos = Math.cos(roll);
    const sin = Math.sin(roll);
    let minU = Number.POSITIVE_INFINITY;
    let maxU = Number.NEGATIVE_INFINITY;
    let minV = Number.POSITIVE_INFINITY;
    let maxV = Number.NEGATIVE_INFINITY;
    for (const [x, y] of hull) {
      const u = cos * x + sin * y;
      const v = cos * y - sin * x;
      minU = Math.min(minU, u);
      maxU = Math.max(maxU, u);
      minV = Math.min(minV, v);
      maxV = Math.max(maxV, v);
    }
    if (best && (maxU - minU) * (maxV - minV) >= best.width * best.height) continue;
    const u = (minU + maxU) / 2;
    const v = (minV + maxV) / 2;
    best = { centreX: cos * u - sin * v, centreY: sin * u + cos * v, width: maxU - minU, height: maxV - minV, roll };
  }
  return best ?? { centreX: points[0] ?? 0, centreY: points[1] ?? 0, width: 0, height: 0, roll: 0 };
}

/** Mean of the map's pixels whose centres lie in the rectangle. */
function meanInside(map: Float32Array, width: number, height: number, region: Region): number {
  const cos = Math.cos(region.roll);
  const sin = Math.sin(region.roll);
  const reachX = (Math.abs(cos) * region.width + Math.abs(sin) * region.height) / 2;
  const reachY = (Math.abs(sin) * region.width + Math.abs(cos) * region.height) / 2;
  let sum = 0;
  let count = 0;
  for (let y = Math.max(0, Math.floor(region.centreY - reachY)); y <= Math.min(height - 1, Math.ceil(region.centreY + reachY)); y++) {
    for (let x = Math.max(0, Math.floor(region.centreX - reachX)); x <= Math.min(width - 1, Math.ceil(region.centreX + reachX)); x++) {
      const dx = x - region.centreX;
      const dy = y - region.centreY;
      const u = cos * dx + sin * dy;
      const v = cos * dy - sin * dx;
      if (2 * Math.abs(u) > region.width + 0.001 || 2 * Math.abs(v) > region.height + 0.001) continue;
      sum += map[y * width + x] as number;
      count += 1;
    }
  }
  return count === 0 ? 0 : sum / count;
}

/** From px of the map to px of the picture; the two scales differ by a hair only, so the rectangle stays one. */
function rescale(region: TextRegion, scaleX: number, scaleY: number): TextRegion {
  const cos = Math.cos(region.roll);
  const sin = Math.sin(region.roll);
  return {
    // +0.5: the outline runs through pixel centres.
    centreX: (region.centreX + 0.5) * scaleX,
    centreY: (region.centreY + 0.5) * scaleY,
    width: region.width * Math.hypot(cos * scaleX, sin * scaleY),
    height: region.height * Math.hypot(sin * scaleX, cos * scaleY),
    roll: Math.atan2(sin * scaleY, cos * scaleX),
    score: region.score,
  };
}

/**
 * Blocks of lines that stand close together are read one after another, so that two columns or two
 * speech bubbles do not mix: blocks top to bottom, those side by side left to right; so are the lines in each.
 */
export function readingOrder<T extends Region>(regions: readonly T[]): T[] {
  const blocks = blocksOf(regions.map((region) => ({ region, ...extent(region) })));
  const ordered = inRows(
    blocks.map((lines) => ({
      lines,
      left: Math.min(...lines.map(({ left }) => left)),
      right: Math.max(...lines.map(({ right }) => right)),
      top: Math.min(...lines.map(({ top }) => top)),
      bottom: Math.max(...lines.map(({ bottom }) => bottom)),
    })),
  );
  return ordered.flatMap(({ lines }) => inRows(lines).map(({ region }) => region));
}

interface Extent {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function extent({ centreX, centreY, width, height, roll }: Region): Extent {
  const cos = Math.abs(Math.cos(roll));
  const sin = Math.abs(Math.sin(roll));
  const w = (cos * width + sin * height) / 2;
  const h = (sin * width + cos * height) / 2;
  return { left: centreX - w, right: centreX + w, top: centreY - h, bottom: centreY + h };
}

/** Lines joined to those near them: no further apart, across or down, than their own height, and of one size. */
function blocksOf<T extends Extent & { region: Region }>(lines: readonly T[]): T[][] {
  const blocks: T[][] = [];
  for (const line of lines) {
    const near = blocks.filter((block) => block.some((other) => areNear(line, other)));
    for (const block of near) blocks.splice(blocks.indexOf(block), 1);
    blocks.push([...near.flat(), line]);
  }
  return blocks;
}

function areNear(a: Extent & { region: Region }, b: Extent & { region: Region }): boolean {
  const heightA = Math.min(a.region.width, a.region.height);
  const heightB = Math.min(b.region.width, b.region.height);
  const reach = Math.min(heightA, heightB);
  const across = Math.max(a.left, b.left) - Math.min(a.right, b.right); // negative where they overlap
  const down = Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom);
  const beside = down < -reach / 2 && across < reach;
  const below = across < -reach / 2 && down < reach;
  return Math.max(heightA, heightB) < 2 * reach && (beside || below);
}

/** Top to bottom; what shares more than half of its height with the first of a row goes left to right in it. */
function inRows<T extends Extent>(items: readonly T[]): T[] {
  const rows: T[][] = [];
  for (const item of items.toSorted((a, b) => a.top + a.bottom - b.top - b.bottom)) {
    const row = rows.at(-1);
    const first = row?.[0];
    const shared = first ? Math.min(first.bottom, item.bottom) - Math.max(first.top, item.top) : 0;
    if (row && first && 2 * shared > Math.min(first.bottom - first.top, item.bottom - item.top)) row.push(item);
    else rows.push([item]);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.left - b.left));
}
