import { Info } from 'lucide-react';
import { Popover } from 'radix-ui';
import { messages } from './messages.ts';
import { said } from './phrases.ts';
import { useAppState, useSelfTest } from './session-context.ts';

const NONE: string[] = [];

/** Why something slower was taken: a sign in the Model line that opens the reasons; nothing where all is as asked. */
export function ModelNotes() {
  const told = useAppState((state) => state.model.info?.notes ?? NONE);
  const isOff = (useSelfTest()?.faults.length ?? 0) > 0;
  const notes = isOff ? [...told, messages.selfTest.note] : told;
  if (notes.length === 0) return null;
  return (
    <Popover.Root>
      <Popover.Trigger className="model-notes" aria-label={messages.notes} title={notes.map(said).join(' ')}>
        <Info size={15} aria-hidden="true" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="panel notes" sideOffset={10} collisionPadding={8} aria-label={messages.notes}>
          {notes.map((note) => (
            <p key={note}>{said(note)}</p>
          ))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** The first of the same reasons in full, for the first visit. */
export function FirstNote() {
  const note = useAppState((state) => state.model.info?.notes[0] ?? '');
  return note === '' ? null : <p className="welcome-note">{said(note)}</p>;
}
