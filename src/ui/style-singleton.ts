/**
 * What keeps the page from scrolling under an open dialog (react-remove-scroll, under Radix) sets its style through this. In place of
 * react-style-singleton, whose `<style>` elements the page's policy forbids: a sheet that is made by script needs no permission.
 */
import { useEffect } from 'react';

/** A component that has its `styles` in force while at least one of it is mounted: those of the first one. */
export function styleSingleton(): (props: { styles: string }) => null {
  let mounted = 0;
  let sheet: CSSStyleSheet | null = null;
  const add = (styles: string): void => {
    mounted += 1;
    if (sheet) return;
    sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  };
  const remove = (): void => {
    mounted -= 1;
    if (mounted > 0) return;
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
    sheet = null;
  };
  // biome-ignore lint/correctness/noComponentHookFactories: those who call it make it once and keep it
  return function Style({ styles }) {
    // biome-ignore lint/correctness/useExhaustiveDependencies: what is in force stays as it is, until the last one is gone
    useEffect(() => {
      add(styles);
      return remove;
    }, []);
    return null;
  };
}
