import { useEffect, useRef, useState } from 'react';
import type { ActionUnit, Reading } from '../shared/readings.ts';
import { AffectPlane } from './affect-plane.tsx';
import { selectedItem } from './analysis-state.ts';
import { EmotionBars, MiniBars } from './emotion-bars.tsx';
import { EmotionGlyph, SHOWN_EMOTIONS } from './emotion-glyph.tsx';
import { FaceName } from './face-name.tsx';
import { percent } from './format.ts';
import { useReadingsDraw } from './hooks.ts';
import { messages } from './messages.ts';
import { NOBODY_KNOWN, nameOf } from './people.ts';
import { SamePerson } from './same-person.tsx';
import { useAppState, useSession } from './session-context.ts';

/** Action units from here on are shown; below, they are as good as absent. */
const SHOWN_UNIT = 0.5;
const MAX_UNITS = 8;

interface Summary {
  emotion: Reading['emotion'];
  best: (typeof SHOWN_EMOTIONS)[number];
  percent: string;
  units: ActionUnit[];
  /** Changes only when something that is shown changes. */
  key: string;
}

function summarise(reading: Reading): Summary {
  const best = SHOWN_EMOTIONS.reduce((top, label) => (reading.probabilities[label] > reading.probabilities[top] ? label : top));
  const units = reading.actionUnits
    .filter((unit) => unit.probability >= SHOWN_UNIT)
    .toSorted((a, b) => b.probability - a.probability)
    .slice(0, MAX_UNITS);
  const share = percent(reading.probabilities[best]);
  const key = `${reading.emotion} ${best} ${share} ${units.map((unit) => `${unit.code}${unit.probability.toFixed(1)}`).join()}`;
  return { emotion: reading.emotion, best, percent: share, units, key };
}

interface FaceCardProps {
  faceId: number;
  open: boolean;
  /** Told that the card must stay, though the face may go, and that it need no longer. */
  onHold: (held: boolean) => void;
}

export function FaceCard({ faceId, open, onHold }: FaceCardProps) {
  const { store, controller } = useSession();
  const [summary, setSummary] = useState<Summary | null>(() => {
    const reading = controller.live.reading(faceId);
    return reading && summarise(reading);
  });
  useReadingsDraw({
    digits: (live) => {
      const reading = live.reading(faceId);
      if (!reading) return;
      const next = summarise(reading);
      setSummary((last) => (last?.key === next.key ? last : next));
    },
  });
  const itemId = useAppState((state) => state.selectedId);
  const kind = useAppState((state) => selectedItem(state)?.kind);
  const people = useAppState((state) => selectedItem(state)?.people ?? NOBODY_KNOWN);
  const card = useRef<HTMLLIElement>(null);
  const picked = useAppState((state) => state.selectedFace === faceId);
  useEffect(() => {
    if (picked) card.current?.scrollIntoView({ block: 'nearest' });
  }, [picked]);
  if (!summary) return null;
  const name = nameOf(people, faceId);
  const uncertain = summary.emotion === 'uncertain';
  return (
    <li className="face-card" ref={card} data-open={open} data-emotion={summary.emotion}>
      <button type="button" className="face-head" aria-expanded={open} onClick={() => store.dispatch({ type: 'face-selected', faceId })}>
        <span className="face-id">
          <span className="visually-hidden">{name ?? messages.face(faceId)}</span>
          <span aria-hidden="true">{open ? faceId : (name ?? faceId)}</span>
        </span>
        <EmotionGlyph emotion={summary.emotion} size={open ? 28 : 20} />
        <span className="face-emotion">{messages.emotions[summary.emotion]}</span>
        <span className="face-share">
          {uncertain ? messages.bestGuess(messages.emotions[summary.best], summary.percent) : summary.percent}
        </span>
        {!open && <MiniBars faceId={faceId} />}
      </button>
      {open && (
        <div className="face-body">
          {itemId !== null && (
            <div className="face-who">
              <FaceName itemId={itemId} people={people} faceId={faceId} onHold={onHold} />
              {kind !== 'picture' && <SamePerson itemId={itemId} people={people} faceId={faceId} onHold={onHold} />}
            </div>
          )}
          {uncertain && <p className="face-uncertain">{messages.uncertainWhy}</p>}
          <div className="face-numbers">
            <EmotionBars faceId={faceId} uncertain={uncertain} />
            <AffectPlane faceId={faceId} />
          </div>
          <Units units={summary.units} />
        </div>
      )}
    </li>
  );
}

function Units({ units }: { units: ActionUnit[] }) {
  return (
    <div className="units">
      <h3 className="visually-hidden">{messages.cues}</h3>
      {units.length === 0 && <p className="units-none">{messages.noCues}</p>}
      <ul>
        {units.map((unit) => (
          <li key={unit.code}>
            <b>{unit.code}</b> {messages.actionUnits[unit.code] ?? ''} <span>{percent(unit.probability)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
