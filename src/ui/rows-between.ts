/** The readings about a moment of a recording, found without going through hours of it: frames that play ask for theirs one by one. */
import type { SessionReading } from '../export/session.ts';

interface BySecond {
  /** How many rows are in. */
  count: number;
  seconds: Map<number, SessionReading[]>;
}

/** A recording's array grows at its end; where rows are taken out, another one stands in its place. */
const known = new WeakMap<readonly SessionReading[], BySecond>();

/** Rows of `from` to `to`, in seconds, both included. Those of one moment are in the order in which they came. */
export function rowsBetween(rows: readonly SessionReading[], from: number, to: number): SessionReading[] {
  const { seconds } = caughtUp(rows);
  const found: SessionReading[] = [];
  for (let second = Math.floor(from); second <= Math.floor(to); second += 1)
    for (const row of seconds.get(second) ?? []) if (row.time >= from && row.time <= to) found.push(row);
  return found;
}

function caughtUp(rows: readonly SessionReading[]): BySecond {
  const index = known.get(rows) ?? { count: 0, seconds: new Map<number, SessionReading[]>() };
  known.set(rows, index);
  for (; index.count < rows.length; index.count += 1) {
    const row = rows[index.count];
    if (!row) break;
    const second = Math.floor(row.time);
    const others = index.seconds.get(second);
    if (others) others.push(row);
    else index.seconds.set(second, [row]);
  }
  return index;
}
