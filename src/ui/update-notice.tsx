import { Sparkles } from 'lucide-react';
import { useState, useSyncExternalStore } from 'react';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';

const text = messages.shell;

/** Under the Model line, when a newer version of the page waits: it is taken when the user says so, and never by itself. */
export function UpdateNotice() {
  const { keeper, controller, shell } = useSession();
  const update = useSyncExternalStore(shell.onUpdate, shell.update);
  const empty = useAppState((state) => state.items.length === 0);
  const [dismissed, setDismissed] = useState(false);
  /** Not all that is open is kept. */
  const [loses, setLoses] = useState(false);
  if (update === 'none' || dismissed) return null;
  const take = async () => {
    // A recording is written piece by piece: the last one, too.
    if (controller.takes.recording.isOn) await controller.takes.recording.stop();
    if (!loses && !empty && !(await keeper.save())) setLoses(true);
    else await shell.takeUpdate();
  };
  const hint = loses ? text.loses : update === 'other-tabs' ? text.otherTabs : text.readyHint;
  return (
    <div className="load-notice">
      <div className="notice quiet-notice" role="status">
        <Sparkles size={18} aria-hidden="true" />
        <div className="notice-text">
          <strong>{text.ready}</strong> {hint}
        </div>
        <button type="button" className="button small" onClick={() => void take()}>
          {loses ? text.reloadAnyway : text.reload}
        </button>
        <button type="button" className="button small" onClick={() => setDismissed(true)}>
          {text.later}
        </button>
      </div>
    </div>
  );
}
