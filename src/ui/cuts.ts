/** A film's cuts as they were found, however often it was watched. Pure. */
import type { SceneCut } from '../shared/events.ts';

/** What a browser's and a decoder's word for the time of one frame differ by at most, seconds. */
const SLACK = 0.01;

/**
 * With one more, by their time. Two that may be the same cut, since it lies between two frames of either reading, are one: that of the
 * frames that lie closer together.
 */
export function withCut(cuts: readonly SceneCut[], found: SceneCut): readonly SceneCut[] {
  const others = cuts.filter((cut) => !mayBeSame(cut, found));
  const same = cuts.filter((cut) => mayBeSame(cut, found));
  if (same.some((cut) => lengthOf(cut) <= lengthOf(found))) return cuts;
  return [...others, found].sort((a, b) => a.time - b.time);
}

function mayBeSame(a: SceneCut, b: SceneCut): boolean {
  return a.after + SLACK < b.time && b.after + SLACK < a.time;
}

function lengthOf({ after, time }: SceneCut): number {
  return time - after;
}
