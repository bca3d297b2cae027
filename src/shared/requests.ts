/** What a thread of the page has asked for, by the browser's own record of it (Resource Timing). */

export interface RequestRecord {
  /** Absolute. */
  url: string;
  /** What asked, in the browser's word: `fetch`, `script`, `img`, `navigation`. */
  initiator: string;
  /** When it began, ms since 1970. */
  at: number;
  /** Bytes that came over the network, headers included; 0 where they came from the browser's cache, and where nothing came. */
  received: number;
  /** Bytes of the body as it was sent, from wherever it came; 0 where the browser does not tell. */
  body: number;
  /** HTTP status; 0 where the browser does not tell. */
  status: number;
}

export interface ThreadRequests {
  requests: RequestRecord[];
  /** How many the security policy refused in this thread. */
  refused: number;
  /** The policy that the thread's script came with; null where it came with none. */
  policy: string | null;
}

/** A message of a worker that tells by itself what it has asked for since it told last. */
interface RequestNews {
  kind: 'emollm-requests';
  news: ThreadRequests;
}

export function requestNews(news: ThreadRequests): RequestNews {
  return { kind: 'emollm-requests', news };
}

export function isRequestNews(message: unknown): message is RequestNews {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'emollm-requests';
}

/** A thread's requests with those that came after. */
export function joinedRequests(past: ThreadRequests | null, later: ThreadRequests): ThreadRequests {
  return past === null ? later : { ...later, requests: [...past.requests, ...later.requests], refused: past.refused + later.refused };
}

/** @param timeOrigin of the thread, ms since 1970 */
export function recordOf(entry: PerformanceResourceTiming, timeOrigin: number): RequestRecord {
  return {
    url: entry.name,
    initiator: entry.initiatorType,
    at: timeOrigin + entry.startTime,
    received: entry.transferSize,
    body: entry.encodedBodySize,
    status: entry.responseStatus,
  };
}

/** Two refusals of one address within this time, ms, are one request: each of the policies refuses it, the page's and the server's. */
const AT_ONCE = 20;

/** Counts what the security policy refuses in the thread that calls it, from then on. */
export function countRefusals(thread: EventTarget): () => number {
  const lastOf = new Map<string, number>();
  let count = 0;
  thread.addEventListener('securitypolicyviolation', (event) => {
    const { blockedURI, timeStamp } = event as SecurityPolicyViolationEvent;
    if (timeStamp - (lastOf.get(blockedURI) ?? Number.NEGATIVE_INFINITY) > AT_ONCE) count += 1;
    lastOf.set(blockedURI, timeStamp);
  });
  return () => count;
}
