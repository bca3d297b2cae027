import { useEffect, useRef } from 'react';
import { selectedItem } from './analysis-state.ts';
import { ExplanationList } from './explanation-list.tsx';
import { ExplanationLog } from './explanation-log.tsx';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';

/** Nearer to the end than this, the log follows what is written, px. */
const FOLLOW = 60;

export function ReasoningPanel() {
  const { settings } = useSession();
  const item = useAppState(selectedItem);
  const log = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const runs = item?.explanations ?? [];
  // What was asked for is followed even where an older one is being read again; peaks, of which many may come, only from the end.
  const count = runs.filter((run) => !run.auto).length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the number of explanations or the item changes
  useEffect(() => {
    following.current = true;
  }, [count, item?.id]);
  useEffect(() => {
    if (following.current && log.current && runs.length > 0) log.current.scrollTop = log.current.scrollHeight;
  }, [runs]);
  const scrolled = () => {
    const element = log.current;
    if (element) following.current = element.scrollHeight - element.scrollTop - element.clientHeight < FOLLOW;
  };
  return (
    <section className="side-panel reasoning">
      <header className="panel-head">
        <h2>{messages.reasoning}</h2>
      </header>
      {messages.writtenInEnglish !== '' && <p className="reasoning-note">{messages.writtenInEnglish}</p>}
      {item && item.kind !== 'picture' && <ExplanationList key={item.id} item={item} />}
      <div
        className="panel-scroll"
        ref={log}
        role="log"
        aria-label={messages.reasoning}
        // Written word by word: the answer is said once, by AnswerAnnouncer.
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        onScroll={scrolled}
      >
        {runs.length === 0 && (
          <p className="empty">{settings.prompting === 'plain' ? messages.reasoningEmptyPlain : messages.reasoningEmpty}</p>
        )}
        {item && <ExplanationLog key={item.id} runs={runs} live={item.kind !== 'picture'} />}
      </div>
    </section>
  );
}
