/** Every request of the page's threads as rows to be read, and what they come to. Pure; knows no strings. */
import type { RequestRecord, ThreadRequests } from '../shared/requests.ts';
import type { JobThread } from '../workers/client.ts';

/** `worker`: the analysis. */
export type Thread = 'page' | 'worker' | JobThread;

/** Over the network, from the browser's cache (asked the server whether it still holds: `unchanged`), or nothing came. */
export type Arrival = 'network' | 'cache' | 'unchanged' | 'none';

export interface RequestRow {
  key: string;
  thread: Thread;
  /** Relative to the page where it lies beside it, else absolute. */
  address: string;
  /** Another host than the page's; null: the page's own. */
  host: string | null;
  arrival: Arrival;
  /** Bytes over the network. */
  received: number;
  /** ms since 1970. */
  at: number;
}

export interface NetworkLog {
  rows: RequestRow[];
  here: number;
  others: number;
  /** Of those, the packs' own: that thread alone may go elsewhere, and only for a pack that was asked for. */
  forPacks: number;
  /** Bytes over the network. */
  received: number;
  cached: number;
  refused: number;
}

/** `blob:` and `data:` are the page's own memory: nothing is asked of anybody. */
const isRequest = ({ url }: RequestRecord): boolean => /^(https?|wss?):/.test(url);

function arrivalOf({ received, body, status }: RequestRecord): Arrival {
  if (received === 0) return body > 0 || status === 304 ? 'cache' : 'none';
  // Only the answer's head came.
  return received < body || status === 304 ? 'unchanged' : 'network';
}

/** @param base the page's own address */
export function networkLog(threads: Partial<Record<Thread, ThreadRequests>>, base: string): NetworkLog {
  const { origin, href } = new URL('.', base);
  const rows = (Object.entries(threads) as [Thread, ThreadRequests][])
    .flatMap(([thread, { requests }]) =>
      requests.filter(isRequest).map((request, index): RequestRow => {
        const url = new URL(request.url);
        const address = url.href.startsWith(href) ? url.href.slice(href.length) : url.href;
        return {
          key: `${thread} ${index}`,
          thread,
          address: address === '' ? './' : address,
          host: url.origin === origin ? null : url.host,
          arrival: arrivalOf(request),
          received: request.received,
          at: request.at,
        };
      }),
    )
    .sort((a, b) => a.at - b.at);
  const foreign = rows.filter(({ host }) => host !== null);
  const others = foreign.length;
  return {
    rows,
    here: rows.length - others,
    others,
    forPacks: foreign.filter(({ thread }) => thread === 'packs').length,
    received: rows.reduce((sum, row) => sum + row.received, 0),
    cached: rows.filter(({ arrival }) => arrival === 'cache' || arrival === 'unchanged').length,
    refused: Object.values(threads).reduce((sum, { refused }) => sum + refused, 0),
  };
}

/** The part of a policy that says where a page may connect to; null where it says nothing of it. */
export function connectRule(policy: string | null): string | null {
  const rules = (policy ?? '').split(';').map((rule) => rule.trim());
  return rules.find((rule) => /^connect-src\b/.test(rule)) ?? rules.find((rule) => /^default-src\b/.test(rule)) ?? null;
}

/** Tab-delimited, with English names as in every file of the page. Times are UTC. */
export function logText({ rows }: NetworkLog): string {
  const lines = rows.map(({ at, thread, address, host, arrival, received }) =>
    [new Date(at).toISOString(), thread, host ?? 'this site', address, arrival, received].join('\t'),
  );
  return `${['time', 'thread', 'host', 'address', 'arrival', 'bytes_received'].join('\t')}\n${lines.map((line) => `${line}\n`).join('')}`;
}
