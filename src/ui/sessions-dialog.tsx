import { type ReactNode, useState } from 'react';
import { DialogFrame } from './dialog-frame.tsx';
import { Lazy, LazyPart } from './lazy-part.tsx';
import { messages } from './messages.ts';

const SESSIONS = new LazyPart(async () => (await import('./sessions-view.tsx')).Sessions);

/** All sessions that this browser keeps, and the room that they take. `children` is the button that opens it. */
export function SessionsDialog({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <DialogFrame name={messages.sessions.name} trigger={children} onNear={SESSIONS.preload} open={open} onOpenChange={setOpen}>
      <Lazy part={SESSIONS} props={{ onDone: () => setOpen(false) }} />
    </DialogFrame>
  );
}
