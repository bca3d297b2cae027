import { ChevronDown, ChevronRight } from 'lucide-react';
import { selectedItem } from './analysis-state.ts';
import { Lazy, LazyPart } from './lazy-part.tsx';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';

const TIMELINE = new LazyPart(async () => (await import('./timeline.tsx')).Timeline);

/** Where the timeline of a camera or video goes; it is loaded when it is first seen. `collapsible`: it can be put away. */
export function TimelineSlot({ collapsible, onRun }: { collapsible: boolean; onRun: (runId: string) => void }) {
  const { settings, changeSettings } = useSession();
  const item = useAppState(selectedItem);
  const open = !collapsible || settings.timeline;
  if (!item || item.kind === 'picture') return null;
  return (
    <section className="timeline" aria-label={messages.timeline.name} data-open={open}>
      {collapsible && (
        <button
          type="button"
          className="timeline-toggle"
          aria-expanded={open}
          onClick={() => changeSettings({ timeline: !settings.timeline })}
        >
          {open ? <ChevronDown size={16} aria-hidden="true" /> : <ChevronRight size={16} aria-hidden="true" />}
          <span className="timeline-name">{messages.timeline.name}</span>
        </button>
      )}
      {open && <Lazy key={item.id} part={TIMELINE} props={{ item, onRun }} />}
    </section>
  );
}
