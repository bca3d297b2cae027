import { Activity, Download, Pause, Play, Sparkle, Square } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useId, useRef } from 'react';
import { EXPORT_GROUPS, type ExportKind } from '../export/files.ts';
import { canStop, type Item, selectedItem } from './analysis-state.ts';
import { useReadingsDraw } from './hooks.ts';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';
import { SmoothingSlider } from './settings-popover.tsx';
import { VideoPosition } from './video-position.tsx';

export function Controls({ onExport }: { onExport: (kind: ExportKind) => void }) {
  const { controller, settings } = useSession();
  const item = useAppState(selectedItem);
  const camera = useAppState((state) => state.camera);
  const stoppable = useAppState(canStop);
  const readable = useAppState((state) => state.model.parts.reader.phase !== 'loading');
  const live = (item?.kind === 'video' && item.kept !== 'readings') || (item?.kind === 'camera' && camera === 'on');
  const explainable = item !== null && item.phase !== 'failed' && (item.kind === 'picture' || readable);
  return (
    <div className="controls">
      {item?.kind === 'video' && <VideoPosition />}
      <div className="controls-row">
        {live && item && <PauseButton item={item} />}
        <button
          type="button"
          className="button primary"
          aria-keyshortcuts={messages.explainKey}
          disabled={!explainable}
          onClick={() => controller.explain()}
        >
          <Sparkle size={16} aria-hidden="true" /> {messages.explain}
        </button>
        <button type="button" className="button" aria-keyshortcuts="Escape" disabled={!stoppable} onClick={() => controller.stop()}>
          <Square size={13} aria-hidden="true" fill="currentColor" /> {messages.stop}
        </button>
        {live && <ExplainPeaks />}
        {live && (
          <div className="controls-smoothing" title={messages.smoothing}>
            <span aria-hidden="true">{messages.smoothing}</span>
            <SmoothingSlider />
            <output className="controls-value">{messages.smoothingValue(settings.smoothing)}</output>
          </div>
        )}
        <span className="controls-space" />
        {live && <Rate />}
        <ExportMenu onExport={onExport} />
      </div>
    </div>
  );
}

function PauseButton({ item }: { item: Item }) {
  const { controller } = useSession();
  const paused = useAppState((state) => state.paused);
  const label = paused ? messages.play : messages.pause;
  return (
    <button
      type="button"
      className="icon-button filled"
      aria-label={label}
      title={label}
      disabled={item.phase === 'failed'}
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

function Rate() {
  const text = useRef<HTMLSpanElement>(null);
  useReadingsDraw({
    digits: (live) => {
      const rate = live.rate(performance.now());
      if (text.current) text.current.textContent = rate > 0 ? messages.readingsPerSecond(rate) : '';
    },
  });
  return <span className="rate" ref={text} />;
}

const GROUPS = ['data', 'subtitles', 'report'] as const satisfies (keyof typeof EXPORT_GROUPS)[];

function ExportMenu({ onExport }: { onExport: (kind: ExportKind) => void }) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="button" title={messages.export}>
        <Download size={16} aria-hidden="true" /> <span className="button-text">{messages.export}</span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu export-menu" sideOffset={6} align="end" collisionPadding={8}>
          {GROUPS.map((group) => (
            <ExportGroup key={group} name={messages.exportGroups[group]} kinds={EXPORT_GROUPS[group]} onExport={onExport} />
          ))}
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
