import { Camera, FolderOpen, Lock, Sparkles } from 'lucide-react';
import { messages } from './messages.ts';
import { FirstNote } from './model-notes.tsx';
import { NetworkDialog } from './network-dialog.tsx';
import { useKeeping, useSession } from './session-context.ts';

/** First visit: one sentence, three ways in. */
export function Welcome({ onOpenFiles }: { onOpenFiles: () => void }) {
  const { controller } = useSession();
  const { state } = useKeeping();
  return (
    <div className="welcome">
      <p className="welcome-line">{messages.tagline}</p>
      <div className="ways-in">
        <WayIn
          icon={<Camera size={22} />}
          name={messages.startCamera}
          hint={messages.startCameraHint}
          onClick={() => void controller.camera.start()}
        />
        <WayIn icon={<FolderOpen size={22} />} name={messages.openFiles} hint={messages.openFilesHint} onClick={onOpenFiles} />
        <WayIn
          icon={<Sparkles size={22} />}
          name={messages.trySample}
          hint={messages.trySampleHint}
          onClick={() => void controller.files.addSample()}
        />
      </div>
      <p className="welcome-drop">{messages.dropHint}</p>
      <NetworkDialog>
        <button type="button" className="welcome-private" title={messages.nothingLeavesWhy}>
          <Lock size={15} aria-hidden="true" /> {messages.nothingLeaves}
        </button>
      </NetworkDialog>
      <p className="welcome-note">{state === 'on' || state === 'starting' ? messages.keptHere : messages.notKeptHere}</p>
      <FirstNote />
    </div>
  );
}

/** The hint is drawn by the style sheet: the button's name is its label alone, for eyes, ears and voice control alike. */
function WayIn({ icon, name, hint, onClick }: { icon: React.ReactNode; name: string; hint: string; onClick: () => void }) {
  return (
    <button type="button" className="way-in" aria-description={hint} onClick={onClick}>
      <span className="way-in-icon" aria-hidden="true">
        {icon}
      </span>
      <span className="way-in-name">{name}</span>
      <span className="way-in-hint" data-hint={hint} aria-hidden="true" />
    </button>
  );
}
