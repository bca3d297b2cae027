import { useEffect } from 'react';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';

const UNDO_MS = 8000;

/** After a removal, for a while, the way back. */
export function UndoBar() {
  const { controller } = useSession();
  const deleted = useAppState((state) => state.deleted);
  useEffect(() => {
    if (!deleted) return;
    const timer = setTimeout(() => controller.forgetDeleted(), UNDO_MS);
    return () => clearTimeout(timer);
  }, [controller, deleted]);
  if (!deleted) return null;
  return (
    <div className="undo" role="status">
      <span>{messages.removed(deleted.item.name)}</span>
      <button type="button" className="button small" onClick={() => controller.restore()}>
        {messages.undo}
      </button>
    </div>
  );
}
