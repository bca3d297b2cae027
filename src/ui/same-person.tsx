import { Merge } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import { clock } from './format.ts';
import { messages } from './messages.ts';
import { type Candidate, mergedInto, nameOf, type People } from './people.ts';
import { useSession } from './session-context.ts';

/** More would not be read. */
const MAX_CANDIDATES = 12;

interface SamePersonProps {
  itemId: string;
  people: People;
  faceId: number;
  /** Told when the list opens and closes: until then the card must stay, though the face may go. */
  onHold: (held: boolean) => void;
}

/** Two numbers for one person become one here, and two again. */
export function SamePerson({ itemId, people, faceId, onHold }: SamePersonProps) {
  const { store, controller } = useSession();
  const [open, setOpen] = useState(false);
  const [candidates, setCandidates] = useState<Candidate[]>([]);
  const change = (isOpen: boolean) => {
    if (isOpen) setCandidates(controller.mergeCandidates(faceId).slice(0, MAX_CANDIDATES));
    setOpen(isOpen);
    onHold(isOpen);
  };
  const known = mergedInto(people, faceId);
  const merge = (into: number) => store.dispatch({ type: 'faces-merged', itemId, faceId, into });
  const separate = (member: number) => store.dispatch({ type: 'faces-separated', itemId, faceId: member });
  return (
    <DropdownMenu.Root open={open} onOpenChange={change}>
      <DropdownMenu.Trigger className="face-merge">
        <Merge size={13} aria-hidden="true" /> {messages.samePerson}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu same-person" sideOffset={4} align="end" collisionPadding={8}>
          <DropdownMenu.Label className="menu-label">{messages.samePersonAs}</DropdownMenu.Label>
          {candidates.length === 0 && (
            <DropdownMenu.Item className="menu-item" disabled>
              {messages.nobodyElse}
            </DropdownMenu.Item>
          )}
          {candidates.map(({ faceId: other, lastSeen }) => (
            <DropdownMenu.Item key={other} className="menu-item" onSelect={() => merge(other)}>
              <span>
                {nameOf(people, other) ?? messages.face(other)}
                <small>{messages.lastSeen(clock(lastSeen))}</small>
              </span>
            </DropdownMenu.Item>
          ))}
          {known.map((member) => (
            <DropdownMenu.Item key={member} className="menu-item" onSelect={() => separate(member)}>
              {messages.notTheSame(people.names[member] ?? messages.face(member))}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
