/** The frames that an item's readings came from. */
import type { Reading } from '../shared/readings.ts';
import type { SessionItem } from './session.ts';

/**
 * For each reading the number of its frame, from 0, in the order in which frames were analysed. It counts analysed
 * frames, not those of the video: the page reads as many as the machine can take.
 */
export function frameNumbers(readings: readonly Reading[]): number[] {
  let frame = -1;
  let time = Number.NaN;
  return readings.map((reading) => {
    if (reading.time !== time) frame += 1;
    time = reading.time;
    return frame;
  });
}

/** How densely an item was read. `interval`: median seconds between frames in time order; null with fewer than two. */
export function sampling(item: Pick<SessionItem, 'readings'>): { frames: number; interval: number | null } {
  const times = [...new Set(item.readings.map((reading) => reading.time))].sort((a, b) => a - b);
  const steps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  steps.sort((a, b) => a - b);
  return { frames: times.length, interval: steps[Math.floor(steps.length / 2)] ?? null };
}
