/** Which places of a frame hide its faces. Pure geometry and time; knows no pixels. */
import type { FaceBox, Reading } from '../shared/readings.ts';
import type { Size } from './surface.ts';

/** A face that is not found for a moment is still there: its last place stays covered for so many seconds. */
export const LINGER_SECONDS = 1;
/** Seconds: two words for the time of one frame differ by less. */
export const SAME_FRAME = 0.002;
/** The detector's box goes from the brows to the chin: so much of it more, on each side, is the head with its hair. */
const SIDES = 0.4;
const ABOVE = 0.55;

/** The whole head, from a face's box; may reach beyond the frame. */
export function headOf({ x, y, width, height }: FaceBox): FaceBox {
  return {
    x: x - SIDES * width,
    y: y - ABOVE * height,
    width: (1 + 2 * SIDES) * width,
    height: (1 + ABOVE + SIDES) * height,
  };
}

/** The smallest box around both. */
export function unionOf(a: FaceBox, b: FaceBox): FaceBox {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

/** On whole px and within the frame; null where nothing of it is in the frame. */
export function withinFrame(box: FaceBox, frame: Size): FaceBox | null {
  const left = Math.max(0, Math.floor(box.x));
  const top = Math.max(0, Math.floor(box.y));
  const right = Math.min(frame.width, Math.ceil(box.x + box.width));
  const bottom = Math.min(frame.height, Math.ceil(box.y + box.height));
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

/**
 * The boxes to cover on a frame. Of a face that was read on it, its box; of one that was not, or that was read shortly before, all between
 * the places where it was last within the second before and where it is first within the second after, as far as they are known.
 * @param readings that go with the frame
 * @param others of the same recording, in any order
 */
export function boxesToCover(readings: readonly Reading[], others: readonly Reading[], time: number): FaceBox[] {
  const exact = readings.filter((reading) => Math.abs(reading.time - time) < SAME_FRAME);
  const here = new Set(exact.map(({ faceId }) => faceId));
  const before = new Map<number, Reading>();
  const after = new Map<number, Reading>();
  for (const reading of [...readings, ...others]) {
    const away = Math.abs(reading.time - time);
    if (away > LINGER_SECONDS || here.has(reading.faceId)) continue;
    const side = reading.time <= time ? before : after;
    const known = side.get(reading.faceId);
    if (!known || Math.abs(known.time - time) > away) side.set(reading.faceId, reading);
  }
  const boxes = exact.map(({ box }) => box);
  for (const [faceId, { box }] of before) {
    const next = after.get(faceId);
    boxes.push(next ? unionOf(box, next.box) : box);
  }
  for (const [faceId, { box }] of after) if (!before.has(faceId)) boxes.push(box);
  return boxes;
}
