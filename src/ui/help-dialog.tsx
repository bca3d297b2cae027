import { X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { BenchmarkDialog } from './benchmark-dialog.tsx';
import { CameraNoticeDialog } from './camera-notice.tsx';
import { EmotionGlyph, SHOWN_EMOTIONS } from './emotion-glyph.tsx';
import { messages } from './messages.ts';
import { ModelCardDialog } from './model-card-dialog.tsx';
import { NetworkDialog } from './network-dialog.tsx';
import { useSession } from './session-context.ts';
import { useReturnFocus } from './use-return-focus.ts';

export function HelpDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const focus = useReturnFocus();
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content className="panel help" aria-describedby={undefined} {...focus}>
          <Dialog.Title>{messages.helpTitle}</Dialog.Title>
          <KeyList name={messages.keysAnywhere} keys={messages.helpKeys} />
          <KeyList name={messages.keysOnTimeline} keys={messages.timelineKeys} />
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
          <div className="help-more">
            <NetworkDialog>
              <button type="button" className="button help-card">
                {messages.network.name}
              </button>
            </NetworkDialog>
            <CameraNoticeDialog>
              <button type="button" className="button help-card">
                {messages.cameraNotice.open}
              </button>
            </CameraNoticeDialog>
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
            <EvaluateButton onClick={() => onOpenChange(false)} />
            <PackButtons onClick={() => onOpenChange(false)} />
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function KeyList({ name, keys }: { name: string; keys: typeof messages.helpKeys }) {
  return (
    <section>
      <h3>{name}</h3>
      <dl className="keys">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function EvaluateButton({ onClick }: { onClick: () => void }) {
  const { evaluation } = useSession();
  const open = () => {
    onClick();
    void evaluation.take([]);
  };
  return (
    <button type="button" className="button help-card" onClick={open}>
      {messages.evaluation.open}
    </button>
  );
}

function PackButtons({ onClick }: { onClick: () => void }) {
  const { packs, comparison } = useSession();
  const open = (dialog: { open(): Promise<void> }) => {
    onClick();
    void dialog.open();
  };
  return (
    <>
      <button type="button" className="button help-card" onClick={() => open(packs)}>
        {messages.packs.name}
      </button>
      <button type="button" className="button help-card" onClick={() => open(comparison)}>
        {messages.packs.compare}
      </button>
    </>
  );
}
