import { X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { type RefObject, useEffect, useId, useRef, useState } from 'react';
import type { Stretch } from '../overlay/face-tracks.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { OverlayParts } from '../shared/overlay.ts';
import { planVideoExport, type VideoExportPlan, type WrittenVideo } from '../workers/client.ts';
import type { Item } from './analysis-state.ts';
import { parseClock } from './clock-text.ts';
import { ErrorNotice } from './error-notice.tsx';
import { ErrorText } from './error-text.tsx';
import { clock, megabytes } from './format.ts';
import { messages } from './messages.ts';
import { useSession } from './session-context.ts';
import { Choice } from './settings-popover.tsx';
import { SwitchLine } from './switch-line.tsx';
import { useVideoExport } from './use-video-export.ts';
import { readNotice, SMALL_SIDE, type VideoChoices, withFaces } from './video-export.ts';
import { VideoExportProgress } from './video-export-progress.tsx';
import './video-export.css';

const text = messages.videoExport;
const PARTS = ['boxes', 'emotions', 'names', 'bars', 'plane', 'captions'] as const satisfies (keyof OverlayParts)[];

interface VideoExportDialogProps {
  item: Item;
  version: string;
  onClose: () => void;
  /** The focus goes back to where the dialog was opened. */
  onFocusBack: () => void;
}

/** Writes the video on the stage anew, with what was read drawn into it. */
export function VideoExportDialog({ item, version, onClose, onFocusBack }: VideoExportDialogProps) {
  // While a video is written, a slip of the hand does not throw it away: the dialog has buttons for that.
  const writing = useRef(false);
  const stay = (event: Event) => {
    if (writing.current) event.preventDefault();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content
          className="panel help card video-export"
          aria-describedby={undefined}
          onEscapeKeyDown={stay}
          onInteractOutside={stay}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            onFocusBack();
          }}
        >
          <Dialog.Title>{text.name}</Dialog.Title>
          <div className="card-body">
            <VideoExport item={item} version={version} writing={writing} />
          </div>
          <Dialog.Close className="icon-button help-close" aria-label={messages.close}>
            <X size={18} aria-hidden="true" />
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface VideoExportProps {
  item: Item;
  version: string;
  writing: RefObject<boolean>;
}

function VideoExport({ item, version, writing }: VideoExportProps) {
  const { controller } = useSession();
  const [plan, setPlan] = useState<VideoExportPlan | WireError | null>(null);
  const file = controller.file(item.id);
  useEffect(() => {
    if (!file) return;
    let gone = false;
    void planVideoExport(file, [null, SMALL_SIDE]).then((found) => gone || setPlan(found.ok ? found.value : found.error));
    return () => {
      gone = true;
    };
  }, [file]);
  if (!file) return <p>{messages.sessions.onlyReadings}</p>;
  if (plan === null) return <p role="status">{text.looking}</p>;
  if ('code' in plan)
    return (
      <p role="alert">
        <ErrorText error={plan} />
      </p>
    );
  return <Form item={item} file={file} plan={plan} version={version} writing={writing} />;
}

function Form({ item, file, plan, version, writing }: VideoExportProps & { file: Blob; plan: VideoExportPlan }) {
  const { controller, settings } = useSession();
  const readTimes = controller.readings.times(item.id);
  const [choices, setChoices] = useState<VideoChoices>(() =>
    withFaces(
      {
        parts: { boxes: true, emotions: true, names: true, bars: true, plane: false, captions: true },
        faces: 'as-they-are',
        range: null,
        maxSide: null,
        sound: true,
      },
      settings.facesShown,
    ),
  );
  const [range, setRange] = useState({ from: clock(plan.start), to: clock(plan.end) });
  const { phase, start, stop, reset } = useVideoExport(item, file, plan, version);
  useEffect(() => {
    writing.current = phase.name === 'writing';
  }, [phase, writing]);
  const whole: Stretch = { from: plan.start, to: plan.end };
  const part = choices.range && parsedRange(range, whole);
  const asked = choices.range ? part : whole;
  const format = plan.formats.find(({ maxSide }) => maxSide === choices.maxSide)?.format ?? null;
  const notice = asked && readNotice(readTimes, asked, choices.faces);
  const unread = notice === text.nothingRead || notice === text.tooSeldom;
  if (phase.name === 'writing') return <VideoExportProgress phase={phase} onStop={stop} />;
  if (phase.name === 'done') return <Done written={phase.written} onAgain={reset} />;
  return (
    <form
      className="video-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (asked && format) start({ ...choices, sound: choices.sound && plan.hasSound }, asked, format);
      }}
    >
      <fieldset className="setting">
        <legend className="setting-name">{text.draw}</legend>
        {PARTS.map((key) => (
          <SwitchLine
            key={key}
            label={text.parts[key]}
            checked={choices.parts[key]}
            onChange={(on) => setChoices({ ...choices, parts: { ...choices.parts, [key]: on } })}
          />
        ))}
      </fieldset>
      <Choice
        label={text.faces}
        value={choices.faces}
        names={messages.faces.ways}
        {...(choices.faces !== 'as-they-are' && { hint: `${text.facesHint[choices.faces]} ${text.notFound}` })}
        onChange={(faces) => setChoices(withFaces(choices, faces))}
      />
      <Choice
        label={text.range}
        value={choices.range ? 'part' : 'whole'}
        names={{ whole: text.whole, part: text.part }}
        onChange={(way) => setChoices({ ...choices, range: way === 'part' ? whole : null })}
      />
      {choices.range && (
        <div className="video-range">
          <TimeField label={text.from} value={range.from} wrong={part === null} onChange={(from) => setRange({ ...range, from })} />
          <TimeField label={text.to} value={range.to} wrong={part === null} onChange={(to) => setRange({ ...range, to })} />
          <small role={part === null ? 'alert' : undefined}>
            {part === null ? text.wrongRange(clock(plan.start), clock(plan.end)) : text.timeHint}
          </small>
        </div>
      )}
      {Math.max(plan.width, plan.height) > SMALL_SIDE && <SizeChoice plan={plan} choices={choices} onChange={setChoices} />}
      {plan.hasSound ? (
        <div className="setting">
          <SwitchLine label={text.sound} checked={choices.sound} onChange={(sound) => setChoices({ ...choices, sound })} />
          {choices.faces !== 'as-they-are' && choices.sound && <small>{text.voiceHint}</small>}
        </div>
      ) : (
        <small>{text.noSound}</small>
      )}
      {notice && <p className="video-notice">{notice}</p>}
      {format ? (
        <small>{text.format(text.codecs[format.codec], text.containers[format.container])}</small>
      ) : (
        <p role="alert">
          <ErrorText error={wireError('video-encoder', ...text.noEncoder)} />
        </p>
      )}
      {phase.name === 'failed' && <ErrorNotice error={phase.error} action={messages.dismiss} onAction={reset} />}
      <button type="submit" className="button primary" disabled={!asked || !format || unread}>
        {text.start}
      </button>
    </form>
  );
}

function parsedRange({ from, to }: { from: string; to: string }, whole: Stretch): Stretch | null {
  const begin = parseClock(from);
  const end = parseClock(to);
  // What is shown is rounded to tenths: the ends themselves are meant.
  if (begin === null || end === null || begin >= end || begin < whole.from - 0.05 || end > whole.to + 0.05) return null;
  return { from: Math.max(begin, whole.from), to: Math.min(end, whole.to) };
}

function SizeChoice({
  plan,
  choices,
  onChange,
}: {
  plan: VideoExportPlan;
  choices: VideoChoices;
  onChange: (choices: VideoChoices) => void;
}) {
  const scale = SMALL_SIDE / Math.max(plan.width, plan.height);
  return (
    <Choice
      label={text.size}
      value={choices.maxSide === null ? 'whole' : 'small'}
      names={{
        whole: text.asIs(plan.width, plan.height),
        small: text.atMost(Math.round(plan.width * scale), Math.round(plan.height * scale)),
      }}
      onChange={(size) => onChange({ ...choices, maxSide: size === 'small' ? SMALL_SIDE : null })}
    />
  );
}

function TimeField({ label, value, wrong, onChange }: { label: string; value: string; wrong: boolean; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <span className="video-time">
      <label htmlFor={id}>{label}</label>
      <input id={id} value={value} size={8} inputMode="decimal" aria-invalid={wrong} onChange={(event) => onChange(event.target.value)} />
    </span>
  );
}

function Done({ written, onAgain }: { written: WrittenVideo; onAgain: () => void }) {
  const again = useRef<HTMLButtonElement>(null);
  useEffect(() => again.current?.focus(), []);
  return (
    <div className="video-form" role="status">
      <p>{text.done(megabytes(written.bytes))}</p>
      {written.lostSound && <p>{text.lostSound}</p>}
      {written.lostFrom !== null && <p>{text.lostEnd(clock(written.lostFrom))}</p>}
      <button type="button" className="button help-card" ref={again} onClick={onAgain}>
        {text.again}
      </button>
    </div>
  );
}
