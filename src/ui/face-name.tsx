import { Pencil } from 'lucide-react';
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from 'react';
import { messages } from './messages.ts';
import { MAX_NAME, nameOf, type People } from './people.ts';
import { useSession } from './session-context.ts';

interface FaceNameProps {
  itemId: string;
  people: People;
  faceId: number;
  /** Told when writing begins and ends: until then the card must stay, though the face may go. */
  onHold: (held: boolean) => void;
}

/** The name of a face, or its number; a press makes it a field. Enter and leaving it save, Escape leaves all as it was. */
export function FaceName({ itemId, people, faceId, onHold }: FaceNameProps) {
  const { store } = useSession();
  const [writing, setWriting] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const ended = useRef(false);
  const name = nameOf(people, faceId);
  const begin = () => {
    ended.current = false;
    setWriting(true);
    onHold(true);
  };
  /** `text` null: as it was. Once only: the field also loses the focus when it goes. */
  const end = (text: string | null, byKey: boolean) => {
    if (ended.current) return;
    ended.current = true;
    if (text !== null && text.trim() !== (name ?? '')) store.dispatch({ type: 'face-named', itemId, faceId, name: text });
    setWriting(false);
    onHold(false);
    if (byKey) requestAnimationFrame(() => button.current?.focus());
  };
  const latest = useRef(end);
  latest.current = end;
  useLayoutEffect(() => {
    const input = field.current;
    if (!writing || !input) return;
    input.focus();
    input.select();
    // Another card was opened: the field goes, what was written stays.
    return () => latest.current(input.value, false);
  }, [writing]);
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    // While a character is being composed, both keys belong to the composing.
    if (event.nativeEvent.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
    event.preventDefault();
    event.stopPropagation();
    end(event.key === 'Enter' ? event.currentTarget.value : null, true);
  };
  if (!writing) {
    return (
      <button type="button" className="face-name" ref={button} title={messages.rename} onClick={begin}>
        <span className="face-name-text">{name ?? messages.face(faceId)}</span>
        <Pencil size={13} aria-hidden="true" />
        <span className="visually-hidden">{messages.rename}</span>
      </button>
    );
  }
  return (
    <input
      className="face-name-field"
      ref={field}
      aria-label={messages.nameOf(faceId)}
      defaultValue={name ?? ''}
      placeholder={messages.face(faceId)}
      maxLength={MAX_NAME}
      autoComplete="off"
      spellCheck={false}
      onKeyDown={press}
      onBlur={(event) => end(event.currentTarget.value, false)}
    />
  );
}
