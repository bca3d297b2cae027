import { Progress } from 'radix-ui';
import { useEffect, useRef } from 'react';
import { clock } from './format.ts';
import { messages } from './messages.ts';
import type { ExportPhase } from './use-video-export.ts';
import { secondsLeft } from './video-export.ts';

const text = messages.videoExport;

/** How far it is, how long it takes, and the way out. */
export function VideoExportProgress({ phase, onStop }: { phase: Extract<ExportPhase, { name: 'writing' }>; onStop: () => void }) {
  const cancel = useRef<HTMLButtonElement>(null);
  // The button that had the focus is gone.
  useEffect(() => cancel.current?.focus(), []);
  const share = phase.seconds > 0 ? Math.min(1, phase.done / phase.seconds) : 0;
  const left = secondsLeft(share, phase.elapsed);
  return (
    <div className="video-form">
      <Progress.Root className="load-bar bench-bar" value={Math.round(100 * share)} aria-label={text.name}>
        <Progress.Indicator className="load-bar-fill" style={{ transform: `scaleX(${share})` }} />
      </Progress.Root>
      <p>
        {phase.stopping ? text.stopping : text.writing(clock(phase.done), clock(phase.seconds))}
        {left !== null && !phase.stopping && ` · ${text.timeLeft(clock(left).replace(/\.\d$/, ''))}`}
      </p>
      <button type="button" className="button help-card" ref={cancel} disabled={phase.stopping} onClick={onStop}>
        {messages.sessions.cancel}
      </button>
    </div>
  );
}
