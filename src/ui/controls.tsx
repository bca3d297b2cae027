import { Activity, Download, Pause, Play, Sparkle, Square } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { type Ref, useCallback, useId, useRef, useState } from 'react';
import { EXPORT_GROUPS, type ExportKind } from '../export/kinds.ts';
import { canStop, selectedItem } from './analysis-state.ts';
import { messages } from './messages.ts';
import { PerformancePanel } from './performance-panel.tsx';
import { PictureExports, VideoExportSlot } from './picture-exports.tsx';
import { RecordControls } from './record-button.tsx';
import { useAppState, useSession } from './session-context.ts';
import { SmoothingSlider } from './settings-popover.tsx';
import { VideoJobLine } from './video-job-line.tsx';
import { VideoJobPopover } from './video-job-popover.tsx';
import { VideoPosition } from './video-position.tsx';
import { WordsPopover } from './words-popover.tsx';

interface ControlsProps {
  onExport: (kind: ExportKind) => void;
  onOpenFiles: () => void;
  performance: { open: boolean; onOpenChange: (open: boolean) => void };
}

export function Controls({ onExport, onOpenFiles, performance }: ControlsProps) {
  const { controller, settings } = useSession();
  const item = useAppState(selectedItem);
  const camera = useAppState((state) => state.camera);
  const stoppable = useAppState(canStop);
  const readable = useAppState((state) => state.model.parts.reader.phase !== 'loading');
  const live = (item?.kind === 'video' && item.kept !== 'readings') || (item?.kind === 'camera' && camera === 'on');
  const recorded = item?.kind === 'camera' && camera === 'off' && item.takes.some(({ length }) => length !== null);
  const explainable = item !== null && item.phase !== 'failed' && (item.kind === 'picture' || readable);
  return (
    <div className="controls">
      {item?.kind === 'video' && <VideoPosition />}
      {item?.kind === 'video' && <VideoJobLine onOpenFiles={onOpenFiles} />}
      <div className="controls-row">
        {(live || recorded) && item && <PauseButton disabled={item.phase === 'failed' && !recorded} />}
        <button
          type="button"
          className="button primary"
          aria-keyshortcuts={messages.explainKey}
          disabled={!explainable}
          onClick={() => controller.explainer.explain()}
        >
          <Sparkle size={16} aria-hidden="true" /> {messages.explain}
        </button>
        {explainable && <WordsPopover key={item.id} item={item} />}
        <button type="button" className="button" aria-keyshortcuts="Escape" disabled={!stoppable} onClick={() => controller.stop()}>
          <Square size={13} aria-hidden="true" fill="currentColor" /> {messages.stop}
        </button>
        {item?.kind === 'video' && <VideoJobPopover onOpenFiles={onOpenFiles} />}
        {live && <ExplainPeaks />}
        {live && (
          <div className="controls-smoothing" title={messages.smoothing}>
            <span aria-hidden="true">{messages.smoothing}</span>
            <SmoothingSlider />
            <output className="controls-value">{messages.smoothingValue(settings.smoothing)}</output>
          </div>
        )}
        <span className="controls-space" />
        {item?.kind === 'camera' && <RecordControls item={item} />}
        <PerformancePanel {...performance} />
        <ExportMenu onExport={onExport} />
      </div>
    </div>
  );
}

function PauseButton({ disabled }: { disabled: boolean }) {
  const { controller } = useSession();
  const paused = useAppState((state) => state.paused);
  const label = paused ? messages.play : messages.pause;
  return (
    <button
      type="button"
      className="icon-button filled"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={() => controller.setPaused(!paused)}
    >
      {paused ? <Play size={17} aria-hidden="true" /> : <Pause size={17} aria-hidden="true" />}
    </button>
  );
}

/** Whether changes of expression are explained by themselves. */
function ExplainPeaks() {
  const { settings, changeSettings } = useSession();
  const { explainPeaks } = settings;
  return (
    <button
      type="button"
      className="button explain-peaks"
      aria-pressed={explainPeaks}
      title={messages.timeline.explainPeaksHint}
      onClick={() => changeSettings({ explainPeaks: !explainPeaks })}
    >
      <Activity size={16} aria-hidden="true" /> <span className="button-text">{messages.timeline.explainPeaks}</span>
    </button>
  );
}

const GROUPS = ['data', 'subtitles', 'report'] as const satisfies (keyof typeof EXPORT_GROUPS)[];

function ExportMenu({ onExport }: { onExport: (kind: ExportKind) => void }) {
  const [video, setVideo] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const closeVideo = useCallback(() => setVideo(false), []);
  return (
    <>
      <ExportDropdown trigger={trigger} onExport={onExport} onVideo={() => setVideo(true)} />
      {video && <VideoExportSlot onClose={closeVideo} onFocusBack={() => trigger.current?.focus()} />}
    </>
  );
}

interface ExportDropdownProps {
  trigger: Ref<HTMLButtonElement>;
  onExport: (kind: ExportKind) => void;
  onVideo: () => void;
}

function ExportDropdown({ trigger, onExport, onVideo }: ExportDropdownProps) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="button" ref={trigger} title={messages.export}>
        <Download size={16} aria-hidden="true" /> <span className="button-text">{messages.export}</span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu export-menu" sideOffset={6} align="end" collisionPadding={8}>
          {GROUPS.map((group) => (
            <ExportGroup key={group} name={messages.exportGroups[group]} kinds={EXPORT_GROUPS[group]} onExport={onExport} />
          ))}
          <PictureExports onVideo={onVideo} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface ExportGroupProps {
  name: string;
  kinds: readonly ExportKind[];
  onExport: (kind: ExportKind) => void;
}

function ExportGroup({ name, kinds, onExport }: ExportGroupProps) {
  const id = useId();
  return (
    <DropdownMenu.Group aria-labelledby={id}>
      <DropdownMenu.Label className="menu-label" id={id}>
        {name}
      </DropdownMenu.Label>
      {kinds.map((kind) => (
        <DropdownMenu.Item key={kind} className="menu-item" onSelect={() => onExport(kind)}>
          <span>
            {messages.exports[kind].name}
            <small>{messages.exports[kind].hint}</small>
          </span>
        </DropdownMenu.Item>
      ))}
    </DropdownMenu.Group>
  );
}
