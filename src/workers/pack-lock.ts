/** What only one tab should do at a time: fetch a file that all of them want. */

const LOCK = 'emollm-packs ';
const LOOK_EVERY_MS = 1000;
const STUCK_MS = 20_000;

export interface Waiting {
  /** How far the other tab is, in bytes. */
  progress: () => Promise<number>;
  onProgress: (bytes: number) => void;
  signal?: AbortSignal;
  /** A tab that gets nowhere for so long is not waited for. Default 20,000 ms. */
  stuckMs?: number;
}

/**
 * Does the work when no other tab does it any more; `waited`: another did until now. Null where that gets nowhere, or the signal is aborted.
 * Without the browser's locks, or where it refuses them with all other storage, everybody works at once.
 */
export async function holdingLock<T>(name: string, waiting: Waiting, work: (waited: boolean) => Promise<T>): Promise<T | null> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return work(false);
  let answered = false;
  const first = await locks
    .request(`${LOCK}${name}`, { ifAvailable: true }, async (lock) => {
      answered = true;
      return lock ? { value: await work(false) } : null;
    })
    .catch(async (error: unknown) => {
      if (answered) throw error;
      return { value: await work(false) };
    });
  if (first !== null) return first.value;

  const given = new AbortController();
  const giveUp = (): void => given.abort();
  waiting.signal?.addEventListener('abort', giveUp, { once: true });
  if (waiting.signal?.aborted) giveUp();
  let last = -1;
  let since = Date.now();
  const look = async (): Promise<void> => {
    const bytes = await waiting.progress().catch(() => last);
    if (bytes !== last) since = Date.now();
    last = bytes;
    waiting.onProgress(bytes);
    if (Date.now() - since > (waiting.stuckMs ?? STUCK_MS)) giveUp();
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  try {
    return await locks.request(`${LOCK}${name}`, { signal: given.signal }, () => {
      clearInterval(timer);
      return work(true);
    });
  } catch (error) {
    if (given.signal.aborted && error instanceof DOMException && error.name === 'AbortError') return null;
    throw error;
  } finally {
    clearInterval(timer);
    waiting.signal?.removeEventListener('abort', giveUp);
  }
}
