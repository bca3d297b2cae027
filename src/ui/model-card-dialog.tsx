import type { ReactNode } from 'react';
import { DialogFrame } from './dialog-frame.tsx';
import { Lazy, LazyPart } from './lazy-part.tsx';
import { messages } from './messages.ts';

const CARD = new LazyPart(async () => (await import('./pack-card.tsx')).PackCard);

/** What the pack in use says of itself. `children` is the button that opens it; the focus goes back there. */
export function ModelCardDialog({ children }: { children: ReactNode }) {
  return (
    <DialogFrame name={messages.card.name} trigger={children} onNear={CARD.preload}>
      <Lazy part={CARD} props={{}} />
    </DialogFrame>
  );
}
