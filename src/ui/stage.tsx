import { type CSSProperties, useLayoutEffect, useRef, useSyncExternalStore } from 'react';
import { type Item, selectedItem } from './analysis-state.ts';
import { CameraRestNotice } from './camera-rest-notice.tsx';
import { CameraSign } from './camera-sign.tsx';
import { ErrorNotice } from './error-notice.tsx';
import { clock } from './format.ts';
import { HighlightLayer } from './highlight-layer.tsx';
import { useElementSize, useFaceIds, useFrameSize } from './hooks.ts';
import { messages } from './messages.ts';
import { isSeldom } from './read-times.ts';
import { RecordingSign } from './recording-sign.tsx';
import { useAppState, useSession } from './session-context.ts';
import { StageOverlay } from './stage-overlay.tsx';
import { useErrorAction } from './use-error-action.ts';
import { Welcome } from './welcome.tsx';

/** The picture, video or camera, as large as it fits, with what was read in it. */
export function Stage({ onOpenFiles }: { onOpenFiles: () => void }) {
  const { store } = useSession();
  const item = useAppState(selectedItem);
  const notice = useAppState((state) => state.notice);
  const action = useErrorAction(notice, null, onOpenFiles);
  const frame = useFrameSize();
  // A phone gives a wide picture no more height than it fills.
  const ratio = frame ? { '--frame-ratio': frame.width / frame.height } : {};
  return (
    <section className="stage" aria-label={messages.stage} tabIndex={-1} id="stage" style={ratio as CSSProperties}>
      {item ? <StageItem item={item} onOpenFiles={onOpenFiles} /> : <Welcome onOpenFiles={onOpenFiles} />}
      {notice && (
        <div className="stage-notice">
          <ErrorNotice
            error={notice}
            action={action?.name ?? messages.dismiss}
            onAction={action?.run ?? (() => store.dispatch({ type: 'notice', error: null }))}
          />
        </div>
      )}
    </section>
  );
}

function StageItem({ item, onOpenFiles }: { item: Item; onOpenFiles: () => void }) {
  const [viewRef, view] = useElementSize();
  const frame = useFrameSize();
  const action = useErrorAction(item.error, item, onOpenFiles);
  const scale = frame && view.width > 0 ? Math.min(view.width / frame.width, view.height / frame.height) : 0;
  return (
    <>
      <div className="stage-view" ref={viewRef}>
        <StageFrame width={(frame?.width ?? 0) * scale} height={(frame?.height ?? 0) * scale} />
      </div>
      {item.kind === 'camera' && <CameraSign />}
      {item.kind === 'camera' && <RecordingSign />}
      <CameraRestNotice item={item} />
      <StageNote item={item} />
      <ShownNote item={item} />
      {item.error && action && (
        <div className="stage-notice" data-alone={frame === null}>
          <ErrorNotice error={item.error} action={action.name} onAction={action.run} />
        </div>
      )}
    </>
  );
}

/** Hosts the controller's video and canvas, which live outside React. */
function StageFrame({ width, height }: { width: number; height: number }) {
  const { controller } = useSession();
  const host = useRef<HTMLDivElement>(null);
  const camera = useAppState((state) => state.camera);
  const peeking = useAppState(
    (state) => (state.highlight !== null && selectedItem(state)?.kind !== 'picture') || (state.replay !== null && state.camera !== 'off'),
  );
  useSyncExternalStore(controller.pictureMode.onChange, controller.pictureMode.flowing);
  const flowing = useAppState((state) => controller.pictureFlows(selectedItem(state)));
  // At once: where all is drawn anew, in another language, a video that is on no page for a moment longer is stopped by the browser.
  useLayoutEffect(() => {
    host.current?.prepend(controller.source.element, controller.painter.canvas);
  }, [controller]);
  const mirrored = controller.mirrored;
  return (
    <div
      className="stage-frame"
      ref={host}
      style={{ width, height }}
      data-mirrored={mirrored}
      data-peeking={peeking}
      data-flowing={flowing}
      data-camera={camera}
    >
      {width > 0 && !peeking && <StageOverlay mirrored={mirrored} />}
      {width > 0 && <HighlightLayer mirrored={mirrored} />}
    </div>
  );
}

/** While an explained or recorded frame is looked at in place of what the camera shows: which, and the way back. */
function ShownNote({ item }: { item: Item }) {
  const { controller } = useSession();
  const runId = useAppState((state) => (state.highlight && !state.highlight.evidence ? state.highlight.runId : null));
  const replay = useAppState((state) => state.replay);
  const run = item.explanations.find((each) => each.runId === runId);
  if (!run && replay === null) return null;
  return (
    <p className="stage-note shown-note">
      {run ? messages.timeline.shown(clock(run.time)) : messages.recording.shown(clock(replay ?? 0))}
      <button type="button" onClick={() => controller.moment.endShow()}>
        {messages.timeline.back}
      </button>
    </p>
  );
}

/** One line at the foot of the picture: what is awaited, or that there is no face. */
function StageNote({ item }: { item: Item }) {
  const faces = useFaceIds();
  const camera = useAppState((state) => state.camera);
  const readerReady = useAppState((state) => state.model.parts.reader.phase === 'ready');
  const { settings } = useSession();
  if (item.phase === 'failed') return null;
  const seldom = settings.facesShown !== 'as-they-are' && item.jobs?.some(isSeldom);
  const text = noteFor(item, faces.length, camera === 'starting', readerReady) || (seldom ? messages.faces.seldom : '');
  return text === '' ? null : <p className="stage-note">{text}</p>;
}

function noteFor(item: Item, faces: number, starting: boolean, readerReady: boolean): string {
  if (item.kind === 'camera' && starting) return messages.cameraStarting;
  if (item.kept && item.kind === 'camera') return messages.sessions.recorded;
  if (item.kept === 'readings') return messages.sessions.onlyReadings;
  if (!readerReady && !(item.kept && item.snapshot)) return messages.waitingForReader;
  if (item.kind !== 'picture') return '';
  if (item.phase === 'waiting') return messages.waiting;
  if (item.phase === 'reading') return messages.reading;
  return item.snapshot && faces === 0 ? messages.noFace : '';
}
