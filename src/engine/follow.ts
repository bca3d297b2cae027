/**
 * Where a face has gone since a detector found it, by its landmarks: the detector rests while they say. Knows points and boxes, no pictures.
 */
import type { FaceBox } from '../shared/readings.ts';

/** A face as it was found: what later frames are compared with, so that errors do not add up. */
export interface FoundFace {
  box: FaceBox;
  roll: number;
  score: number;
  /** x, y in px; empty where they were not asked for. */
  landmarks: Float32Array;
}

/** Beyond this factor of size, or this many sides away, it is looked for anew: the landmarks may have taken hold of something else. */
const MAX_GROWTH = 1.5;
const MAX_SHIFT = 1;

/**
 * The face of `origin` where `landmarks` are now: box and roll follow the similarity (shift, turn, size) that fits all points best.
 * Closed form of Umeyama, Least-squares estimation of transformation parameters between two point patterns (1991), in the plane.
 * @returns null where it is too far from what was found, or the points are no face.
 */
export function followed(origin: FoundFace, landmarks: Float32Array): FoundFace | null {
  const count = landmarks.length / 2;
  if (count === 0 || origin.landmarks.length !== landmarks.length) return null;
  const from = centre(origin.landmarks);
  const to = centre(landmarks);
  let along = 0;
  let across = 0;
  let spread = 0;
  for (let i = 0; i < landmarks.length; i += 2) {
    const x = (origin.landmarks[i] as number) - from.x;
    const y = (origin.landmarks[i + 1] as number) - from.y;
    const u = (landmarks[i] as number) - to.x;
    const v = (landmarks[i + 1] as number) - to.y;
    along += x * u + y * v;
    across += x * v - y * u;
    spread += x * x + y * y;
  }
  const cosine = along / spread; // times the growth
  const sine = across / spread;
  const growth = Math.hypot(cosine, sine);
  const side = Math.max(origin.box.width, origin.box.height);
  const shift = Math.hypot(to.x - from.x, to.y - from.y);
  if (!(growth <= MAX_GROWTH && growth >= 1 / MAX_GROWTH && shift <= MAX_SHIFT * side)) return null;
  const dx = origin.box.x + origin.box.width / 2 - from.x;
  const dy = origin.box.y + origin.box.height / 2 - from.y;
  const width = origin.box.width * growth;
  const height = origin.box.height * growth;
  const x = to.x + cosine * dx - sine * dy - width / 2;
  const y = to.y + sine * dx + cosine * dy - height / 2;
  return { box: { x, y, width, height }, roll: origin.roll + Math.atan2(sine, cosine), score: origin.score, landmarks };
}

/** Whether two faces have come so near that each one's landmarks may be the other's. */
export function crowded(faces: readonly Pick<FoundFace, 'box'>[]): boolean {
  return faces.some(({ box: a }, index) =>
    faces.slice(index + 1).some(({ box: b }) => {
      const distance = Math.hypot(a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2);
      return distance < (a.width + b.width) / 4;
    }),
  );
}

function centre(points: Float32Array): { x: number; y: number } {
  let x = 0;
  let y = 0;
  for (let i = 0; i < points.length; i += 2) {
    x += points[i] as number;
    y += points[i + 1] as number;
  }
  return { x: (2 * x) / points.length, y: (2 * y) / points.length };
}
