import { useEffect, useRef } from 'react';
import { signed } from './format.ts';
import { useMedia, useReadingsDraw } from './hooks.ts';
import { type LiveReadings, TRAIL_SECONDS } from './live-readings.ts';
import { messages } from './messages.ts';
import { useSession } from './session-context.ts';

const SIDE = 116;
/** Room for the dot at the edge. */
const INSET = 9;

/** px of a value in [-1, 1] along one side. */
function at(value: number): number {
  return INSET + ((value + 1) / 2) * (SIDE - 2 * INSET);
}

/** Valence to the right, arousal upwards; the last seconds as a fading trail. */
export function AffectPlane({ faceId }: { faceId: number }) {
  const { controller, settings } = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  const valence = useRef<HTMLElement>(null);
  const arousal = useRef<HTMLElement>(null);
  useReadingsDraw({
    shapes: (live) => drawPlane(canvas.current, live, faceId),
    digits: (live) => {
      const reading = live.reading(faceId);
      if (!reading) return;
      const [v, a] = [signed(reading.valence), signed(reading.arousal)];
      if (valence.current) valence.current.textContent = v;
      if (arousal.current) arousal.current.textContent = a;
      canvas.current?.setAttribute('aria-label', messages.planeLabel(v, a));
    },
  });
  // A canvas keeps the colour that it was drawn with.
  const dark = useMedia('(prefers-color-scheme: dark)');
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn again when the theme changes
  useEffect(() => drawPlane(canvas.current, controller.live, faceId), [dark, settings.theme]);
  return (
    <div className="plane">
      <span className="plane-end" data-end="top">
        {messages.excited}
      </span>
      <canvas ref={canvas} role="img" />
      <span className="plane-end" data-end="bottom">
        {messages.calm}
      </span>
      <dl className="plane-values">
        <div>
          <dt>{messages.valence}</dt>
          <dd ref={valence} />
        </div>
        <div>
          <dt>{messages.arousal}</dt>
          <dd ref={arousal} />
        </div>
      </dl>
    </div>
  );
}

function drawPlane(canvas: HTMLCanvasElement | null, live: LiveReadings, faceId: number): void {
  const reading = live.reading(faceId);
  const context = canvas?.getContext('2d');
  if (!canvas || !context || !reading) return;
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(SIDE * ratio)) {
    canvas.width = Math.round(SIDE * ratio);
    canvas.height = Math.round(SIDE * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, SIDE, SIDE);
  context.fillStyle = getComputedStyle(canvas).color;
  live.trail(faceId)?.forEach(reading.time, (age, valence, arousal) => {
    const fresh = 1 - age / TRAIL_SECONDS;
    context.globalAlpha = 0.5 * fresh * fresh;
    context.beginPath();
    context.arc(at(valence), at(-arousal), 1 + 2 * fresh, 0, 2 * Math.PI);
    context.fill();
  });
  context.globalAlpha = 1;
  context.beginPath();
  context.arc(at(reading.valence), at(-reading.arousal), 5, 0, 2 * Math.PI);
  context.fill();
}
