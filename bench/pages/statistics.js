/** The same figures of everybody's milliseconds. */

/** @param {readonly number[]} values @param {number} share 0.5: the median */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/** Of a line of least squares. @param {readonly { at: number, mb: number }[]} points `at` in milliseconds @returns {number} MB a minute; NaN for fewer than three */
export function slope(points) {
  if (points.length < 3) return Number.NaN;
  const meanAt = points.reduce((sum, { at }) => sum + at, 0) / points.length;
  const meanMB = points.reduce((sum, { mb }) => sum + mb, 0) / points.length;
  const over = points.reduce((sum, { at, mb }) => sum + (at - meanAt) * (mb - meanMB), 0);
  const under = points.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  return (60_000 * over) / under;
}

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
