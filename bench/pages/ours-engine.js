/** Our engine's client, loaded, with its events at hand. */
import { createAnalyzer } from '../../src/workers/client.ts';

const WRITING_MS = 10_000;

/**
 * @param {URLSearchParams} query pack, threads
 * @param {readonly string[]} needed parts that must be ready
 */
export async function loadEngine(query, needed) {
  /** @type {Set<(event: any) => void>} */
  const listeners = new Set();
  const ready = new Map();
  let failure = null;
  const client = createAnalyzer((event) => {
    if (event.type === 'ready') ready.set(event.part, event.info);
    if (event.type === 'load-failed') failure ??= event.error;
    for (const listener of listeners) listener(event);
  });
  const start = performance.now();
  await client.load({
    packUrl: new URL(`/models/${query.get('pack')}/`, location.href).href,
    wasmUrl: new URL('/ort/', location.href).href,
    backend: 'wasm',
    graphBackends: {},
    threads: Number(query.get('threads')),
  });
  const loadSeconds = (performance.now() - start) / 1000;
  for (const part of needed) {
    if (!ready.has(part)) throw new Error(`${part} could not be loaded: ${failure?.message} ${failure?.detail ?? ''}`);
  }
  // A first visit writes the pack to the browser's storage now, beside whatever is done: that is no speed of the engine.
  await new Promise((resolve) => setTimeout(resolve, WRITING_MS));
  return { client, listeners, loadSeconds, info: ready.get(needed.at(-1)) };
}
