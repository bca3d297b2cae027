import { useRef } from 'react';
import type { EmotionLabel } from '../shared/labels.ts';
import { EmotionGlyph, SHOWN_EMOTIONS } from './emotion-glyph.tsx';
import { percent } from './format.ts';
import { useReadingsDraw } from './hooks.ts';
import { messages } from './messages.ts';

/** Cuts a full bar to a probability: scaling it would shear the hatching of an uncertain one. */
export function barClip(probability: number): string {
  return `inset(0 ${(100 - 100 * probability).toFixed(2)}% 0 0 round 4px)`;
}

/** The eight probabilities of one face; hatched where the reading is uncertain. */
export function EmotionBars({ faceId, uncertain }: { faceId: number; uncertain: boolean }) {
  return (
    <ul className="bars" data-uncertain={uncertain}>
      {SHOWN_EMOTIONS.map((label) => (
        <Bar key={label} faceId={faceId} label={label} />
      ))}
    </ul>
  );
}

function Bar({ faceId, label }: { faceId: number; label: EmotionLabel }) {
  const meter = useRef<HTMLDivElement>(null);
  const fill = useRef<HTMLDivElement>(null);
  const value = useRef<HTMLSpanElement>(null);
  useReadingsDraw({
    shapes: (live) => {
      const reading = live.reading(faceId);
      if (reading && fill.current) fill.current.style.clipPath = barClip(reading.probabilities[label]);
    },
    digits: (live) => {
      const reading = live.reading(faceId);
      if (!reading) return;
      const text = percent(reading.probabilities[label]);
      if (value.current) value.current.textContent = text;
      meter.current?.setAttribute('aria-valuenow', String(Math.round(reading.probabilities[label] * 100)));
      meter.current?.setAttribute('aria-valuetext', text);
    },
  });
  return (
    <li className="bar" data-emotion={label}>
      <EmotionGlyph emotion={label} size={16} />
      <span className="bar-name">{messages.emotions[label]}</span>
      {/* biome-ignore lint/a11y/useSemanticElements: a <meter> can neither be hatched nor eased */}
      <div
        className="bar-track"
        ref={meter}
        role="meter"
        aria-label={messages.emotions[label]}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={0}
      >
        <div className="bar-fill" ref={fill} />
      </div>
      <span className="bar-value" ref={value} aria-hidden="true" />
    </li>
  );
}

/** The same eight as a small picture, for a face that is not open. */
export function MiniBars({ faceId }: { faceId: number }) {
  const root = useRef<HTMLSpanElement>(null);
  useReadingsDraw({
    shapes: (live) => {
      const reading = live.reading(faceId);
      if (!reading || !root.current) return;
      SHOWN_EMOTIONS.forEach((label, i) => {
        const bar = root.current?.children[i];
        if (bar instanceof HTMLElement) bar.style.clipPath = `inset(${94 - 94 * reading.probabilities[label]}% 0 0 0)`;
      });
    },
    digits: (live) => {
      const reading = live.reading(faceId);
      const values = SHOWN_EMOTIONS.map((label) => `${messages.emotions[label]} ${percent(reading?.probabilities[label] ?? 0)}`);
      root.current?.setAttribute('aria-label', values.join(', '));
    },
  });
  return (
    <span className="mini-bars" ref={root} role="img">
      {SHOWN_EMOTIONS.map((label) => (
        <i key={label} data-emotion={label} />
      ))}
    </span>
  );
}
