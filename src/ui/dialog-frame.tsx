import { X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import type { ReactNode } from 'react';
import { messages } from './messages.ts';
import { useReturnFocus } from './use-return-focus.ts';

interface DialogFrameProps {
  name: string;
  /** The button that opens it; the focus goes back there. None: something else opens it. */
  trigger?: ReactNode;
  /** The pointer or the focus comes near that button. */
  onNear?: () => void;
  children: ReactNode;
  /** For a dialog that closes itself. */
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}

/** A wide dialog over the page, with its title and its way out; what is longer than the window scrolls. */
export function DialogFrame({ name, trigger, onNear, children, ...controlled }: DialogFrameProps) {
  const focus = useReturnFocus();
  return (
    <Dialog.Root {...controlled}>
      {trigger && (
        <Dialog.Trigger asChild onPointerEnter={onNear} onFocus={onNear}>
          {trigger}
        </Dialog.Trigger>
      )}
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content className="panel help card" aria-describedby={undefined} {...(!trigger && focus)}>
          <Dialog.Title>{name}</Dialog.Title>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section className="card-body" aria-label={name} tabIndex={0}>
            {children}
          </section>
          <Dialog.Close className="icon-button help-close" aria-label={messages.close}>
            <X size={18} aria-hidden="true" />
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
