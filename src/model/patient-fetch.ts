/** A request that does not give up at the first trouble: waits and asks again where that may help, and says in words where it does not. */
import { type WireError, wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { isWebPage } from '../shared/web-page.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How failures are told: the page's own server and a hub are different things to a user. */
export interface DownloadWords {
  /** @param url absolute: whose host it is */
  unreachable(path: string, detail: string, url: string): WireError;
  refused(path: string, status: number, detail: string): WireError;
  missing(path: string, detail: string): WireError;
  corrupt(path: string, detail: string): WireError;
}

export interface FetchOptions {
  fetch: Fetch;
  words: DownloadWords;
  /** Goes with every request: credentials, cache. */
  init?: RequestInit;
  /** Resolves after so many ms, or at once where the signal is aborted. For tests. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A connection over which nothing comes for so long is taken as cut. Default 30,000 ms. */
  stallMs?: number;
}

/** What became of one try. `again`: another try may help; `progressed` makes it count as the first. */
export type Attempt<T> =
  | { kind: 'done'; value: T }
  | { kind: 'failed'; error: WireError }
  | { kind: 'again'; error: WireError; afterMs: number | null; progressed: boolean };

const MAX_FAILURES = 3;
const FIRST_WAIT_MS = 500;
/** A host that wants a longer pause than this is left alone. */
const LONGEST_WAIT_MS = 120_000;
const STALL_MS = 30_000;

export const cancelled = (): WireError => wireError('cancelled', 'Stopped.', 'What came so far stays. Go on when you like.');

/** Tries until it is done, has failed for good, or four tries in a row brought nothing. */
export async function patiently<T>(
  signal: AbortSignal,
  options: Pick<FetchOptions, 'wait'>,
  attempt: () => Promise<Attempt<T>>,
): Promise<Result<T>> {
  for (let failures = 0; ; ) {
    if (signal.aborted) return fail(cancelled());
    const outcome = await attempt();
    if (outcome.kind === 'done') return ok(outcome.value);
    if (signal.aborted) return fail(cancelled());
    if (outcome.kind === 'failed') return fail(outcome.error);
    failures = outcome.progressed ? 1 : failures + 1;
    if (failures > MAX_FAILURES || (outcome.afterMs ?? 0) > LONGEST_WAIT_MS) return fail(outcome.error);
    await (options.wait ?? pause)(outcome.afterMs ?? FIRST_WAIT_MS * 2 ** (failures - 1), signal);
  }
}

/** One request whose connection is watched: `alive` must be called whenever something came. */
export interface WatchedResponse {
  response: Response;
  alive(): void;
  /** Must be called when the body has been read, or will not be. */
  end(): void;
}

/** Asks once. A status that is no answer becomes `failed` or `again`. */
export async function askOnce(
  signal: AbortSignal,
  options: FetchOptions,
  url: string,
  path: string,
  init: RequestInit = {},
): Promise<Attempt<WatchedResponse>> {
  const { words } = options;
  const connection = new AbortController();
  const abort = (): void => connection.abort();
  let stalled: ReturnType<typeof setTimeout> | undefined;
  const alive = (): void => {
    clearTimeout(stalled);
    stalled = setTimeout(abort, options.stallMs ?? STALL_MS);
  };
  const end = (): void => {
    clearTimeout(stalled);
    signal.removeEventListener('abort', abort);
    abort();
  };
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  alive();
  let response: Response;
  try {
    response = await options.fetch(url, { ...options.init, ...init, signal: connection.signal });
  } catch (error) {
    end();
    return { kind: 'again', error: words.unreachable(path, String(error), url), afterMs: null, progressed: false };
  }
  alive();
  const { status } = response;
  if (response.ok && isWebPage(response)) {
    end();
    return { kind: 'failed', error: words.missing(path, 'the server answered with a web page instead of the file') };
  }
  if (response.ok || status === 416) return { kind: 'done', value: { response, alive, end } };
  end();
  const detail = `HTTP ${status} ${response.statusText}`.trim();
  if (status === 404 || status === 410) return { kind: 'failed', error: words.missing(path, detail) };
  const refused = words.refused(path, status, detail);
  if (status !== 429 && status !== 408 && status < 500) return { kind: 'failed', error: refused };
  return { kind: 'again', error: refused, afterMs: retryAfter(response.headers.get('retry-after')), progressed: false };
}

/** Retry-After is in seconds or a date; null where there is none. */
function retryAfter(header: string | null): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
