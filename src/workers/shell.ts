/**
 * The service worker: keeps the page's own files (scripts, styles, WebAssembly, pages, every pack's manifest), all of one version, so
 * that it starts without a network. Knows nothing of packs' weights, which the page keeps by itself. The one file that imports
 * serwist. scripts/shell.mjs writes the list of files into it, each with its hash: a file of another version is never kept.
 *
 * A new version waits until no tab shows the old one, or the only one that does asks for it.
 */
import { type PrecacheEntry, Serwist } from 'serwist';
import { TAKE_OVER, type TakeOver } from '../shared/shell-messages.ts';

declare const self: ServiceWorkerGlobalScope & { __SW_MANIFEST: PrecacheEntry[] };

const serwist = new Serwist({
  precacheEntries: self.__SW_MANIFEST,
  precacheOptions: {
    cacheName: `emollm-shell ${self.registration.scope}`,
    // What the page has just fetched need not come again: the server is only asked whether it still holds.
    fetchOptions: { cache: 'no-cache' },
    // What the address asks for is the page's business: ?pack=, ?lang=.
    ignoreURLParametersMatching: [/./],
    cleanURLs: false,
    // The page itself is waiting for the same server.
    concurrency: 4,
  },
  // From the first visit on: an open tab that is nobody's keeps no version waiting, and would get another one's files from the server.
  clientsClaim: true,
  disableDevLogs: true,
});

self.addEventListener('install', serwist.handleInstall);
self.addEventListener('activate', serwist.handleActivate);
self.addEventListener('fetch', (event) => {
  // Of a part of a file the cache knows nothing.
  if (!event.request.headers.has('range')) serwist.handleFetch(event);
});
self.addEventListener('message', (event) => {
  if (event.data !== TAKE_OVER) return;
  event.waitUntil(takeOver().then((answer) => event.ports[0]?.postMessage(answer)));
});

async function takeOver(): Promise<TakeOver> {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  // Other pages of this host have nothing to do with it.
  if (windows.filter(({ url }) => url.startsWith(self.registration.scope)).length > 1) return 'other-tabs';
  await self.skipWaiting();
  return 'now';
}
