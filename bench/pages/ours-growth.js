/** How the cost of ours grows: with the faces and the size of a frame, with the words of a prompt. */
import { loadFrames, timeFrames } from './frame-loop.js';
import { loadEngine } from './ours-engine.js';
import { openReader } from './ours-fast.js';
import { median } from './statistics.js';

/** One set of frames, as the page runs it on a camera. @param {URLSearchParams} query set, count, repeat, seconds, pack, threads */
export async function measureSet(query) {
  const { read, threads } = await openReader(query);
  const frames = await loadFrames(`/evaluation-data/${query.get('set')}/`, Number(query.get('count')));
  const limits = { repeat: Number(query.get('repeat')), seconds: Number(query.get('seconds')) };
  return { ...(await timeFrames(frames, limits, () => {}, (frame) => read(frame, 'growth'))), threads };
}

/** The deep path on the sample with texts of growing length. @param {URLSearchParams} query words (counts, with commas), repeat, pack, threads */
export async function measurePrompts(query) {
  const { client, listeners, info } = await loadEngine(query, ['faces', 'reader', 'language-model']);
  const { signal } = new AbortController();
  const picture = await (await fetch('/samples/astronaut.jpg')).blob();
  let now = {};
  listeners.add((event) => {
    if (event.type === 'prompt') now.promptTokens = event.promptTokens;
    if (event.type === 'decode-speed') now.tokens = event.tokens;
    if (event.type === 'answer') now.times = event.times;
    if (event.type === 'failed') now.failure = event.error;
  });
  const rows = [];
  for (const count of String(query.get('words')).split(',').map(Number)) {
    const words = Array.from({ length: count }, (_, index) => SENTENCE[index % SENTENCE.length]).join(' ');
    const runs = [];
    for (let run = 0; run <= Number(query.get('repeat')); run += 1) {
      now = {};
      const start = performance.now();
      const options = { runId: `prompt-${count}-${run}`, sourceId: 'sample', task: 'sarcasm', readings: null, words, maxNewTokens: 64 };
      await client.explain(signal, { image: await createImageBitmap(picture), time: 0 }, options);
      if (now.failure) throw new Error(`${now.failure.message} ${now.failure.detail ?? ''}`);
      runs.push({ ...now, wholeMs: performance.now() - start });
    }
    const counted = runs.slice(1); // the first warms up
    rows.push({
      words: count,
      promptTokens: counted[0].promptTokens,
      prefillMs: median(counted.map(({ times }) => times.prefill)),
      decodePerSecond: median(counted.map(({ tokens, times }) => (1000 * tokens) / times.decode)),
      wholeMs: median(counted.map(({ wholeMs }) => wholeMs)),
    });
  }
  return { rows, threads: info.threads };
}

const SENTENCE = 'when the meeting that was said to take five minutes has gone on for three hours and somebody has one more question'.split(' ');
