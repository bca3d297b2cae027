/** Which frames of a video were read, also those on which there was no face. Pure; knows no pictures. */
import { MAX_GAP } from '../overlay/face-tracks.ts';
import type { Reading } from '../shared/readings.ts';
import { stretchOf, type VideoJob } from './video-job.ts';

/** Of a job that read every frame, whose times are not kept: close enough to one another that no stretch between them is unread. */
export const EVERY_FRAME_STEP = 0.1;

/** Whether a job reads so seldom that a face may come and go unseen. */
export function isSeldom({ framesPerSecond }: Pick<VideoJob, 'framesPerSecond'>): boolean {
  return framesPerSecond !== null && 1 / framesPerSecond > MAX_GAP;
}

/**
 * The media times of the frames that were read, as they can be told of a kept video: those with a face lie in its readings, the others
 * follow from what its jobs went through. In their order.
 */
export function keptReadTimes(readings: readonly Reading[], jobs: readonly VideoJob[]): number[] {
  const times = [...new Set(readings.map(({ time }) => time))].sort((a, b) => a - b);
  const empty = jobs.flatMap((job) => {
    const stretch = stretchOf(job);
    if (!stretch) return [];
    const step = job.framesPerSecond === null ? EVERY_FRAME_STEP : 1 / job.framesPerSecond;
    const count = Math.floor((stretch.to - stretch.from) / step + 1e-6) + 1;
    const lost = job.lost.toSorted((a, b) => a.from - b.from);
    const found: number[] = [];
    let next = 0;
    for (let index = 0; index < count; index += 1) {
      const time = stretch.from + index * step;
      while ((lost[next]?.to ?? time) < time) next += 1;
      if (time >= (lost[next]?.from ?? Number.POSITIVE_INFINITY) || hasNear(times, time, step / 2)) continue;
      found.push(time);
    }
    return found;
  });
  return [...times, ...empty].sort((a, b) => a - b);
}

function hasNear(sorted: readonly number[], time: number, within: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < time - within) low = middle + 1;
    else high = middle;
  }
  return (sorted[low] ?? Number.POSITIVE_INFINITY) <= time + within;
}
