import { Tabs } from 'radix-ui';
import { useMedia } from './hooks.ts';
import { messages } from './messages.ts';
import { ReadingsPanel } from './readings-panel.tsx';
import { ReasoningPanel } from './reasoning-panel.tsx';

const PHONE = '(max-width: 760px)';

/** Beside the stage on a desk; below it, one at a time, on a phone. */
export function SideColumn({ tab, onTab }: { tab: string; onTab: (tab: string) => void }) {
  const phone = useMedia(PHONE);
  if (!phone) {
    return (
      <div className="side">
        <ReadingsPanel />
        <ReasoningPanel />
      </div>
    );
  }
  return (
    <Tabs.Root className="side" value={tab} onValueChange={onTab}>
      <Tabs.List className="tabs" aria-label={messages.panels}>
        <Tabs.Trigger className="tab" value="readings">
          {messages.readings}
        </Tabs.Trigger>
        <Tabs.Trigger className="tab" value="reasoning">
          {messages.reasoning}
        </Tabs.Trigger>
      </Tabs.List>
      <Tabs.Content className="tab-panel" value="readings" tabIndex={-1}>
        <ReadingsPanel />
      </Tabs.Content>
      <Tabs.Content className="tab-panel" value="reasoning" tabIndex={-1}>
        <ReasoningPanel />
      </Tabs.Content>
    </Tabs.Root>
  );
}
