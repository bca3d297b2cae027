import { percent } from './format.ts';
import { messages } from './messages.ts';
import type { ModelCard } from './model-card.ts';

const text = messages.card;

/** Units of the drawing: the square, and room for the words at its left and below it. */
const SIDE = 200;
const LEFT = 52;
const BELOW = 40;
/** Room for a dot, or half a word, at the other edges. */
const EDGE = 18;
const MAX_RADIUS = 10;

const x = (confidence: number): number => LEFT + SIDE * confidence;
const y = (accuracy: number): number => EDGE + SIDE * (1 - accuracy);

/** Confidence to the right, accuracy upwards, a dot's area by how many readings it stands for. */
export function CalibrationPlot({ points }: { points: ModelCard['reliability'] }) {
  const most = Math.max(1, ...points.map(({ n }) => n));
  const words = points.map(({ confidence, accuracy, n }) => text.reliabilityPoint(percent(confidence), percent(accuracy), n));
  return (
    <figure className="card-plot">
      <svg viewBox={`0 0 ${LEFT + SIDE + EDGE} ${EDGE + SIDE + BELOW}`} role="img" aria-label={`${text.reliability}. ${words.join('; ')}.`}>
        <rect x={LEFT} y={EDGE} width={SIDE} height={SIDE} />
        <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
        {points.map(({ confidence, accuracy, n }, i) => (
          <circle key={words[i]} cx={x(confidence)} cy={y(accuracy)} r={2 + (MAX_RADIUS - 2) * Math.sqrt(n / most)}>
            <title>{words[i]}</title>
          </circle>
        ))}
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <text x={x(share)} y={EDGE + SIDE + 16} textAnchor="middle">
              {percent(share)}
            </text>
            <text x={LEFT - 8} y={y(share) + 4} textAnchor="end">
              {percent(share)}
            </text>
          </g>
        ))}
        <text x={x(0.5)} y={EDGE + SIDE + 34} textAnchor="middle">
          {text.sure}
        </text>
        <text transform={`translate(11 ${y(0.5)}) rotate(-90)`} textAnchor="middle">
          {text.right}
        </text>
      </svg>
      <figcaption>{text.reliabilityHint}</figcaption>
    </figure>
  );
}
