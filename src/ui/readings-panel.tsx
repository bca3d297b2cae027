import { useState } from 'react';
import { isMainFace, selectedItem } from './analysis-state.ts';
import { FaceCard } from './face-card.tsx';
import { useFaceIds } from './hooks.ts';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';

/** Every face's numbers; one is open, the others in a line each. */
export function ReadingsPanel() {
  const { store, controller } = useSession();
  const inView = useFaceIds();
  // Whom the user is about to name or merge stays, though the face may leave the picture meanwhile.
  const [held, setHeld] = useState<number | null>(null);
  const faceIds = held === null || inView.includes(held) ? inView : [...inView, held].sort((a, b) => a - b);
  const picked = useAppState((state) => state.selectedFace);
  const item = useAppState(selectedItem);
  const isOpen = (faceId: number) =>
    picked !== null && faceIds.includes(picked) ? picked === faceId : isMainFace(controller.live.snapshot, faceId);
  const hold = (faceId: number, isHeld: boolean) => {
    setHeld((last) => (isHeld ? faceId : last === faceId ? null : last));
    if (isHeld) store.dispatch({ type: 'face-selected', faceId });
  };
  return (
    <section className="side-panel readings" aria-label={messages.readings}>
      <header className="panel-head">
        <h2>{messages.readings}</h2>
        {inView.length > 0 && <span className="panel-count">{messages.facesCount(inView.length)}</span>}
      </header>
      <div className="panel-scroll">
        {faceIds.length === 0 && (
          <Empty
            kind={
              item === null
                ? 'none'
                : item.kind === 'picture' && item.snapshot
                  ? 'no-face'
                  : item.phase === 'ready'
                    ? 'no-face-live'
                    : 'none'
            }
          />
        )}
        <ol className="faces">
          {faceIds.map((faceId) => (
            <FaceCard key={faceId} faceId={faceId} open={isOpen(faceId)} onHold={(isHeld) => hold(faceId, isHeld)} />
          ))}
        </ol>
      </div>
    </section>
  );
}

function Empty({ kind }: { kind: 'none' | 'no-face' | 'no-face-live' }) {
  if (kind === 'none') return <p className="empty">{messages.noReadings}</p>;
  if (kind === 'no-face-live') return <p className="empty">{messages.noFaceLive}</p>;
  return (
    <div className="empty">
      <p>
        <strong>{messages.noFace}</strong>
      </p>
      <p>{messages.noFaceHint}</p>
    </div>
  );
}
