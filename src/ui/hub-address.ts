/** Where foundation packs come from: the Hugging Face hub, or a mirror of it with the same layout. */

export const HUB = 'https://huggingface.co/';

const OWN_MACHINE = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * A mirror's base address as it is kept, ending in `/`; null where it is none that may be asked: only https, or this very machine.
 * Names and passwords have no place in it, nor have queries.
 */
export function hubAddress(text: string): string | null {
  const url = parsed(text.trim());
  if (!url) return null;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null;
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && OWN_MACHINE.test(url.hostname));
  if (!safe) return null;
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

/** The host as it is told to the user. */
export const hubHost = (address: string): string => parsed(address)?.host ?? address;

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
