import type { ReactNode } from 'react';
import { DialogFrame } from './dialog-frame.tsx';
import { Lazy, LazyPart } from './lazy-part.tsx';
import { messages } from './messages.ts';

const NETWORK = new LazyPart(async () => (await import('./network-view.tsx')).Network);

/** What the page has asked for, by the browser's own record. `children` is the button that opens it. */
export function NetworkDialog({ children }: { children: ReactNode }) {
  return (
    <DialogFrame name={messages.network.name} trigger={children} onNear={NETWORK.preload}>
      <Lazy part={NETWORK} props={{}} />
    </DialogFrame>
  );
}
