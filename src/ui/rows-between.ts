/** The readings about a moment of a recording, found without going through hours of it: frames that play ask for theirs one by one. */
import type { SessionReading } from '../export/session.ts';
import type { ReadingRows } from './kept-readings.ts';

interface BySecond {
  /** How many rows are in. */
  count: number;
  /** Which rows, by whole seconds. */
  seconds: Map<number, number[]>;
}

/** A recording's rows grow at their end; where some are taken out, others stand in their place. */
const known = new WeakMap<ReadingRows, BySecond>();

/** Rows of `from` to `to`, in seconds, both included. Those of one moment are in the order in which they came. */
export function rowsBetween(rows: ReadingRows, from: number, to: number): SessionReading[] {
  return placesBetween(rows, from, to).map(({ row }) => row);
}

/** As `rowsBetween`, with where each lies. */
export function placesBetween(rows: ReadingRows, from: number, to: number): { index: number; row: SessionReading }[] {
  const { seconds } = caughtUp(rows);
  const found: { index: number; row: SessionReading }[] = [];
  for (let second = Math.floor(from); second <= Math.floor(to); second += 1)
    for (const index of seconds.get(second) ?? []) {
      const row = rows.at(index);
      if (row && row.time >= from && row.time <= to) found.push({ index, row });
    }
  return found;
}

function caughtUp(rows: ReadingRows): BySecond {
  const index = known.get(rows) ?? { count: 0, seconds: new Map<number, number[]>() };
  known.set(rows, index);
  for (; index.count < rows.length; index.count += 1) {
    const row = rows.at(index.count);
    if (!row) break;
    const second = Math.floor(row.time);
    const others = index.seconds.get(second);
    if (others) others.push(index.count);
    else index.seconds.set(second, [index.count]);
  }
  return index;
}
