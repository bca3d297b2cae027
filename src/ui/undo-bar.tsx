import { useEffect } from 'react';
import { messages } from './messages.ts';
import { nameOf } from './people.ts';
import { useAppState, useSession } from './session-context.ts';

const UNDO_MS = 8000;

/** After a removal or a merge of faces, for a while, the way back. */
export function UndoBar() {
  const { store, controller } = useSession();
  const deleted = useAppState((state) => state.deleted);
  const merge = useAppState((state) => state.merge);
  const deletedMark = useAppState((state) => state.deletedMark);
  const people = useAppState((state) => state.items.find((item) => item.id === merge?.itemId)?.people);
  return (
    <div className="undo-stack">
      {deleted && (
        <Undo
          key={deleted.item.id}
          text={messages.removed(deleted.item.name)}
          onUndo={() => controller.restore()}
          onEnd={() => controller.forgetDeleted()}
        />
      )}
      {deletedMark && (
        <Undo
          key={deletedMark.mark.id}
          text={messages.timeline.markDeleted}
          onUndo={() => store.dispatch({ type: 'mark-restored' })}
          onEnd={() => store.dispatch({ type: 'mark-forgotten' })}
        />
      )}
      {merge && people && (
        <Undo
          key={`${merge.itemId} ${merge.faceId} ${merge.into}`}
          text={messages.merged(messages.face(merge.faceId), nameOf(people, merge.into) ?? messages.face(merge.into))}
          onUndo={() => store.dispatch({ type: 'faces-separated', itemId: merge.itemId, faceId: merge.faceId })}
          onEnd={() => store.dispatch({ type: 'merge-accepted' })}
        />
      )}
    </div>
  );
}

/** `onEnd`: the time to take it back is over. */
export function Undo({ text, onUndo, onEnd }: { text: string; onUndo: () => void; onEnd: () => void }) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the time runs from when it appears, whatever else changes.
  useEffect(() => {
    const timer = setTimeout(onEnd, UNDO_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="undo" role="status">
      <span>{text}</span>
      <button type="button" className="button small" onClick={onUndo}>
        {messages.undo}
      </button>
    </div>
  );
}
