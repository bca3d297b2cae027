/** Removes all that this site keeps in the browser. Done while the page starts, before anything of it is opened and so held. */

const KEY = 'emollm-clear';
/** Other pages may lie on the same host and share its storage. */
const isOurs = (name: string | undefined): name is string => name?.startsWith('emollm') ?? false;

/** All is removed when the page is loaded next, in this tab. */
export function clearAtStart(): void {
  try {
    sessionStorage.setItem(KEY, '1');
  } catch {
    // Where storage is refused, nothing is kept.
  }
}

/** Removes what it was asked to. To be awaited before anything else is read from or written to the browser's storage. */
export async function clearIfAsked(): Promise<void> {
  try {
    if (sessionStorage.getItem(KEY) === null) return;
  } catch {
    return;
  }
  await clearSiteData();
}

/** Each kind by itself: one that is refused, or held by another tab, does not keep the others. */
async function clearSiteData(): Promise<void> {
  for (const storage of [sessionStorage, localStorage]) for (const key of Object.keys(storage).filter(isOurs)) storage.removeItem(key);
  await Promise.allSettled([clearWorkers(), clearCaches(), clearDatabases(), clearFiles()]);
}

async function clearWorkers(): Promise<void> {
  // Of this page: other pages of the host may have workers of their own.
  await (await navigator.serviceWorker?.getRegistration(document.baseURI))?.unregister();
}

async function clearCaches(): Promise<void> {
  for (const name of (await caches.keys()).filter(isOurs)) await caches.delete(name);
}

async function clearDatabases(): Promise<void> {
  const found = await indexedDB.databases();
  for (const name of found.map((each) => each.name).filter(isOurs)) await deleted(name);
}

function deleted(name: string): Promise<void> {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => resolve();
    // It goes as soon as the last tab that has it open ends.
    request.onblocked = () => resolve();
  });
}

async function clearFiles(): Promise<void> {
  const folder = await navigator.storage.getDirectory();
  for await (const name of folder.keys()) if (isOurs(name)) await folder.removeEntry(name, { recursive: true }).catch(() => {});
}
