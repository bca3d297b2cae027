import { Download, Trash2 } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { WireError } from '../shared/errors.ts';
import type { Result } from '../shared/result.ts';
import { ErrorNotice } from './error-notice.tsx';
import { ErrorText } from './error-text.tsx';
import { megabytes } from './format.ts';
import { IconButton } from './icon-button.tsx';
import { currentLocale } from './language.ts';
import { messages } from './messages.ts';
import { saveFile } from './save-file.ts';
import { useKeeping, useSession } from './session-context.ts';
import type { SessionRecord } from './session-record.ts';
import { clearAtStart } from './site-data.ts';
import { Undo } from './undo-bar.tsx';

const text = messages.sessions;

interface Kept {
  sessions: SessionRecord[];
  elsewhere: Set<string>;
  room: { used: number; quota: number } | null;
  persisted: boolean;
}

/** What is asked before something that cannot be undone. */
interface Question {
  text: string;
  yes: string;
  act: () => Promise<void>;
}

/** All sessions that this browser keeps, and the room that they take. `onDone` closes the dialog. */
export function Sessions({ onDone }: { onDone: () => void }) {
  const { keeper, settings } = useSession();
  const keeping = useKeeping();
  const [kept, setKept] = useState<Kept | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  const [question, setQuestion] = useState<Question | null>(null);
  const [deleted, setDeleted] = useState<{ session: SessionRecord; wasOpen: boolean } | null>(null);
  const refresh = useCallback(async () => {
    await keeper.save();
    setKept({ sessions: await keeper.list(), elsewhere: await keeper.elsewhere(), ...(await storageRoom()) });
  }, [keeper]);
  useEffect(() => void refresh(), [refresh]);
  const forgetDeleted = useRemoveAtLast(deleted?.session.id ?? null);

  /** Something takes the place of what is open: asks first where that would be lost. */
  const replace = async (work: (evenIfLost: boolean) => Promise<Result<void>>, evenIfLost = false) => {
    setQuestion(null);
    const result = await work(evenIfLost);
    if (result.ok) onDone();
    else if (result.error.code === 'session-unkept' && !evenIfLost)
      setQuestion({ text: text.loseAsk, yes: text.loseYes, act: () => replace(work, true) });
    else setError(result.error);
  };
  const remove = async (session: SessionRecord) => {
    forgetDeleted();
    const wasOpen = session.id === keeper.sessionId;
    const result = await keeper.delete(session.id);
    if (result.ok) setDeleted({ session, wasOpen });
    else setError(result.error);
    await refresh();
  };
  const undo = async (session: SessionRecord, wasOpen: boolean) => {
    setDeleted(null);
    await keeper.undelete(session.id);
    if (wasOpen) await keeper.open(session.id);
    await refresh();
  };
  const take = async (file: File) => {
    const result = await keeper.import(file);
    if (result.ok) return onDone();
    setError(result.error);
    await refresh();
  };
  const clear = async () => {
    setQuestion(null);
    setDeleted(null);
    await keeper.clear();
    await refresh();
  };
  const askClear = () => setQuestion({ text: text.clearAsk, yes: text.clearYes, act: clear });
  const clearAll = async () => {
    clearAtStart();
    location.reload();
  };
  const askClearAll = () => setQuestion({ text: messages.siteData.ask, yes: messages.siteData.yes, act: clearAll });
  return (
    <>
      <div className="sessions-actions">
        <button type="button" className="button" onClick={() => void replace((lost) => keeper.startNew(lost))}>
          {text.startNew}
        </button>
        <ImportButton onFile={(file) => void take(file)} />
      </div>
      {error && <ErrorNotice error={error} action={messages.dismiss} onAction={() => setError(null)} />}
      {question && <Ask question={question} onCancel={() => setQuestion(null)} />}
      {'error' in keeping && (
        <p>
          <ErrorText error={keeping.error} />
        </p>
      )}
      {!settings.keepSessions && <p>{text.off}</p>}
      {kept?.sessions.length === 0 && <p>{text.none}</p>}
      <ul className="sessions-list" aria-label={text.list}>
        {kept?.sessions.map((session) => (
          <SessionLine
            key={session.id}
            session={session}
            current={session.id === keeper.sessionId}
            elsewhere={kept.elsewhere.has(session.id)}
            onOpen={() => void replace((lost) => keeper.open(session.id, lost))}
            onDelete={() => void remove(session)}
            onError={setError}
          />
        ))}
      </ul>
      {deleted && (
        <div className="sessions-undo">
          <Undo
            key={deleted.session.id}
            text={text.deleted(moment(deleted.session.createdAt))}
            onUndo={() => void undo(deleted.session, deleted.wasOpen)}
            onEnd={() => {
              forgetDeleted();
              setDeleted(null);
            }}
          />
        </div>
      )}
      {kept && <Storage kept={kept} onClear={askClear} onClearAll={askClearAll} />}
    </>
  );
}

/** The function that makes a deletion final; closing the dialog does so too. */
function useRemoveAtLast(sessionId: string | null): () => void {
  const { keeper } = useSession();
  const latest = useRef(sessionId);
  latest.current = sessionId;
  const removeIt = useCallback(() => {
    if (latest.current) void keeper.remove(latest.current);
    latest.current = null;
  }, [keeper]);
  useEffect(() => removeIt, [removeIt]);
  return removeIt;
}

interface LineProps {
  session: SessionRecord;
  current: boolean;
  elsewhere: boolean;
  onOpen: () => void;
  onDelete: () => void;
  onError: (error: WireError) => void;
}

function SessionLine({ session, current, elsewhere, onOpen, onDelete, onError }: LineProps) {
  const { keeper } = useSession();
  const [packing, setPacking] = useState(false);
  const when = moment(session.createdAt);
  const facts = [text.items(session.itemIds.length), text.readings(session.readings), text.size(megabytes(session.bytes))];
  if (current) facts.push(text.current);
  if (elsewhere) facts.push(text.openElsewhere);
  const save = async () => {
    setPacking(true);
    const archive = await keeper.export(session.id);
    setPacking(false);
    if (!archive.ok) onError(archive.error);
    else saveFile(archive.value, `emollm-session-${fileMoment(session.createdAt)}.zip`, 'application/zip');
  };
  return (
    <li className="sessions-item" data-current={current}>
      <button type="button" className="sessions-open" disabled={current || elsewhere} onClick={onOpen}>
        <span>
          <span className="visually-hidden">{text.openOf} </span>
          {when}
        </span>{' '}
        <small>{facts.join(' · ')}</small>
      </button>
      <IconButton name={text.export(when)} disabled={packing} onClick={() => void save()}>
        <Download size={17} aria-hidden="true" />
      </IconButton>
      <IconButton name={text.delete(when)} disabled={elsewhere} onClick={onDelete}>
        <Trash2 size={17} aria-hidden="true" />
      </IconButton>
    </li>
  );
}

function ImportButton({ onFile }: { onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        accept=".zip,application/zip"
        hidden
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          target.value = ''; // the same file may be chosen again
          if (file) onFile(file);
        }}
      />
      <button type="button" className="button" onClick={() => input.current?.click()}>
        {text.import}
      </button>
    </>
  );
}

function Ask({ question, onCancel }: { question: Question; onCancel: () => void }) {
  return (
    <div className="notice sessions-ask" role="alert">
      <div className="notice-text">{question.text}</div>
      <button type="button" className="button small" onClick={onCancel}>
        {text.cancel}
      </button>
      <button type="button" className="button small" onClick={() => void question.act()}>
        {question.yes}
      </button>
    </div>
  );
}

function Storage({ kept, onClear, onClearAll }: { kept: Kept; onClear: () => void; onClearAll: () => void }) {
  const { sessions, room, persisted } = kept;
  const bytes = megabytes(sessions.reduce((sum, session) => sum + session.bytes, 0));
  return (
    <section className="sessions-storage">
      <h3>{text.storage}</h3>
      <p>{messages.keptHere}</p>
      <p>{room ? text.used(bytes, megabytes(room.used), megabytes(room.quota)) : text.usedUnknown(bytes)}</p>
      {sessions.length > 0 && (
        <>
          <p>{persisted ? text.persisted : text.notPersisted}</p>
          <button type="button" className="button" onClick={onClear}>
            {text.clear}
          </button>
        </>
      )}
      <button type="button" className="button" onClick={onClearAll}>
        {messages.siteData.clear}
      </button>
    </section>
  );
}

/** What the browser says of its storage; browsers and plain http may say nothing. */
async function storageRoom(): Promise<Pick<Kept, 'room' | 'persisted'>> {
  try {
    const { usage, quota } = await navigator.storage.estimate();
    const persisted = await navigator.storage.persisted();
    return { room: usage === undefined || quota === undefined ? null : { used: usage, quota }, persisted };
  } catch {
    return { room: null, persisted: false };
  }
}

const moment = (at: number) => new Date(at).toLocaleString(currentLocale(), { dateStyle: 'medium', timeStyle: 'short' });
const fileMoment = (at: number) => new Date(at).toISOString().slice(0, 16).replaceAll(/\D/g, '');
