/** The same figures of everybody's milliseconds. */

/** @param {readonly number[]} values @param {number} share 0.5: the median */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/**
 * @param {readonly number[]} times ms a frame
 * @param {readonly number[]} faces found on each
 */
export function frameFigures(times, faces) {
  const total = times.reduce((sum, time) => sum + time, 0);
  return {
    frames: times.length,
    medianMs: median(times),
    p90Ms: quantile(times, 0.9),
    perSecond: (1000 * times.length) / total,
    facesMean: faces.reduce((sum, count) => sum + count, 0) / faces.length,
    framesWithFace: faces.filter((count) => count > 0).length / faces.length,
  };
}
