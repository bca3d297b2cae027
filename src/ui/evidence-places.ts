import type { Evidence, FaceBox, Reading } from '../shared/readings.ts';
import type { Explanation } from './analysis-state.ts';

interface Region {
  /** Landmarks that bound it. */
  points: readonly number[];
  /** Left, top, right, bottom over the face box, for faces without landmarks. */
  share: readonly [number, number, number, number];
}

const BROWS: Region = { points: [70, 63, 105, 66, 107, 46, 336, 296, 334, 293, 300, 276], share: [0.12, 0.16, 0.88, 0.36] };
const EYES: Region = { points: [33, 133, 159, 145, 263, 362, 386, 374], share: [0.14, 0.28, 0.86, 0.46] };
const CHEEKS: Region = { points: [33, 263, 50, 280, 145, 374, 205, 425], share: [0.12, 0.34, 0.88, 0.64] };
const NOSE: Region = { points: [6, 129, 358, 2, 48, 278], share: [0.32, 0.36, 0.68, 0.66] };
const MOUTH: Region = { points: [61, 291, 0, 17, 40, 270, 91, 321], share: [0.25, 0.64, 0.75, 0.86] };
const JAW: Region = { points: [61, 291, 0, 17, 152, 176, 400], share: [0.22, 0.64, 0.78, 1] };

/** Where on a face FACS looks for each action unit; any other is the whole face. */
const REGIONS: Record<string, Region> = {
  AU01: BROWS,
  AU02: BROWS,
  AU04: BROWS,
  AU05: EYES,
  AU06: CHEEKS,
  AU07: EYES,
  AU09: NOSE,
  AU10: MOUTH,
  AU11: NOSE,
  AU12: MOUTH,
  AU14: MOUTH,
  AU15: MOUTH,
  AU17: JAW,
  AU18: MOUTH,
  AU20: MOUTH,
  AU23: MOUTH,
  AU24: MOUTH,
  AU25: MOUTH,
  AU26: JAW,
  AU27: JAW,
  AU28: MOUTH,
  AU43: EYES,
  AU45: EYES,
};

/** Around the points, so that the outline does not cut through what it shows. */
const MARGIN = 0.05;

/** Boxes in px of the explained frame that a chip points at; empty where there is nothing to point at. */
export function evidencePlaces(run: Pick<Explanation, 'snapshot' | 'words'>, evidence: Evidence): FaceBox[] {
  const readings = run.snapshot?.readings ?? [];
  switch (evidence.kind) {
    case 'scene':
      return run.snapshot ? [{ x: 0, y: 0, width: run.snapshot.width, height: run.snapshot.height }] : [];
    case 'words':
    case 'claim':
      return evidence.lines.flatMap((index) => run.words?.[index]?.box ?? []);
    case 'face':
      return readings.filter((reading) => reading.faceId === evidence.faceId).map((reading) => reading.box);
    case 'shown':
      return readings.filter((reading) => evidence.faceIds.includes(reading.faceId)).map((reading) => reading.box);
    case 'action-unit':
      return readings.filter((reading) => evidence.faceIds.includes(reading.faceId)).map((reading) => unitPlace(reading, evidence.code));
  }
}

/** Tells places apart. */
export const placeKey = ({ x, y, width, height }: FaceBox): string => `${x},${y},${width},${height}`;

/** Places of several, each once; the whole scene only where there is nothing nearer to point at. */
export function placesOf(run: Pick<Explanation, 'snapshot' | 'words'>, evidence: readonly Evidence[]): FaceBox[] {
  const near = evidence.filter(({ kind }) => kind !== 'scene').flatMap((each) => evidencePlaces(run, each));
  const places = near.length > 0 ? near : evidence.flatMap((each) => evidencePlaces(run, each));
  return [...new Map(places.map((place) => [placeKey(place), place])).values()];
}

function unitPlace(reading: Reading, code: string): FaceBox {
  const region = REGIONS[code];
  const { box, landmarks } = reading;
  if (!region) return box;
  if (landmarks.length === 0) {
    const [left, top, right, bottom] = region.share;
    return {
      x: box.x + left * box.width,
      y: box.y + top * box.height,
      width: (right - left) * box.width,
      height: (bottom - top) * box.height,
    };
  }
  const xs = region.points.map((point) => landmarks[point * 2] ?? 0);
  const ys = region.points.map((point) => landmarks[point * 2 + 1] ?? 0);
  const margin = MARGIN * box.width;
  const x = Math.min(...xs) - margin;
  const y = Math.min(...ys) - margin;
  return { x, y, width: Math.max(...xs) + margin - x, height: Math.max(...ys) + margin - y };
}
