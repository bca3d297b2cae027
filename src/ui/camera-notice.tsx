import { Dialog } from 'radix-ui';
import type { ReactNode } from 'react';
import { DialogFrame } from './dialog-frame.tsx';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';
import { useReturnFocus } from './use-return-focus.ts';

/** Before the first camera starts: whose consent it takes, and what cannot be read in a face. A file is as good a way on. */
export function CameraNotice({ onOpenFiles }: { onOpenFiles: () => void }) {
  const { store, controller, changeSettings } = useSession();
  const open = useAppState((state) => state.cameraNotice);
  // What was pressed may be gone with the first page.
  const focus = useReturnFocus(() => (store.get().items.length === 0 ? null : document.getElementById('stage')));
  const close = () => store.dispatch({ type: 'camera-notice', open: false });
  const accept = () => {
    close();
    changeSettings({ cameraNoticed: true });
    void controller.camera.start();
  };
  const choose = () => {
    close();
    onOpenFiles();
  };
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && close()}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content className="panel help camera-notice" aria-describedby={undefined} {...focus}>
          <Dialog.Title>{messages.cameraNotice.name}</Dialog.Title>
          <NoticeLines />
          <div className="camera-notice-actions">
            <button type="button" className="button primary" onClick={accept}>
              {messages.cameraNotice.accept}
            </button>
            <button type="button" className="button" onClick={choose}>
              {messages.cameraNotice.file}
            </button>
            <button type="button" className="button" onClick={close}>
              {messages.cameraNotice.later}
            </button>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The same to be read again. `children` is the button that opens it. */
export function CameraNoticeDialog({ children }: { children: ReactNode }) {
  return (
    <DialogFrame name={messages.cameraNotice.open} trigger={children}>
      <NoticeLines />
    </DialogFrame>
  );
}

function NoticeLines() {
  return (
    <ul className="camera-notice-lines">
      {messages.cameraNotice.lines.map(([claim, meaning]) => (
        <li key={claim}>
          <strong>{claim}</strong> {meaning}
        </li>
      ))}
    </ul>
  );
}
