import { List, Locate, Trash2 } from 'lucide-react';
import { Popover } from 'radix-ui';
import { MARK_KINDS, type Mark } from '../export/session.ts';
import type { Explanation, Item } from './analysis-state.ts';
import { answerName } from './answer-name.ts';
import { clock } from './format.ts';
import { IconButton } from './icon-button.tsx';
import { MarkStart } from './mark-start.tsx';
import { messages } from './messages.ts';
import type { Peak } from './peaks.ts';
import { nameOf, personOf } from './people.ts';
import { useSession } from './session-context.ts';

/** Of peaks and explanations the newest are listed. */
const LISTED = 60;
/** As long as a record allows. */
const MAX_TEXT = 500;

interface TimelineMarksProps {
  item: Item;
  peaks: () => readonly Peak[];
  onGo: (time: number) => void;
  onRun: (run: Explanation) => void;
}

/** All that is marked on the timeline, as lists: the user's own marks to be changed, peaks and explanations to go to. */
export function TimelineMarks(props: TimelineMarksProps) {
  const count = props.item.marks.length;
  return (
    <Popover.Root>
      <Popover.Trigger className="button small" title={messages.timeline.marksTitle}>
        <List size={14} aria-hidden="true" /> <span className="timeline-word">{messages.timeline.marks(count)}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className="panel marks"
          sideOffset={6}
          align="end"
          collisionPadding={8}
          aria-label={messages.timeline.marksTitle}
          // Escape in a field that was changed gives its old value back: the list hears of the key first.
          onEscapeKeyDown={(event) => {
            if (event.target instanceof HTMLElement && event.target.dataset.changed === 'true') event.preventDefault();
          }}
        >
          <Lists {...props} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Lists({ item, peaks, onGo, onRun }: TimelineMarksProps) {
  const moments = [
    ...peaks().map((peak) => ({
      key: `peak ${peak.faceId} ${peak.time}`,
      time: peak.time,
      text: messages.timeline.peak(
        messages.timeline.peakKinds[peak.kind],
        nameOf(item.people, peak.faceId) ?? messages.fromFace(personOf(item.people, peak.faceId)),
      ),
      go: () => onGo(peak.time),
    })),
    ...item.explanations.map((run) => ({
      key: run.runId,
      time: run.time,
      text: messages.timeline.explanation(messages.tasks[run.task].name, run.answer ? answerName(run.answer.text) : ''),
      go: () => onRun(run),
    })),
  ].sort((a, b) => a.time - b.time);
  return (
    <>
      <h3>{messages.timeline.marksTitle}</h3>
      {item.marks.length === 0 && <p className="marks-none">{messages.timeline.noMarks}</p>}
      <ul className="marks-list">
        {item.marks.map((mark) => (
          <MarkRow key={mark.id} item={item} mark={mark} onGo={onGo} />
        ))}
      </ul>
      {moments.length > 0 && (
        <>
          <h3>{messages.timeline.momentsTitle}</h3>
          <ul className="marks-list">
            {moments.slice(-LISTED).map(({ key, time, text, go }) => (
              <li key={key}>
                <button type="button" className="marks-moment" onClick={go}>
                  <span>{clock(time)}</span> {text}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {item.cuts && item.cuts.length > 0 && (
        <>
          <h3>{messages.timeline.cutsTitle}</h3>
          <ul className="marks-list">
            {item.cuts.slice(-LISTED).map(({ time }) => (
              <li key={time}>
                <button type="button" className="marks-moment" onClick={() => onGo(time)}>
                  <span>{clock(time)}</span> {messages.timeline.cut}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function MarkRow({ item, mark, onGo }: { item: Item; mark: Mark; onGo: (time: number) => void }) {
  const { store, controller } = useSession();
  const at = clock(mark.time);
  const change = (changes: Partial<Mark>) => store.dispatch({ type: 'mark-set', itemId: item.id, mark: { ...mark, ...changes } });
  const endHere = () => {
    const now = controller.moment.present();
    change({ end: now !== null && now > mark.time ? now : null });
  };
  return (
    <li className="mark">
      <IconButton name={messages.timeline.goTo(at)} onClick={() => onGo(mark.time)}>
        <Locate size={15} aria-hidden="true" />
      </IconButton>
      <MarkStart key={mark.time} mark={mark} extent={() => controller.moment.extent(item)} onChange={change} />
      <select
        aria-label={messages.timeline.markKind(at)}
        value={mark.kind}
        onChange={({ target }) => {
          const kind = MARK_KINDS.find((each) => each === target.value);
          if (kind) change({ kind });
        }}
      >
        {MARK_KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {messages.timeline.markKinds[kind]}
          </option>
        ))}
      </select>
      <input
        type="text"
        aria-label={messages.timeline.markText(at)}
        placeholder={messages.timeline.markTextHint}
        maxLength={MAX_TEXT}
        value={mark.text}
        onChange={({ target }) => change({ text: target.value })}
      />
      <span className="mark-end">{mark.end === null ? messages.timeline.moment : messages.timeline.until(clock(mark.end))}</span>
      <button type="button" className="button small" aria-label={messages.timeline.endHereOf(at)} onClick={endHere}>
        {messages.timeline.endHere}
      </button>
      <IconButton
        name={messages.timeline.deleteMark(at)}
        onClick={(event) => {
          // This button goes: the focus stays in the list.
          event.currentTarget.closest<HTMLElement>('.marks')?.focus();
          store.dispatch({ type: 'mark-deleted', itemId: item.id, markId: mark.id });
        }}
      >
        <Trash2 size={15} aria-hidden="true" />
      </IconButton>
    </li>
  );
}
