import { useEffect, useState } from 'react';
import { useDropzone } from 'react-dropzone';
import { Controls } from './controls.tsx';
import { GlyphSprite } from './emotion-glyph.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { LoadNotice } from './load-notice.tsx';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';
import { buildSession, download, type ExportKind } from './session-export.ts';
import { SideColumn } from './side-column.tsx';
import { Stage } from './stage.tsx';
import { Strip } from './strip.tsx';
import { TopBar } from './top-bar.tsx';
import { UndoBar } from './undo-bar.tsx';
import { useShortcuts } from './use-shortcuts.ts';

export function App({ version }: { version: string }) {
  const { store, controller, settings } = useSession();
  const empty = useAppState((state) => state.items.length === 0);
  const explanations = useAppState((state) => state.items.reduce((sum, item) => sum + item.explanations.length, 0));
  const [help, setHelp] = useState(false);
  const [tab, setTab] = useState('readings');
  const drop = useDropzone({ noClick: true, noKeyboard: true, onDrop: (files) => controller.addFiles(files) });
  useShortcuts(() => setHelp(true));
  usePaste((files) => controller.addFiles(files));
  // On a phone the text is what was asked for.
  useEffect(() => {
    if (explanations > 0) setTab('reasoning');
  }, [explanations]);
  const save = (kind: ExportKind) => {
    const { smoothing } = settings;
    const session = buildSession(store.get(), controller.recorded, { smoothing, backend: controller.backend }, version);
    download(session, kind, new Date());
  };
  return (
    <div {...drop.getRootProps({ className: 'app', tabIndex: undefined, role: undefined })} data-empty={empty}>
      <input {...drop.getInputProps({ 'aria-hidden': true })} />
      <GlyphSprite />
      <TopBar onHelp={() => setHelp(true)} />
      <LoadNotice onOpenFiles={drop.open} />
      <main className="columns">
        {!empty && <Strip onOpenFiles={drop.open} />}
        <div className="centre">
          <Stage onOpenFiles={drop.open} />
          {!empty && <Controls onExport={save} />}
        </div>
        {!empty && <SideColumn tab={tab} onTab={setTab} />}
      </main>
      <UndoBar />
      {drop.isDragActive && <div className="drop-veil">{messages.dropHere}</div>}
      <HelpDialog open={help} onOpenChange={setHelp} />
    </div>
  );
}

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
