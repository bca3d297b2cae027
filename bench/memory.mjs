/** Peak memory of what this process has started: a browser with all its processes. */
import { canSeeProcesses, memoryOf, ownProcesses } from './processes.mjs';

/** Looking costs time of its own. */
const EVERY_MS = 500;
const FOLLOW_MS = 2000;

/**
 * Looks twice a second until the returned function is called, which tells the peaks in MB: of all processes together, and of the
 * largest one (a browser's tab). Null where the system does not tell.
 * @returns {() => { tree: number, largest: number } | null}
 */
export function watchMemory() {
  if (!canSeeProcesses) return () => null;
  let tree = 0;
  let largest = 0;
  const timer = setInterval(() => {
    const sizes = ownProcesses()
      .pids.filter((pid) => pid !== process.pid)
      .map(memoryOf);
    const sum = sizes.reduce((total, size) => total + size, 0);
    tree = Math.max(tree, sum);
    largest = Math.max(largest, ...sizes);
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    return { tree: Math.round(tree), largest: Math.round(largest) };
  };
}

/**
 * Looks at the largest process (a browser's tab), every other second, until `end`.
 * @returns {{ points: () => { at: number, mb: number }[], end: () => void }} `at` in milliseconds of `performance.now`; none where the system does not tell
 */
export function followLargest() {
  /** @type {{ at: number, mb: number }[]} */
  const points = [];
  if (!canSeeProcesses) return { points: () => points, end: () => {} };
  const timer = setInterval(() => {
    const sizes = ownProcesses()
      .pids.filter((pid) => pid !== process.pid)
      .map(memoryOf);
    points.push({ at: performance.now(), mb: Math.max(0, ...sizes) });
  }, FOLLOW_MS);
  return { points: () => points, end: () => clearInterval(timer) };
}
