import { lazy, Suspense, useEffect, useState } from 'react';
import { useDropzone } from 'react-dropzone';
import type { ExportKind } from '../export/files.ts';
import { wireError } from '../shared/errors.ts';
import { AnswerAnnouncer } from './answer-announcer.tsx';
import { CameraNotice } from './camera-notice.tsx';
import { Controls } from './controls.tsx';
import { sortFiles } from './dropped-files.ts';
import { GlyphSprite } from './emotion-glyph.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { PHONE, useMedia } from './hooks.ts';
import { KeepNotice } from './keep-notice.tsx';
import { LoadNotice } from './load-notice.tsx';
import { messages } from './messages.ts';
import { RecoveryNotice } from './recovery-notice.tsx';
import { useAppState, useComparing, useEvaluation, usePacks, useSession } from './session-context.ts';
import { buildSession, download } from './session-export.ts';
import { SideColumn } from './side-column.tsx';
import { Stage } from './stage.tsx';
import { Strip } from './strip.tsx';
import { TimelineSlot } from './timeline-slot.tsx';
import { TopBar } from './top-bar.tsx';
import { UndoBar } from './undo-bar.tsx';
import { UpdateNotice } from './update-notice.tsx';
import { useShortcuts } from './use-shortcuts.ts';

const EvaluationDesk = lazy(() => import('./evaluation-desk.tsx'));
const PacksDesk = lazy(() => import('./packs-dialog.tsx'));
const PackComparison = lazy(() => import('./pack-comparison-dialog.tsx'));

export function App({ version }: { version: string }) {
  const { store, controller, keeper, evaluation, packs, settings } = useSession();
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
  const evaluating = useEvaluation();
  const packing = usePacks();
  const comparing = useComparing();
  const importSession = async (file: File) => {
    const added = await keeper.import(file);
    if (!added.ok) store.dispatch({ type: 'notice', error: added.error });
  };
  const take = (files: File[]) => {
    void sortFiles(files).then(({ labelled, pack, sessions, others }) => {
      if (labelled.length > 0) void evaluation.take(labelled);
      if (pack.length > 0) void packs.bring(pack);
      controller.addFiles(others);
      for (const file of sessions) void importSession(file);
    });
  };
  const drop = useDropzone({ noClick: true, noKeyboard: true, onDrop: take });
  const [performance, setPerformance] = useState(false);
  useShortcuts(
    () => setHelp(true),
    () => setPerformance((open) => !open),
  );
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
        <RecoveryNotice />
        <KeepNotice />
        <UpdateNotice />
        {evaluating.view.everOpen && (
          <Suspense>
            <EvaluationDesk />
          </Suspense>
        )}
        {packing.view.everOpen && (
          <Suspense>
            <PacksDesk />
          </Suspense>
        )}
        {comparing.everOpen && (
          <Suspense>
            <PackComparison />
          </Suspense>
        )}
      </div>
      <main className="columns">
        {!empty && <Strip onOpenFiles={drop.open} />}
        <div className="centre">
          <Stage onOpenFiles={drop.open} />
          {!phone && <TimelineSlot collapsible onRun={showRun} />}
          {!empty && <Controls onExport={save} onOpenFiles={drop.open} performance={{ open: performance, onOpenChange: setPerformance }} />}
        </div>
        {!empty && <SideColumn tab={tab} onTab={setTab} onRun={showRun} />}
      </main>
      <UndoBar />
      <AnswerAnnouncer />
      {drop.isDragActive && <div className="drop-veil">{messages.dropHere}</div>}
      <HelpDialog open={help} onOpenChange={setHelp} />
      <CameraNotice onOpenFiles={drop.open} />
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
