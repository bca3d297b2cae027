/** The readings of a recorded session at a moment. Pure. */
import type { SessionReading } from '../export/session.ts';
import type { Snapshot } from './analysis-state.ts';

/** Seconds; readings that lie further off are another moment's. */
const NEAR = 0.3;

/**
 * All that was read from the frame nearest to a time; null where none was read about then. A session that went on with another camera has
 * times that come twice: the later one counts.
 * @param size px that the boxes are measured in
 */
export function readingsAt(rows: readonly SessionReading[], time: number, size: { width: number; height: number }): Snapshot | null {
  let nearest: number | null = null;
  for (const row of rows) {
    const away = Math.abs(row.time - time);
    if (away <= NEAR && (nearest === null || away <= Math.abs(nearest - time))) nearest = row.time;
  }
  if (nearest === null) return null;
  const last = rows.findLastIndex((row) => row.time === nearest);
  let first = last;
  while (first > 0 && rows[first - 1]?.time === nearest) first -= 1;
  return { time: nearest, ...size, readings: rows.slice(first, last + 1) };
}
