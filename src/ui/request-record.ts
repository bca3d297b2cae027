/** The page's own part of what it has asked for; the worker's comes from the worker. */
import { countRefusals, type RequestRecord, recordOf, type ThreadRequests } from '../shared/requests.ts';

/** The browser drops what comes after 250 requests unless it is told in time. */
const ROOM = 10_000;

let refused = () => 0;

/** To be called before anything else is asked for. */
export function keepRecord(): void {
  performance.setResourceTimingBufferSize(ROOM);
  refused = countRefusals(document);
}

export function pageRequests(): ThreadRequests {
  const entries = [
    ...performance.getEntriesByType('navigation'),
    ...performance.getEntriesByType('resource'),
  ] as PerformanceResourceTiming[];
  return {
    requests: entries.map((entry): RequestRecord => recordOf(entry, performance.timeOrigin)),
    refused: refused(),
    policy: pagePolicy(),
  };
}

/** Calls back whenever the page has asked for something more. Returns how to stop it. */
export function onPageRequests(listener: () => void): () => void {
  const observer = new PerformanceObserver(listener);
  observer.observe({ type: 'resource' });
  return () => observer.disconnect();
}

/** The one in the page itself; what a server sends besides can only forbid more. */
function pagePolicy(): string | null {
  return document.querySelector<HTMLMetaElement>('meta[http-equiv="Content-Security-Policy"]')?.content ?? null;
}
