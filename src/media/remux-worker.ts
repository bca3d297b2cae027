/** Reads video files where one that never ends holds up nobody. Speaks to `remux-apart.ts` alone. */

import { indexRead, remuxed } from './remux.ts';
import type { RemuxWish } from './remux-apart.ts';

/** Long work is told from a hang by this. */
const ALIVE_MS = 1000;

self.onmessage = async ({ data: { kind, file } }: MessageEvent<RemuxWish>) => {
  setInterval(() => self.postMessage('alive'), ALIVE_MS);
  if (kind === 'remux') self.postMessage(await remuxed(file));
  else {
    await indexRead(file);
    self.postMessage('read');
  }
};
