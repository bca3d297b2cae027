/** Milliseconds; below this the line does not fill its height, so that what is fast looks flat. */
const LEAST = 200;
const WIDTH = 300;
const HEIGHT = 44;
/** Two points that lie further apart than this, in milliseconds, are not joined. */
const GAP = 2000;

interface SparklineProps {
  label: string;
  points: readonly { at: number; age: number }[];
  /** The span that is drawn, on the clock of `at`. */
  from: number;
  to: number;
}

/** A small line of ages, with the largest of them named. */
export function Sparkline({ label, points, from, to }: SparklineProps) {
  const most = Math.max(LEAST, ...points.map(({ age }) => age));
  let last = Number.NEGATIVE_INFINITY;
  const path = points
    .map(({ at, age }) => {
      const command = at - last > GAP ? 'M' : 'L';
      last = at;
      const x = (WIDTH * (at - from)) / (to - from);
      return `${command}${x.toFixed(1)} ${(HEIGHT * (1 - age / most)).toFixed(1)}`;
    })
    .join('');
  return (
    <figure className="sparkline">
      <svg viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`} preserveAspectRatio="none" aria-hidden="true">
        <path d={path} vectorEffect="non-scaling-stroke" />
      </svg>
      <figcaption>
        <span>{label}</span> <span>{`${Math.round(most)} ms`}</span>
      </figcaption>
    </figure>
  );
}
