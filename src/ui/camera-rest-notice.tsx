import { CameraOff } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import type { Item } from './analysis-state.ts';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';

/** On a camera session whose camera was turned off while the tab was hidden: that it was, and the way to go on. */
export function CameraRestNotice({ item }: { item: Item }) {
  const { cameraRest } = useSession().controller;
  const rested = useSyncExternalStore(cameraRest.onRested, cameraRest.rested);
  const camera = useAppState((state) => state.camera);
  if (rested?.itemId !== item.id || camera !== 'off') return null;
  return (
    <div className="stage-notice">
      <div className="notice quiet-notice" role="status">
        <CameraOff size={18} aria-hidden="true" />
        <div className="notice-text">
          <strong>{messages.cameraRest.off}</strong> {messages.cameraRest.stays}
        </div>
        <button type="button" className="button small" onClick={() => cameraRest.goOn()}>
          {messages.cameraRest.goOn}
        </button>
      </div>
    </div>
  );
}
