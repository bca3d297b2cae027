import { useEffect, useState } from 'react';
import { useDropzone } from 'react-dropzone';
import type { ExportKind } from '../export/files.ts';
import { wireError } from '../shared/errors.ts';
import { Controls } from './controls.tsx';
import { GlyphSprite } from './emotion-glyph.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { PHONE, useMedia } from './hooks.ts';
import { KeepNotice } from './keep-notice.tsx';
import { LoadNotice } from './load-notice.tsx';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';
import { buildSession, download } from './session-export.ts';
import { SideColumn } from './side-column.tsx';
import { Stage } from './stage.tsx';
import { Strip } from './strip.tsx';
import { TimelineSlot } from './timeline-slot.tsx';
import { TopBar } from './top-bar.tsx';
import { UndoBar } from './undo-bar.tsx';
import { useShortcuts } from './use-shortcuts.ts';

export function App({ version }: { version: string }) {
  const { store, controller, keeper, settings } = useSession();
  const empty = useAppState((state) => state.items.length === 0);
  const explanations = useAppState((state) =>
    state.items.reduce((sum, item) => sum + item.explanations.filter((run) => !run.auto).length, 0),
  );
  const [help, setHelp] = useState(false);
  const [tab, setTab] = useState('readings');
  const phone = useMedia(PHONE);
  const showRun = (runId: string) => {
    setTab('reasoning');
    // On a phone the tab has to open first.
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(`run-${runId}`)?.focus()));
  };
  const take = (files: File[]) => {
    controller.addFiles(files.filter((file) => !isArchive(file)));
    for (const file of files.filter(isArchive)) {
      void keeper.import(file).then((added) => added.ok || store.dispatch({ type: 'notice', error: added.error }));
    }
  };
  const drop = useDropzone({ noClick: true, noKeyboard: true, onDrop: take });
  useShortcuts(() => setHelp(true));
  usePaste(take);
  // On a phone the text is what was asked for.
  useEffect(() => {
    if (explanations > 0) setTab('reasoning');
  }, [explanations]);
  const save = (kind: ExportKind) => {
    const { smoothing } = settings;
    const session = buildSession(store.get(), controller.recorded, { smoothing, backend: controller.backend }, version);
    download(session, kind, new Date()).catch((error: unknown) => {
      const { message, remedy } = messages.exportFailed;
      store.dispatch({ type: 'notice', error: wireError('internal', message, remedy, String(error)) });
    });
  };
  return (
    <div {...drop.getRootProps({ className: 'app', tabIndex: undefined, role: undefined })} data-empty={empty}>
      <input {...drop.getInputProps({ 'aria-hidden': true })} />
      <GlyphSprite />
      <TopBar onHelp={() => setHelp(true)} />
      <div className="notices">
        <LoadNotice onOpenFiles={drop.open} />
        <KeepNotice />
      </div>
      <main className="columns">
        {!empty && <Strip onOpenFiles={drop.open} />}
        <div className="centre">
          <Stage onOpenFiles={drop.open} />
          {!phone && <TimelineSlot collapsible onRun={showRun} />}
          {!empty && <Controls onExport={save} />}
        </div>
        {!empty && <SideColumn tab={tab} onTab={setTab} onRun={showRun} />}
      </main>
      <UndoBar />
      {drop.isDragActive && <div className="drop-veil">{messages.dropHere}</div>}
      <HelpDialog open={help} onOpenChange={setHelp} />
    </div>
  );
}

/** Sessions come as such; what only looks like one is told by what is in it. */
const isArchive = (file: File) => /\.zip$/i.test(file.name) || file.type === 'application/zip';

/** A picture from the clipboard, wherever the focus is. */
function usePaste(onFiles: (files: File[]) => void): void {
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) onFiles(files);
    };
    window.addEventListener('paste', paste);
    return () => window.removeEventListener('paste', paste);
  });
}
