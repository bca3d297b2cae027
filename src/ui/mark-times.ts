/** A mark's times as the user types them. Pure. */
import type { Mark } from '../export/session.ts';
import { parseClock } from './clock-text.ts';
import { clock } from './format.ts';

/** What is shown, and typed, has tenths of a second. */
const HALF_STEP = 0.05;

export type TimeProblem = 'no-time' | 'outside' | 'after-end';

/**
 * The mark with another start, or why there cannot be one: what was typed is no time, lies outside of the recording, or behind the mark's
 * end. What reads the same as the start that it had changes nothing.
 * @param extent of the recording, in seconds
 */
export function withStart(mark: Mark, typed: string, extent: { from: number; to: number }): Mark | TimeProblem {
  const time = parseClock(typed);
  if (time === null) return 'no-time';
  if (clock(time) === clock(mark.time)) return mark;
  if (time < extent.from - HALF_STEP || time > extent.to + HALF_STEP) return 'outside';
  if (mark.end !== null && time > mark.end) return 'after-end';
  // 0:12.3 may stand for an end of 12.27.
  return { ...mark, time: Math.min(extent.to, Math.max(extent.from, time)) };
}
