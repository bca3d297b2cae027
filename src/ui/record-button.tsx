import { Clapperboard } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { type Item, selectedItem } from './analysis-state.ts';
import { messages } from './messages.ts';
import type { RecordingStatus } from './recording.ts';
import { RecordingsList } from './recordings-list.tsx';
import { useAppState, useSession } from './session-context.ts';

/** How the recording of the camera stands. */
export function useRecording(): RecordingStatus {
  const { recording } = useSession().controller.takes;
  return useSyncExternalStore(recording.onStatus, recording.status);
}

/** Whether the camera's video is recorded, and what was recorded so far. */
export function RecordControls({ item }: { item: Item }) {
  const live = useAppState((state) => selectedItem(state)?.kind === 'camera' && state.camera === 'on');
  const finished = item.takes.filter(({ length }) => length !== null);
  return (
    <>
      {live && <RecordButton />}
      {finished.length > 0 && <RecordingsList item={item} takes={finished} />}
    </>
  );
}

function RecordButton() {
  const { controller } = useSession();
  const { phase } = useRecording();
  const on = phase === 'on' || phase === 'resting';
  const text = messages.recording;
  return (
    <button
      type="button"
      className="button record-button"
      aria-label={text.start}
      aria-pressed={on}
      title={text.hint}
      disabled={phase === 'finishing'}
      onClick={() => controller.camera.toggleRecording()}
    >
      <i className="record-light" data-on={on} aria-hidden="true" />
      <span className="button-text">{text.start}</span>
      <Clapperboard className="record-icon" size={16} aria-hidden="true" />
    </button>
  );
}
