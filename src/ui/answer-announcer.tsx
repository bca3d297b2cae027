import { useEffect, useRef, useState } from 'react';
import { type Explanation, selectedItem } from './analysis-state.ts';
import { answerName } from './answer-name.ts';
import { messages } from './messages.ts';
import { useAppState } from './session-context.ts';

const NONE: readonly Explanation[] = [];

/** Says an answer that was asked for once, when it is there: the text beside it is written word by word, which nobody could listen to. */
export function AnswerAnnouncer() {
  const runs = useAppState((state) => selectedItem(state)?.explanations ?? NONE);
  const waiting = useRef(new Set<string>());
  const [text, setText] = useState('');
  useEffect(() => {
    for (const run of runs) {
      if (run.auto) continue;
      if (run.phase === 'queued' || run.phase === 'running') {
        // The same answer twice must be said twice: a live region tells changes alone.
        if (!waiting.current.has(run.runId)) setText('');
        waiting.current.add(run.runId);
      } else if (waiting.current.delete(run.runId) && run.phase === 'done' && run.answer) {
        setText(messages.answered(messages.tasks[run.task].name, answerName(run.answer.text)));
      }
    }
  }, [runs]);
  return (
    <p className="visually-hidden" role="status">
      {text}
    </p>
  );
}
