import { Tabs } from 'radix-ui';
import { selectedItem } from './analysis-state.ts';
import { PHONE, useMedia } from './hooks.ts';
import { messages } from './messages.ts';
import { ReadingsPanel } from './readings-panel.tsx';
import { ReasoningPanel } from './reasoning-panel.tsx';
import { useAppState } from './session-context.ts';
import { TimelineSlot } from './timeline-slot.tsx';

interface SideColumnProps {
  tab: string;
  onTab: (tab: string) => void;
  /** The user wants to read an explanation. */
  onRun: (runId: string) => void;
}

/** Beside the stage on a desk; below it, one at a time, on a phone. */
export function SideColumn({ tab, onTab, onRun }: SideColumnProps) {
  const phone = useMedia(PHONE);
  const recorded = useAppState((state) => (selectedItem(state)?.kind ?? 'picture') !== 'picture');
  if (!phone) {
    return (
      <div className="side">
        <ReadingsPanel />
        <ReasoningPanel />
      </div>
    );
  }
  return (
    <Tabs.Root className="side" value={tab === 'timeline' && !recorded ? 'readings' : tab} onValueChange={onTab}>
      <Tabs.List className="tabs" aria-label={messages.panels}>
        <Tabs.Trigger className="tab" value="readings">
          {messages.readings}
        </Tabs.Trigger>
        <Tabs.Trigger className="tab" value="reasoning">
          {messages.reasoning}
        </Tabs.Trigger>
        {recorded && (
          <Tabs.Trigger className="tab" value="timeline">
            {messages.timeline.name}
          </Tabs.Trigger>
        )}
      </Tabs.List>
      <Tabs.Content className="tab-panel" value="readings" tabIndex={-1}>
        <ReadingsPanel />
      </Tabs.Content>
      <Tabs.Content className="tab-panel" value="reasoning" tabIndex={-1}>
        <ReasoningPanel />
      </Tabs.Content>
      {recorded && (
        <Tabs.Content className="tab-panel" value="timeline" tabIndex={-1}>
          <TimelineSlot collapsible={false} onRun={onRun} />
        </Tabs.Content>
      )}
    </Tabs.Root>
  );
}
