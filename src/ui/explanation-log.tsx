import { ChevronRight } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Explanation, isOpen } from './analysis-state.ts';
import { answerName } from './answer-name.ts';
import './explanation-log.css';
import { ExplanationView } from './explanation-view.tsx';
import { clock } from './format.ts';
import { messages } from './messages.ts';

/** An hour of a camera has hundreds: each takes a hundred elements, which all listen to what changes. */
const IN_FULL = 20;

/** Explanations in their order: the newest in full, those before them a line each, which opens where one goes to it. */
export function ExplanationLog({ runs, live }: { runs: readonly Explanation[]; live: boolean }) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toFocus = useRef<string | null>(null);
  const open = useCallback((runId: string) => {
    toFocus.current = runId;
    setOpened((before) => new Set(before).add(runId));
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was gone to has another element once it is open
  useEffect(() => {
    if (toFocus.current !== null) document.getElementById(`run-${toFocus.current}`)?.focus();
    toFocus.current = null;
  }, [opened]);
  return runs.map((run, index) =>
    runs.length - index <= IN_FULL || isOpen(run) || opened.has(run.runId) ? (
      <ExplanationView key={run.runId} run={run} live={live} />
    ) : (
      <FoldedExplanation key={run.runId} run={run} live={live} onOpen={open} />
    ),
  );
}

function FoldedExplanation({ run, live, onOpen }: { run: Explanation; live: boolean; onOpen: (runId: string) => void }) {
  const answer = run.answer ? answerName(run.answer.text) : messages.timeline.noAnswer;
  return (
    // Whoever is led here wants to read it: the list of explanations and the marks of the timeline focus it.
    <article
      className="explanation folded"
      data-phase={run.phase}
      id={`run-${run.runId}`}
      tabIndex={-1}
      onFocus={(event) => event.target === event.currentTarget && onOpen(run.runId)}
    >
      <button type="button" className="folded-line" aria-expanded={false} onClick={() => onOpen(run.runId)}>
        <ChevronRight size={15} aria-hidden="true" />
        <span>{messages.tasks[run.task].name}</span>
        {live && <span className="folded-time">{clock(run.time)}</span>}
        <strong>{answer}</strong>
      </button>
    </article>
  );
}
