import { useId, useState } from 'react';
import type { Mark } from '../export/session.ts';
import { clock } from './format.ts';
import { type TimeProblem, withStart } from './mark-times.ts';
import { messages } from './messages.ts';

interface MarkStartProps {
  mark: Mark;
  /** Of the recording, in seconds. */
  extent: () => { from: number; to: number };
  onChange: (changes: { time: number }) => void;
}

/** When a mark begins, to be typed: taken by Enter or when the field is left, if it can be; Escape gives the old time back. */
export function MarkStart({ mark, extent, onChange }: MarkStartProps) {
  const at = clock(mark.time);
  const [typed, setTyped] = useState(at);
  const [problem, setProblem] = useState<TimeProblem | null>(null);
  const id = useId();
  const changed = typed !== at || problem !== null;
  const take = () => {
    const taken = withStart(mark, typed, extent());
    setProblem(typeof taken === 'string' ? taken : null);
    if (typeof taken === 'string') return;
    setTyped(clock(taken.time));
    if (taken !== mark) onChange({ time: taken.time });
  };
  return (
    <>
      <input
        type="text"
        className="mark-start"
        inputMode="decimal"
        autoComplete="off"
        aria-label={messages.timeline.markStart(at)}
        data-changed={changed}
        aria-invalid={problem !== null}
        aria-describedby={problem ? id : undefined}
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === 'Enter') take();
          if (event.key !== 'Escape' || !changed) return;
          // The page would take it for the end of something else.
          event.stopPropagation();
          setTyped(at);
          setProblem(null);
        }}
      />
      {problem && (
        <p className="mark-problem" id={id} role="alert">
          {messages.timeline.startProblems[problem]}
        </p>
      )}
    </>
  );
}
