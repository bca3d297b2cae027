/** The readings of a recorded session at a moment. Pure. */
import type { SessionReading } from '../export/session.ts';
import type { Snapshot } from './analysis-state.ts';
import type { ReadingRows } from './kept-readings.ts';
import { placesBetween } from './rows-between.ts';

/** Seconds; readings that lie further off are another moment's. */
const NEAR = 0.3;

/**
 * All that was read from the frame nearest to a time; null where none was read about then. A session that went on with another camera has
 * times that come twice: the later one counts.
 * @param size px that the boxes are measured in
 */
export function readingsAt(rows: ReadingRows, time: number, size: { width: number; height: number }): Snapshot | null {
  const near = placesBetween(rows, time - NEAR, time + NEAR);
  let nearest: number | null = null;
  for (const { row } of near) {
    if (nearest === null || Math.abs(row.time - time) <= Math.abs(nearest - time)) nearest = row.time;
  }
  if (nearest === null) return null;
  // Those that lie together at the end.
  const readings: SessionReading[] = [];
  let next: number | null = null;
  for (const { index, row } of near.filter((place) => place.row.time === nearest).reverse()) {
    if (next !== null && index !== next - 1) break;
    readings.unshift(row);
    next = index;
  }
  return { time: nearest, ...size, readings };
}
