import { X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { BenchmarkDialog } from './benchmark-dialog.tsx';
import { EmotionGlyph, SHOWN_EMOTIONS } from './emotion-glyph.tsx';
import { messages } from './messages.ts';
import { ModelCardDialog } from './model-card-dialog.tsx';

export function HelpDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content className="panel help" aria-describedby={undefined}>
          <Dialog.Title>{messages.helpTitle}</Dialog.Title>
          <dl className="keys">
            {messages.helpKeys.map(([key, meaning]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
          <ul className="legend">
            {[...SHOWN_EMOTIONS, 'uncertain' as const].map((emotion) => (
              <li key={emotion}>
                <EmotionGlyph emotion={emotion} size={20} /> {messages.emotions[emotion]}
              </li>
            ))}
          </ul>
          {messages.helpNotes.map((note) => (
            <p key={note}>{note}</p>
          ))}
          <p>
            {messages.nothingLeaves}. {messages.nothingLeavesWhy} {messages.keptHere}
          </p>
          <Dialog.Close className="icon-button help-close" aria-label={messages.close}>
            <X size={18} aria-hidden="true" />
          </Dialog.Close>
          {/* After Close, which has the focus first. */}
          <ModelCardDialog>
            <button type="button" className="button help-card">
              {messages.card.name}
            </button>
          </ModelCardDialog>
          <BenchmarkDialog>
            <button type="button" className="button help-card">
              {messages.benchmark.name}
            </button>
          </BenchmarkDialog>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
