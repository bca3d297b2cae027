import { clock, megabytes } from './format.ts';
import { messages } from './messages.ts';
import { useRecording } from './record-button.tsx';

/** On the picture while it is recorded: a red light, how long, how much. */
export function RecordingSign() {
  const { phase, seconds, bytes } = useRecording();
  const text = messages.recording;
  if (phase === 'off') return <p className="visually-hidden" role="status" />;
  const time = clock(seconds).replace(/\.\d$/, '');
  const words = { on: text.on(time, megabytes(bytes)), resting: text.resting(time), finishing: text.finishing };
  return (
    <>
      <div className="recording-sign" data-phase={phase}>
        <i className="record-light" data-on={phase === 'on'} aria-hidden="true" />
        <span>{words[phase]}</span>
      </div>
      {/* Once, not at every second. */}
      <p className="visually-hidden" role="status">
        {phase === 'finishing' ? text.ended : text.began}
      </p>
    </>
  );
}
