import { Activity, Square } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { Item } from './analysis-state.ts';
import { messages } from './messages.ts';
import './peak-round-bar.css';
import { MOST_PEAKS } from './peak-rounds.ts';
import { nameOf, personOf } from './people.ts';
import { useAppState, useSession } from './session-context.ts';
import { unexplainedPeaks } from './unexplained-peaks.ts';

const text = messages.peakRounds;

/** Explains the peaks of a video that have no explanation yet, and how far that is; nothing where there are none. */
export function PeakRoundBar({ item }: { item: Item }) {
  const { controller } = useSession();
  const round = useAppState((state) => state.peakRounds.find(({ itemId }) => itemId === item.id) ?? null);
  const goesOn = round !== null;
  const bar = useRef<HTMLDivElement>(null);
  const pressed = useRef(false);
  // The button that was pressed gives way to another one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the one takes the place of the other
  useEffect(() => {
    if (pressed.current && document.activeElement === document.body) bar.current?.querySelector('button')?.focus({ preventScroll: true });
    pressed.current = false;
  }, [goesOn]);
  if (item.kind !== 'video') return null;
  const press = (action: () => void) => () => {
    pressed.current = true;
    action();
  };
  return (
    <div className="peak-round" ref={bar}>
      {round ? (
        <>
          <progress className="peak-round-progress" aria-label={text.progress} value={round.done} max={round.all} />
          <span className="peak-round-done">{text.done(round.done, round.all)}</span>
          <button type="button" className="button small" title={text.stopHint} onClick={press(() => controller.peakRounds.stop(item.id))}>
            <Square size={12} aria-hidden="true" fill="currentColor" /> {text.stop}
          </button>
        </>
      ) : (
        <ExplainButton item={item} press={press} />
      )}
    </div>
  );
}

function ExplainButton({ item, press }: { item: Item; press: (action: () => void) => () => void }) {
  const { controller } = useSession();
  const task = useAppState((state) => state.task);
  const picked = useAppState((state) => state.selectedFace);
  useFoundPeaks(item);
  if (!controller.file(item.id)) return null;
  const person = picked === null ? null : personOf(item.people, picked);
  const left = unexplainedPeaks(controller.readings.track(item.id).peaks, item.explanations, task, item.people, person);
  if (left.length === 0) return null;
  const n = Math.min(left.length, MOST_PEAKS);
  return (
    <button
      type="button"
      className="button small"
      title={text.hint(MOST_PEAKS)}
      onClick={press(() => controller.peakRounds.explain(item.id, left, task))}
    >
      <Activity size={14} aria-hidden="true" />{' '}
      {label(n, left.length, person === null ? null : (nameOf(item.people, person) ?? messages.fromFace(person)))}
    </button>
  );
}

function label(n: number, all: number, name: string | null): string {
  if (name === null) return n < all ? text.some(n, all) : text.explain(n);
  return n < all ? text.someOf(n, all, name) : text.explainOf(n, name);
}

/** Renders again when a peak is found while the video plays: React hears of no single reading. */
function useFoundPeaks(item: Item): void {
  const { controller } = useSession();
  const [, setCount] = useState(0);
  useEffect(() => controller.live.onFrame(() => setCount(controller.readings.track(item.id).peaks.length)), [controller, item.id]);
}
