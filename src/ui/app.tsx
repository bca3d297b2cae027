import { useEffect, useRef, useState } from 'react';
import { useDropzone } from 'react-dropzone';
import type { ExportKind } from '../export/kinds.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import { AnswerAnnouncer } from './answer-announcer.tsx';
import { CameraNotice } from './camera-notice.tsx';
import { Controls } from './controls.tsx';
import { sortFiles } from './dropped-files.ts';
import { GlyphSprite } from './emotion-glyph.tsx';
import { PHONE, useMedia } from './hooks.ts';
import { KeepNotice } from './keep-notice.tsx';
import { later, partMissing } from './later.ts';
import { Lazy, LazyPart } from './lazy-part.tsx';
import { LoadNotice } from './load-notice.tsx';
import { messages } from './messages.ts';
import { RecoveryNotice } from './recovery-notice.tsx';
import { useAppState, useComparing, useEvaluation, usePacks, useSession } from './session-context.ts';
import { SideColumn } from './side-column.tsx';
import { Stage } from './stage.tsx';
import { Strip } from './strip.tsx';
import { TimelineSlot } from './timeline-slot.tsx';
import { TopBar } from './top-bar.tsx';
import { UndoBar } from './undo-bar.tsx';
import { UpdateNotice } from './update-notice.tsx';
import { useShortcuts } from './use-shortcuts.ts';

const EVALUATION = new LazyPart(async () => (await import('./evaluation-desk.tsx')).EvaluationDesk);
const PACKS = new LazyPart(async () => (await import('./packs-dialog.tsx')).PacksDesk);
const COMPARISON = new LazyPart(async () => (await import('./pack-comparison-dialog.tsx')).PackComparisonDialog);
const HELP = new LazyPart(async () => (await import('./help-dialog.tsx')).HelpDialog);
const sessionExport = later(() => import('./session-export.ts'));

export function App({ version }: { version: string }) {
  const { store, controller, keeper, evaluation, packs, settings } = useSession();
  const empty = useAppState((state) => state.items.length === 0);
  const explanations = useAppState((state) =>
    state.items.reduce((sum, item) => sum + item.explanations.filter((run) => !run.auto).length, 0),
  );
  // `null`: never opened.
  const [help, setHelp] = useState<boolean | null>(null);
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
  const tell = (error: WireError) => store.dispatch({ type: 'notice', error });
  const importSession = async (file: File) => {
    const added = await keeper.import(file);
    if (!added.ok) tell(added.error);
  };
  const take = (files: File[]) => {
    sortFiles(files).then(
      ({ labelled, packs: brought, sessions, others }) => {
        if (labelled.length > 0) void evaluation.take(labelled);
        for (const pack of brought) void packs.bring(pack);
        controller.files.add(others);
        for (const file of sessions) void importSession(file);
      },
      (error: unknown) => tell(partMissing(error)),
    );
  };
  const drop = useDropzone({ noClick: true, noKeyboard: true, onDrop: take });
  const [performance, setPerformance] = useState(false);
  useShortcuts(
    () => setHelp(true),
    () => setPerformance((open) => !open),
  );
  usePaste(take);
  // On a phone the text is what was asked for.
  const asked = useRef(0);
  useEffect(() => {
    if (explanations > asked.current) setTab('reasoning');
    asked.current = explanations;
  }, [explanations]);
  const save = async (kind: ExportKind) => {
    const { smoothing } = settings;
    try {
      const { buildSession, download } = await sessionExport();
      const session = buildSession(store.get(), controller.recorded, { smoothing, backend: controller.backend }, version);
      await download(session, kind, new Date());
    } catch (error) {
      tell(wireError('internal', ...messages.exportFailed, String(error)));
    }
  };
  return (
    <div {...drop.getRootProps({ className: 'app', tabIndex: undefined, role: undefined })} data-empty={empty}>
      <input {...drop.getInputProps({ 'aria-hidden': true })} />
      <GlyphSprite />
      <TopBar onHelp={() => setHelp(true)} onHelpNear={HELP.preload} />
      <div className="notices">
        <LoadNotice onOpenFiles={drop.open} />
        <RecoveryNotice />
        <KeepNotice />
        <UpdateNotice />
        {evaluating.view.everOpen && <Lazy part={EVALUATION} props={{}} />}
        {packing.view.everOpen && <Lazy part={PACKS} props={{}} />}
        {comparing.everOpen && <Lazy part={COMPARISON} props={{}} />}
        {help !== null && <Lazy part={HELP} props={{ open: help, onOpenChange: setHelp }} />}
      </div>
      <main className="columns">
        {!empty && <Strip onOpenFiles={drop.open} />}
        <div className="centre">
          <Stage onOpenFiles={drop.open} />
          {!phone && <TimelineSlot collapsible onRun={showRun} />}
          {!empty && (
            <Controls
              onExport={(kind) => void save(kind)}
              onOpenFiles={drop.open}
              performance={{ open: performance, onOpenChange: setPerformance }}
            />
          )}
        </div>
        {!empty && <SideColumn tab={tab} onTab={setTab} onRun={showRun} />}
      </main>
      <UndoBar />
      <AnswerAnnouncer />
      {drop.isDragActive && <div className="drop-veil">{messages.dropHere}</div>}
      <CameraNotice onOpenFiles={drop.open} />
    </div>
  );
}

/** A picture from the clipboard, wherever the focus is. */
function usePaste(onFiles: (files: File[]) => void): void {
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      // Spreadsheets give their cells as a picture, too: in a field, the text is what is meant.
      const isField = event.target instanceof Element && event.target.closest('input, textarea, [contenteditable]') !== null;
      if (isField && event.clipboardData?.types.includes('text/plain')) return;
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) onFiles(files);
    };
    window.addEventListener('paste', paste);
    return () => window.removeEventListener('paste', paste);
  });
}
