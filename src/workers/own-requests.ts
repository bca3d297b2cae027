/** This worker's part of what the page has asked for; the browser keeps a record for each thread, of 250 requests unless told otherwise. */
import { countRefusals, recordOf, type ThreadRequests } from '../shared/requests.ts';

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
