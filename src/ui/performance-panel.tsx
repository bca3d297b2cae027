import { Gauge, X } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useRef } from 'react';
import { useReadingsDraw } from './hooks.ts';
import { Lazy, LazyPart } from './lazy-part.tsx';
import { messages } from './messages.ts';

const FIGURES = new LazyPart(async () => (await import('./performance-figures.tsx')).Figures);

interface PanelProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Readings a second, and behind it all else that tells how fast it goes. It stays open while one works. */
export function PerformancePanel({ open, onOpenChange }: PanelProps) {
  const text = messages.performance;
  return (
    <Popover.Root open={open} onOpenChange={onOpenChange}>
      <Popover.Trigger
        className="button performance-button"
        aria-label={text.name}
        title={text.hint}
        aria-keyshortcuts="P"
        onPointerEnter={FIGURES.preload}
        onFocus={FIGURES.preload}
      >
        <Gauge size={16} aria-hidden="true" /> <Rate />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className="panel performance"
          side="top"
          align="end"
          sideOffset={8}
          collisionPadding={8}
          aria-label={text.name}
          onInteractOutside={(event) => event.preventDefault()}
          onKeyDown={(event) => {
            if (event.key.toLowerCase() === 'p' && !event.ctrlKey && !event.metaKey && !event.altKey) onOpenChange(false);
          }}
        >
          <div className="performance-head">
            <strong>{text.name}</strong>
            <Popover.Close className="icon-button" aria-label={messages.close}>
              <X size={16} aria-hidden="true" />
            </Popover.Close>
          </div>
          <Lazy part={FIGURES} props={{}} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Rate() {
  const text = useRef<HTMLSpanElement>(null);
  useReadingsDraw({
    digits: (live) => {
      const rate = live.rate(performance.now());
      if (text.current) text.current.textContent = rate > 0 ? messages.readingsPerSecond(rate) : '';
    },
  });
  return <span className="rate" ref={text} />;
}
