import { ChevronDown, ChevronRight } from 'lucide-react';
import { type ComponentType, useEffect, useState } from 'react';
import { type Item, selectedItem } from './analysis-state.ts';
import { later } from './later.ts';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';

const timeline = later(() => import('./timeline.tsx'));

interface TimelineProps {
  item: Item;
  /** The user wants to read an explanation. */
  onRun: (runId: string) => void;
}

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
      {open && <Loaded key={item.id} item={item} onRun={onRun} />}
    </section>
  );
}

function Loaded(props: TimelineProps) {
  const [loaded, setLoaded] = useState<{ View: ComponentType<TimelineProps> } | 'failed' | null>(null);
  useEffect(() => {
    let gone = false;
    timeline().then(
      ({ Timeline }) => gone || setLoaded({ View: Timeline }),
      () => gone || setLoaded('failed'),
    );
    return () => {
      gone = true;
    };
  }, []);
  if (loaded === 'failed') return <p className="timeline-empty">{messages.timeline.failed}</p>;
  return loaded && <loaded.View {...props} />;
}
