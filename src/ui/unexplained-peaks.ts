/** Which peaks of a recording are still to be explained, and in what order. Pure. */
import type { Task } from '../shared/labels.ts';
import { type Explanation, isOpen } from './analysis-state.ts';
import type { Peak } from './peaks.ts';
import { type People, personOf } from './people.ts';

/** Seconds; what was explained nearer than this shows the same expression. */
const SAME_MOMENT = 0.5;

/** Whether a moment has an explanation of that task, or is about to have one. One that was stopped or failed explains nothing. */
export function isExplained(explanations: readonly Explanation[], task: Task, time: number): boolean {
  return explanations.some((run) => run.task === task && (run.phase === 'done' || isOpen(run)) && Math.abs(run.time - time) <= SAME_MOMENT);
}

/**
 * The strongest first. An explanation is of a whole frame: of faces that change together, the strongest peak stands for all.
 * @param person whose peaks, as the user merged the faces; null: everybody's
 */
export function unexplainedPeaks(
  peaks: readonly Peak[],
  explanations: readonly Explanation[],
  task: Task,
  people: People,
  person: number | null,
): Peak[] {
  const left: Peak[] = [];
  for (const peak of peaks.toSorted((a, b) => b.strength - a.strength || a.time - b.time)) {
    if (person !== null && personOf(people, peak.faceId) !== person) continue;
    if (isExplained(explanations, task, peak.time)) continue;
    if (!left.some(({ time }) => Math.abs(time - peak.time) <= SAME_MOMENT)) left.push(peak);
  }
  return left;
}
