/**
 * What a person looks like from afar: the colours of hair, face and clothes. Tells people of one scene apart for as long as the light
 * and what they wear stay as they are; it is not a face's identity, and nothing of it leaves the tracker.
 *
 * Why colours, and not the face encoder's tokens: those were trained to say which expression, and that is what they say. Tokens of one
 * person in two expressions lie farther apart than those of two people in the same one. Nor are colours sure: people in like clothes
 * and in grey pictures look alike to them, so that who fits best must also fit clearly better than the next (tracker.ts).
 */
import type { Picture } from '../model/image.ts';
import type { FaceBox } from '../shared/readings.ts';

/** Where the colours are taken: left, right, top, bottom in sides of the box, from its centre. */
const ZONES = [
  [-0.35, 0.35, -0.95, -0.6], // hair
  [-0.35, 0.35, -0.3, 0.4], // face
  [-0.7, 0.7, 0.9, 1.6], // clothes
] as const;
/** Points along each side of a zone. */
const POINTS = 9;
/** Levels of red, green and blue; a colour counts for the eight nearest, by its distance. */
const LEVELS = 5;
const BINS = LEVELS ** 3;
/** Of a zone that is not in the picture by at least this share, nothing is said. */
const MIN_SEEN = 0.4;
/** Fewer zones than this in common say nothing. */
const MIN_ZONES = 2;

/** Roots of the shares of each colour, zone by zone, each of length 1; all 0 where a zone is not in the picture. // [zones · bins] */
export type Appearance = Float32Array;

export function appearanceOf(picture: Picture, box: FaceBox): Appearance {
  const appearance = new Float32Array(ZONES.length * BINS);
  const side = (box.width + box.height) / 2;
  const centreX = box.x + box.width / 2;
  const centreY = box.y + box.height / 2;
  for (const [zone, [left, right, top, bottom]] of ZONES.entries()) {
    const shares = appearance.subarray(zone * BINS, (zone + 1) * BINS);
    let seen = 0;
    for (let row = 0; row < POINTS; row++) {
      const y = Math.floor(centreY + side * (top + ((row + 0.5) / POINTS) * (bottom - top)));
      if (y < 0 || y >= picture.height) continue;
      for (let column = 0; column < POINTS; column++) {
        const x = Math.floor(centreX + side * (left + ((column + 0.5) / POINTS) * (right - left)));
        if (x < 0 || x >= picture.width) continue;
        addColour(shares, picture.data, (y * picture.width + x) * 4);
        seen += 1;
      }
    }
    if (seen < MIN_SEEN * POINTS * POINTS) shares.fill(0);
    else for (let bin = 0; bin < BINS; bin++) shares[bin] = Math.sqrt((shares[bin] as number) / seen);
  }
  return appearance;
}

/** 0 for the same colours, 1 for none in common (1 − Bhattacharyya's coefficient, mean of the zones); null where too little is in both. */
export function difference(a: Appearance, b: Appearance): number | null {
  let common = 0;
  let zones = 0;
  for (let start = 0; start < a.length; start += BINS) {
    let product = 0;
    let lengthA = 0;
    let lengthB = 0;
    for (let bin = start; bin < start + BINS; bin++) {
      const x = a[bin] as number;
      const y = b[bin] as number;
      product += x * y;
      lengthA += x * x;
      lengthB += y * y;
    }
    if (lengthA === 0 || lengthB === 0) continue;
    common += product / Math.sqrt(lengthA * lengthB);
    zones += 1;
  }
  return zones < MIN_ZONES ? null : Math.max(0, 1 - common / zones);
}

/** `a` with a share of `b`; a zone that only one of them has is that one's. */
export function blended(a: Appearance, b: Appearance, share: number): Appearance {
  const out = new Float32Array(a.length);
  for (let start = 0; start < a.length; start += BINS) {
    const end = start + BINS;
    const weight = isEmpty(a, start, end) ? 1 : isEmpty(b, start, end) ? 0 : share;
    for (let bin = start; bin < end; bin++) out[bin] = (1 - weight) * (a[bin] as number) + weight * (b[bin] as number);
  }
  return out;
}

function isEmpty(appearance: Appearance, start: number, end: number): boolean {
  for (let bin = start; bin < end; bin++) if (appearance[bin] !== 0) return false;
  return true;
}

function addColour(shares: Float32Array, data: Uint8ClampedArray, at: number): void {
  const scale = (LEVELS - 1) / 255;
  const red = (data[at] as number) * scale;
  const green = (data[at + 1] as number) * scale;
  const blue = (data[at + 2] as number) * scale;
  const r = Math.min(red | 0, LEVELS - 2);
  const g = Math.min(green | 0, LEVELS - 2);
  const b = Math.min(blue | 0, LEVELS - 2);
  for (let corner = 0; corner < 8; corner++) {
    const i = corner & 1;
    const j = (corner >> 1) & 1;
    const k = corner >> 2;
    const weight = (i ? red - r : 1 - red + r) * (j ? green - g : 1 - green + g) * (k ? blue - b : 1 - blue + b);
    const bin = ((r + i) * LEVELS + g + j) * LEVELS + b + k;
    shares[bin] = (shares[bin] as number) + weight;
  }
}
