/** This worker's part of what the page has asked for; the browser keeps a record for each thread, of 250 requests unless told otherwise. */
import { countRefusals, recordOf, requestNews, type ThreadRequests } from '../shared/requests.ts';

const ROOM = 10_000;

const refused = countRefusals(self);
let policy: Promise<string | null> | null = null;
performance.setResourceTimingBufferSize(ROOM);

/** What this worker has fetched so far, and what the policy has refused it. */
export async function ownRequests(): Promise<ThreadRequests> {
  policy ??= ownPolicy();
  const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  const requests = entries.map((entry) => recordOf(entry, performance.timeOrigin));
  return { requests, refused: refused(), policy: await policy };
}

/** Tells the page by itself, whenever there is more: for workers that end with their one job, which nobody could ask any more. */
export function tellRequests(): void {
  let [toldRequests, toldRefusals] = [0, 0];
  const tell = async (): Promise<void> => {
    const own = await ownRequests();
    const [requests, more] = [own.requests.slice(toldRequests), own.refused - toldRefusals];
    if (requests.length === 0 && more === 0) return;
    [toldRequests, toldRefusals] = [own.requests.length, own.refused];
    self.postMessage(requestNews({ ...own, requests, refused: more }));
  };
  new PerformanceObserver(() => void tell()).observe({ type: 'resource', buffered: true });
  self.addEventListener('securitypolicyviolation', () => void tell());
}

/** A worker's policy is the one that its script was sent with; the script is in the cache. */
async function ownPolicy(): Promise<string | null> {
  try {
    const response = await fetch(location.href, { cache: 'force-cache' });
    await response.body?.cancel();
    return response.headers.get('content-security-policy');
  } catch {
    return null;
  }
}
