/** Our deep path on the sample picture: what the engine itself tells of its prompt pass and its decoding. */
import { loadEngine } from './ours-engine.js';
import { median } from './statistics.js';

/** @param {URLSearchParams} query */
export async function measure(query) {
  const { client, listeners, loadSeconds, info } = await loadEngine(query, ['faces', 'reader', 'language-model']);
  const { signal } = new AbortController();
  const picture = await (await fetch('/samples/astronaut.jpg')).blob();
  let now = {};
  listeners.add((event) => {
    if (event.type === 'prompt') now = { body: event.text, promptTokens: event.promptTokens, text: '' };
    if (event.type === 'text') now.text += event.delta;
    if (event.type === 'decode-speed') now.tokens = event.tokens;
    if (event.type === 'answer') now.times = event.times;
    if (event.type === 'failed') now.failure = event.error;
  });
  const runs = [];
  const began = performance.now();
  for (let run = 0; run <= Number(query.get('repeat')); run += 1) {
    if (run > 3 && performance.now() - began > Number(query.get('seconds')) * 1000) break;
    now = {};
    const start = performance.now();
    const image = await createImageBitmap(picture);
    await client.explain(
      signal,
      { image, time: 0 },
      {
        runId: `run-${run}`,
        sourceId: 'sample',
        task: 'emotion',
        readings: null,
        words: null,
        maxNewTokens: Number(query.get('tokens')),
      },
    );
    if (now.failure) throw new Error(`${now.failure.message} ${now.failure.detail ?? ''}`);
    runs.push({ ...now, wholeMs: performance.now() - start });
  }
  const counted = runs.slice(1); // the first warms up
  const { body, promptTokens, tokens, text } = counted[0];
  return {
    runs: counted.length,
    body,
    text,
    promptTokens,
    tokens,
    prefillMs: median(counted.map(({ times }) => times.prefill)),
    prefillPerSecond: median(counted.map(({ times }) => (1000 * promptTokens) / times.prefill)),
    decodePerSecond: median(counted.map((each) => (1000 * each.tokens) / each.times.decode)),
    wholeMs: median(counted.map(({ wholeMs }) => wholeMs)),
    loadSeconds,
    threads: info.threads,
    dtype: info.graphs.find(({ graph }) => graph === 'language-model')?.dtype,
  };
}
