import { ChevronDown, ChevronRight, Image } from 'lucide-react';
import { useId, useState } from 'react';
import { type Explanation, type Item, isOpen } from './analysis-state.ts';
import { answerName } from './answer-name.ts';
import './explanation-list.css';
import { clock } from './format.ts';
import { messages } from './messages.ts';
import { PeakRoundBar } from './peak-round-bar.tsx';
import { useSession } from './session-context.ts';

const text = messages.timeline;

/** The explanations of a recording at a glance, by their moment: the way to each one's frame and text, and to those of its peaks. */
export function ExplanationList({ item }: { item: Item }) {
  const { controller } = useSession();
  const [open, setOpen] = useState(false);
  const id = useId();
  const runs = [...item.explanations].sort((a, b) => a.time - b.time);
  const go = (run: Explanation) => {
    controller.moment.showRun(run);
    const place = document.getElementById(`run-${run.runId}`);
    // One that is folded opens where it gets the focus.
    if (place?.classList.contains('folded')) place.focus();
    else place?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <div className="explained">
      <div className="explained-head">
        {runs.length > 0 && (
          <button type="button" className="explained-toggle" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
            {open ? <ChevronDown size={16} aria-hidden="true" /> : <ChevronRight size={16} aria-hidden="true" />}
            {text.explained(runs.length)}
          </button>
        )}
        <PeakRoundBar item={item} />
      </div>
      <ul className="explained-list" id={id} hidden={!open || runs.length === 0}>
        {open && runs.map((run) => <Row key={run.runId} run={run} mirrored={controller.isMirrored(item.id)} onGo={() => go(run)} />)}
      </ul>
    </div>
  );
}

function Row({ run, mirrored, onGo }: { run: Explanation; mirrored: boolean; onGo: () => void }) {
  const answer = run.answer ? answerName(run.answer.text) : isOpen(run) ? text.unanswered : text.noAnswer;
  return (
    <li>
      <button type="button" className="explained-row" onClick={onGo}>
        <span className="explained-picture" data-mirrored={mirrored}>
          {run.miniature ? <img src={run.miniature} alt="" draggable={false} /> : <Image size={18} aria-hidden="true" />}
        </span>
        <span className="explained-time">{clock(run.time)}</span>
        <span className="explained-answer">
          {answer} <small>{messages.tasks[run.task].name}</small>
        </span>
        <span className="explained-why">{run.auto ? text.byItself : text.asked}</span>
      </button>
    </li>
  );
}
