import { DropdownMenu } from 'radix-ui';
import { type ComponentType, useEffect, useId, useState } from 'react';
import { wireError } from '../shared/errors.ts';
import { VERSION } from '../shared/version.ts';
import { type Item, selectedItem } from './analysis-state.ts';
import { useFrameSize } from './hooks.ts';
import { later } from './later.ts';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';
import type { PictureType } from './stage-picture.ts';

const text = messages.pictureExport;
const savers = { picture: later(() => import('./save-picture.ts')), timeline: later(() => import('./save-timeline.ts')) };
const videoExport = later(() => import('./video-export-dialog.tsx'));

/** The exports that show the frame itself: in the Export menu. */
export function PictureExports({ onVideo }: { onVideo: () => void }) {
  const { store, controller, settings } = useSession();
  const id = useId();
  const isVideo = useAppState((state) => {
    const item = selectedItem(state);
    return item?.kind === 'video' && controller.file(item.id) !== null;
  });
  const isRecording = useAppState((state) => (selectedItem(state)?.kind ?? 'picture') !== 'picture');
  const isEmpty = useFrameSize() === null;
  // Before something is chosen: it is the frame of that moment that is wanted.
  useEffect(() => void savers.picture().catch(() => {}), []);
  const attempt = (work: Promise<void>) =>
    work.catch((error: unknown) => store.dispatch({ type: 'notice', error: wireError('internal', ...text.failed, String(error)) }));
  const save = (type: PictureType, extension: string) =>
    void attempt(savers.picture().then(({ savePicture }) => savePicture(store, controller, settings, type, extension)));
  const saveTimeline = () => void attempt(savers.timeline().then((saver) => saver.saveTimeline(store, controller, settings)));
  return (
    <DropdownMenu.Group aria-labelledby={id}>
      <DropdownMenu.Label className="menu-label" id={id}>
        {text.group}
      </DropdownMenu.Label>
      <PictureItem of={text.png} disabled={isEmpty} onSelect={() => save('image/png', 'png')} />
      <PictureItem of={text.jpeg} disabled={isEmpty} onSelect={() => save('image/jpeg', 'jpg')} />
      {isVideo && <PictureItem of={text.video} disabled={false} onSelect={onVideo} />}
      {isRecording && <PictureItem of={text.timeline} disabled={false} onSelect={saveTimeline} />}
    </DropdownMenu.Group>
  );
}

interface PictureItemProps {
  of: { name: string; hint: string };
  disabled: boolean;
  onSelect: () => void;
}

function PictureItem({ of, disabled, onSelect }: PictureItemProps) {
  return (
    <DropdownMenu.Item className="menu-item" disabled={disabled} onSelect={onSelect}>
      <span>
        {of.name}
        <small>{of.hint}</small>
      </span>
    </DropdownMenu.Item>
  );
}

interface DialogProps {
  item: Item;
  version: string;
  onClose: () => void;
  onFocusBack: () => void;
}

/** The video export's dialog, which is loaded when it is first asked for. */
export function VideoExportSlot({ onClose, onFocusBack }: { onClose: () => void; onFocusBack: () => void }) {
  const { store } = useSession();
  const item = useAppState(selectedItem);
  const [dialog, setDialog] = useState<{ View: ComponentType<DialogProps> } | null>(null);
  useEffect(() => {
    let gone = false;
    videoExport().then(
      ({ VideoExportDialog }) => gone || setDialog({ View: VideoExportDialog }),
      (error: unknown) => {
        store.dispatch({ type: 'notice', error: wireError('internal', ...messages.videoExport.loadFailed, String(error)) });
        onClose();
      },
    );
    return () => {
      gone = true;
    };
  }, [store, onClose]);
  return item && dialog && <dialog.View item={item} version={VERSION} onClose={onClose} onFocusBack={onFocusBack} />;
}
