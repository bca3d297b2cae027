/**
 * Scripts that are fetched when they are first used, and all of them once nothing else is loading: the network may be gone when somebody
 * wants to save what was read, and not every browser lets the service worker keep the page's files.
 */
import { type WireError, wireError } from '../shared/errors.ts';
import { messages } from './messages.ts';

const loads: (() => Promise<unknown>)[] = [];

/** Declares one; the browser fetches it once, however often it is asked for. Rejects where the script cannot be had. */
export function later<T>(load: () => Promise<T>): () => Promise<T> {
  loads.push(load);
  return load;
}

/** What the page says where one cannot be had. */
export function partMissing(error: unknown): WireError {
  return wireError('internal', ...messages.partMissing, String(error));
}

/** Fetches all that were declared, and what they declare, one after another. What cannot be had is asked for again when it is used. */
export async function fetchLater(): Promise<void> {
  for (const load of loads) await load().catch(() => null);
}
