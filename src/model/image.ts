/**
 * Pictures as bytes and how they are sampled: resizing, letterboxing, turned crops, pixel values.
 * Knows nothing about files, decoding, canvases or what is on a picture.
 */

/** Decoded pixels: RGBA bytes, row by row, origin top left. Alpha is ignored. */
export interface Picture {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

/** A picture with its media time in seconds. */
export interface Frame extends Picture {
  time: number;
}

/** An upright rectangle in px of a picture. */
export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A rectangle in px of a picture, turned about its centre by `roll` radians, clockwise as seen. */
export interface Region {
  centreX: number;
  centreY: number;
  width: number;
  height: number;
  roll: number;
}

/** How a letterboxed picture lies in its square: square px = (picture px − origin) · scale + offset. */
export interface Letterbox {
  picture: Picture;
  originX: number;
  originY: number;
  scaleX: number;
  scaleY: number;
  offsetX: number;
  offsetY: number;
}

/** How bytes become pixel values: (byte / 255 − mean) / std a channel, in the model's layout and channel order. */
export interface PixelFormat {
  layout: 'nchw' | 'nhwc';
  order: 'rgb' | 'bgr';
  mean: readonly number[];
  std: readonly number[];
}

/** Above this many samples a side a crop's pixel is as good as averaged. */
const MAX_SAMPLES = 16;

/** A black, see-through picture, or `into` if it has that size: callers that run a frame after another keep theirs. */
export function blankPicture(width: number, height: number, into?: Picture | null): Picture {
  if (into && into.width === width && into.height === height) return into;
  return { width, height, data: new Uint8ClampedArray(width * height * 4) };
}

/** Source pixels of each target pixel along one axis: `weights[i · taps + k]` belongs to source `starts[i] + k`. */
interface AxisWeights {
  starts: Int32Array;
  taps: number;
  weights: Float32Array;
}

/**
 * `area` averages exactly what a target pixel covers (OpenCV's INTER_AREA), `triangle` is the
 * antialiased bilinear filter of Pillow and torchvision. Both are plain bilinear when growing.
 */
export type Filter = 'area' | 'triangle';

function axisWeights(from: number, to: number, filter: Filter): AxisWeights {
  const scale = from / to;
  const area = filter === 'area' && scale > 1;
  const reach = Math.max(1, scale);
  const taps = area ? Math.ceil(scale) + 1 : 2 * Math.ceil(reach) + 1;
  const starts = new Int32Array(to);
  const weights = new Float32Array(to * taps);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const low = area ? i * scale : centre - reach;
    const high = area ? low + scale : centre + reach;
    const start = Math.max(0, Math.min(Math.floor(low), from - 1));
    let sum = 0;
    for (let k = 0; k < taps && start + k < from; k++) {
      const pixel = start + k;
      const weight = area ? Math.min(high, pixel + 1) - Math.max(low, pixel) : 1 - Math.abs(pixel + 0.5 - centre) / reach;
      if (weight <= 0) continue;
      weights[i * taps + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < taps; k++) weights[i * taps + k] = (weights[i * taps + k] ?? 0) / sum;
    starts[i] = start;
  }
  return { starts, taps, weights };
}

/**
 * Resizes `rect` of a picture (default: all of it; whole px, inside the picture) to `width` × `height`,
 * antialiased. Writes to `into` at `left`, `top` if given, which must have room.
 */
export function resize(
  picture: Picture,
  width: number,
  height: number,
  options: { rect?: Rect; filter?: Filter; into?: Picture; left?: number; top?: number } = {},
): Picture {
  const { rect = { x: 0, y: 0, width: picture.width, height: picture.height }, filter = 'area', left = 0, top = 0 } = options;
  const target = options.into ?? blankPicture(width, height);
  if (target.width < left + width || target.height < top + height) {
    throw new RangeError(`resize: ${width}×${height} at ${left},${top} does not fit into ${target.width}×${target.height}`);
  }
  const source = picture.data;
  const out = target.data;
  const across = axisWeights(rect.width, width, filter);
  const down = axisWeights(rect.height, height, filter);
  const stride = picture.width * 4;
  const length = width * 3;
  // Each row of the source is brought to the target's width once; as many are kept as a row of the target takes.
  const rows = new Float32Array(down.taps * length);
  const held = new Int32Array(down.taps).fill(-1);
  const sums = new Float32Array(length);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    const startY = down.starts[y] as number;
    for (let k = 0; k < down.taps; k++) {
      const weight = down.weights[y * down.taps + k] as number;
      if (weight === 0) continue;
      const sourceY = startY + k;
      const slot = sourceY % down.taps;
      const kept = slot * length;
      if (held[slot] !== sourceY) {
        squeezeRow(source, (rect.y + sourceY) * stride + rect.x * 4, across, rows.subarray(kept, kept + length));
        held[slot] = sourceY;
      }
      for (let i = 0; i < length; i++) sums[i] = (sums[i] as number) + weight * (rows[kept + i] as number);
    }
    let at = ((top + y) * target.width + left) * 4;
    for (let i = 0; i < length; i += 3, at += 4) {
      out[at] = sums[i] as number;
      out[at + 1] = sums[i + 1] as number;
      out[at + 2] = sums[i + 2] as number;
      out[at + 3] = 255;
    }
  }
  return target;
}

/** One row of RGBA bytes from `begin` on at the target's width, red, green and blue in turn. */
function squeezeRow(source: Uint8ClampedArray, begin: number, { starts, taps, weights }: AxisWeights, into: Float32Array): void {
  let k = 0;
  for (let x = 0, at = 0; at < into.length; x++, at += 3) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let from = begin + (starts[x] as number) * 4;
    for (const end = k + taps; k < end; k++, from += 4) {
      const weight = weights[k] as number;
      if (weight === 0) continue;
      red += weight * (source[from] as number);
      green += weight * (source[from + 1] as number);
      blue += weight * (source[from + 2] as number);
    }
    into[at] = red;
    into[at + 1] = green;
    into[at + 2] = blue;
  }
}

/** Fits `rect` of a picture (default: all of it) into the middle of a black square, keeping its shape. */
export function letterbox(picture: Picture, size: number, rect?: Rect, into?: Picture | null): Letterbox {
  const part = rect ?? { x: 0, y: 0, width: picture.width, height: picture.height };
  const scale = size / Math.max(part.width, part.height);
  const width = Math.max(1, Math.round(part.width * scale));
  const height = Math.max(1, Math.round(part.height * scale));
  const left = (size - width) >> 1;
  const top = (size - height) >> 1;
  const target = blankPicture(size, size, into);
  if (width < size || height < size) target.data.fill(0);
  resize(picture, width, height, { rect: part, into: target, left, top });
  return {
    picture: target,
    originX: part.x,
    originY: part.y,
    scaleX: width / part.width,
    scaleY: height / part.height,
    offsetX: left,
    offsetY: top,
  };
}

/**
 * Samples a turned region to `width` × `height`. Shrinking averages a grid of samples for each target pixel,
 * as many as there are source pixels under it; growing is bilinear. Beyond the picture its edge is continued.
 */
export function sampleRegion(picture: Picture, region: Region, width: number, height: number, into?: Picture | null): Picture {
  const target = blankPicture(width, height, into);
  const source = picture.data;
  const out = target.data;
  const maxX = picture.width - 1;
  const maxY = picture.height - 1;
  const scaleX = region.width / width;
  const scaleY = region.height / height;
  // A whole number of pixels comes out of divisions a hair above it: one sample more would blur.
  const samplesX = Math.min(MAX_SAMPLES, Math.max(1, Math.ceil(scaleX - 1e-6)));
  const samplesY = Math.min(MAX_SAMPLES, Math.max(1, Math.ceil(scaleY - 1e-6)));
  // A grid as fine as the pixels averages as well without interpolating between them.
  const nearest = samplesX * samplesY > 4;
  const cos = Math.cos(region.roll);
  const sin = Math.sin(region.roll);
  // Steps in the picture from one sample to the next, along the region's own x and y.
  const stepXX = (cos * scaleX) / samplesX;
  const stepXY = (sin * scaleX) / samplesX;
  const stepYX = (-sin * scaleY) / samplesY;
  const stepYY = (cos * scaleY) / samplesY;
  const rows = height * samplesY;
  const columns = width * samplesX;
  // Centre of the first sample; −0.5 turns a position into the index of the pixel whose centre is there.
  const startX = region.centreX - 0.5 - (stepXX * (columns - 1) + stepYX * (rows - 1)) / 2;
  const startY = region.centreY - 0.5 - (stepXY * (columns - 1) + stepYY * (rows - 1)) / 2;
  const share = 1 / (samplesX * samplesY);
  // Most regions lie inside the picture: then no sample needs to be held back at its edge.
  const reachX = (Math.abs(stepXX) * (columns - 1) + Math.abs(stepYX) * (rows - 1)) / 2;
  const reachY = (Math.abs(stepXY) * (columns - 1) + Math.abs(stepYY) * (rows - 1)) / 2;
  const isInside =
    region.centreX - 0.5 >= reachX &&
    region.centreX - 0.5 + reachX <= maxX &&
    region.centreY - 0.5 >= reachY &&
    region.centreY - 0.5 + reachY <= maxY;
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let j = 0; j < samplesY; j++) {
        const row = y * samplesY + j;
        const column = x * samplesX;
        let px = startX + stepXX * column + stepYX * row;
        let py = startY + stepXY * column + stepYY * row;
        for (let i = 0; i < samplesX; i++, px += stepXX, py += stepXY) {
          const cx = isInside ? px : Math.max(0, Math.min(px, maxX));
          const cy = isInside ? py : Math.max(0, Math.min(py, maxY));
          if (nearest) {
            const p = (((cy + 0.5) | 0) * picture.width + ((cx + 0.5) | 0)) * 4;
            red += source[p] as number;
            green += source[p + 1] as number;
            blue += source[p + 2] as number;
            continue;
          }
          const x0 = cx | 0;
          const y0 = cy | 0;
          const fx = cx - x0;
          const fy = cy - y0;
          const p = (y0 * picture.width + x0) * 4;
          const right = x0 < maxX ? 4 : 0;
          const below = y0 < maxY ? picture.width * 4 : 0;
          const a = (1 - fx) * (1 - fy);
          const b = fx * (1 - fy);
          const c = (1 - fx) * fy;
          const d = fx * fy;
          const q = p + below;
          red +=
            a * (source[p] as number) + b * (source[p + right] as number) + c * (source[q] as number) + d * (source[q + right] as number);
          green +=
            a * (source[p + 1] as number) +
            b * (source[p + right + 1] as number) +
            c * (source[q + 1] as number) +
            d * (source[q + right + 1] as number);
          blue +=
            a * (source[p + 2] as number) +
            b * (source[p + right + 2] as number) +
            c * (source[q + 2] as number) +
            d * (source[q + right + 2] as number);
        }
      }
      out[at] = red * share;
      out[at + 1] = green * share;
      out[at + 2] = blue * share;
      out[at + 3] = 255;
    }
  }
  return target;
}

/** A region's point, given in units of its width and height from its top left corner, in px of the picture. */
export function regionPoint(region: Region, u: number, v: number): { x: number; y: number } {
  const dx = (u - 0.5) * region.width;
  const dy = (v - 0.5) * region.height;
  const cos = Math.cos(region.roll);
  const sin = Math.sin(region.roll);
  return { x: region.centreX + cos * dx - sin * dy, y: region.centreY + sin * dx + cos * dy };
}

/**
 * The square around a face: `scale` times the longer side of its box, moved by `shift` (in units of the
 * square's side, along the face's own axes), turned with the face.
 */
export function faceRegion(box: Rect, roll: number, scale: number, shift: readonly number[] = [0, 0]): Region {
  const side = Math.max(box.width, box.height) * scale;
  const square = { centreX: box.x + box.width / 2, centreY: box.y + box.height / 2, width: side, height: side, roll };
  const centre = regionPoint(square, 0.5 + (shift[0] ?? 0), 0.5 + (shift[1] ?? 0));
  return { ...square, centreX: centre.x, centreY: centre.y };
}

/** The square about a picture that is a face crop already. */
export function wholeRegion(picture: Pick<Picture, 'width' | 'height'>): Region {
  const side = Math.max(picture.width, picture.height);
  return { centreX: picture.width / 2, centreY: picture.height / 2, width: side, height: side, roll: 0 };
}

/** Pixel values of a picture, three channels, written to `out` from `offset`. // [3, H, W] or [H, W, 3] */
export function writePixelValues(picture: Picture, format: PixelFormat, out: Float32Array, offset = 0): void {
  const { data } = picture;
  const pixels = picture.width * picture.height;
  const planar = format.layout === 'nchw';
  for (let channel = 0; channel < 3; channel++) {
    const from = format.order === 'rgb' ? channel : 2 - channel;
    const std = format.std[channel] ?? 1;
    const gain = 1 / (255 * std);
    const bias = -(format.mean[channel] ?? 0) / std;
    const step = planar ? 1 : 3;
    let at = offset + (planar ? channel * pixels : channel);
    for (let i = from; i < pixels * 4; i += 4, at += step) out[at] = (data[i] as number) * gain + bias;
  }
}
