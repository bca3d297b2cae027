import { useRef } from 'react';

/** For a dialog without a trigger of its own: the focus goes back to where it was when the dialog opened, or to `elsewhere` where that gives an element. */
export function useReturnFocus(elsewhere: () => HTMLElement | null = () => null) {
  const opener = useRef<Element | null>(null);
  return {
    onOpenAutoFocus: () => {
      opener.current = document.activeElement;
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      const place = elsewhere() ?? opener.current;
      if (place instanceof HTMLElement) place.focus();
    },
  };
}
