/**
 * The page's own rule for what may become a script or markup, where the browser asks for one (Trusted Types): its own workers and
 * its service worker, and no markup at all. scripts/policies.mjs makes the browser ask.
 */

/** Radix's Select sets this one through `innerHTML`; the policy knows it by its hash. */
export const SELECT_STYLE =
  '[data-radix-select-viewport]{scrollbar-width:none;-ms-overflow-style:none;-webkit-overflow-scrolling:touch;}[data-radix-select-viewport]::-webkit-scrollbar{display:none}';

interface Rules {
  createHTML: (markup: string) => string | null;
  createScriptURL: (url: string) => string | null;
}

/** What the browser is told; null refuses. @param base the page's own address */
export function rules(base: string): Rules {
  const { origin } = new URL(base);
  return {
    createHTML: (markup) => (markup === SELECT_STYLE ? markup : null),
    createScriptURL: (url) => (new URL(url, base).href.startsWith(`${origin}/`) ? url : null),
  };
}

/** To be called before the first worker is made; once a page. */
export function trustOwnScripts(): void {
  const { trustedTypes } = window as { trustedTypes?: { createPolicy: (name: string, rules: Rules) => unknown } };
  trustedTypes?.createPolicy('default', rules(document.baseURI));
}
