import { useEffect } from 'react';
import { useSession } from './session-context.ts';

/** A key that writes something. Space, which presses buttons, is none. */
export const isLetter = (key: string): boolean => key.length === 1 && key !== ' ';

/** Space plays or pauses, E explains, M marks the moment, P shows how fast it goes, Esc stops, ? shows the help sheet. */
export function useShortcuts(onHelp: () => void, onPerformance: () => void): void {
  const { store, controller } = useSession();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      // Radix marks what it used itself: Esc that closed a menu must not stop a run.
      const target = event.target instanceof Element ? event.target : null;
      // A closed picker leaves letters to the page.
      const isLeft = isLetter(event.key) && target?.closest('[role="combobox"]');
      if ((event.defaultPrevented && !isLeft) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (target?.closest('input, textarea, [contenteditable], [role="dialog"], [role="menu"], [role="listbox"]')) return;
      if (event.key === 'Escape') {
        if (!controller.moment.endShow()) controller.stop();
      } else if (event.key === 'm' || event.key === 'M') controller.moment.addMark();
      else if (event.key === '?') onHelp();
      else if (event.key === 'p' || event.key === 'P') onPerformance();
      else if (event.key === 'e' || event.key === 'E') controller.explainer.explain();
      else if (event.key === ' ' && !target?.closest('button, a, summary, [role="slider"], [role="combobox"], [role="tab"]')) {
        event.preventDefault();
        controller.setPaused(!store.get().paused);
      }
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  });
}
