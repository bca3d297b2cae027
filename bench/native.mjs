/**
 * Our engine in Node with onnxruntime's native library, on the same picture: the ceiling of what the browser could reach.
 * Run by language.mjs with tsx: `node --import tsx native.mjs PACK_FOLDER THREADS TOKENS REPEAT`; prints JSON.
 */
import { createEngine } from '../src/engine/engine.ts';
import { packFolder } from '../src/node/pack-folder.ts';
import { readPicture } from '../src/node/picture.ts';
import { createNodeRuntime } from '../src/node/runtime.ts';
import { median } from './pages/statistics.js';
import { SAMPLE } from './places.mjs';

const [folder = '', threads, tokens, repeat] = process.argv.slice(2);
const { signal } = new AbortController();
const start = performance.now();
const engine = createEngine(await createNodeRuntime('native', Number(threads)), packFolder(folder));
for await (const event of engine.load(signal)) if (event.type === 'load-failed') throw new Error(event.error.message);
const loadSeconds = (performance.now() - start) / 1000;
const picture = await readPicture(SAMPLE);
if (!picture.ok) throw new Error(picture.error.message);

/** @type {{ promptTokens: number, tokens: number, prefill: number, decode: number }[]} */
const runs = [];
for (let run = 0; run <= Number(repeat); run += 1) {
  const told = { promptTokens: 0, tokens: 0, prefill: 0, decode: 0 };
  /** @type {import('../src/engine/engine.ts').ExplainOptions} */
  const options = { runId: `run-${run}`, sourceId: 'sample', task: 'emotion', readings: null, words: null, maxNewTokens: Number(tokens) };
  for await (const event of engine.explain(signal, picture.value, options)) {
    if (event.type === 'prompt') told.promptTokens = event.promptTokens;
    if (event.type === 'decode-speed') told.tokens = event.tokens;
    if (event.type === 'answer') Object.assign(told, { prefill: event.times.prefill, decode: event.times.decode });
    if (event.type === 'failed') throw new Error(event.error.message);
  }
  runs.push(told);
}
const dtype = engine.info().graphs.find(({ graph }) => graph === 'language-model')?.dtype;
await engine.dispose();
const counted = runs.slice(1); // the first warms up
console.log(
  JSON.stringify({
    runs: counted.length,
    promptTokens: counted[0]?.promptTokens,
    tokens: counted[0]?.tokens,
    prefillMs: median(counted.map((each) => each.prefill)),
    prefillPerSecond: median(counted.map((each) => (1000 * each.promptTokens) / each.prefill)),
    decodePerSecond: median(counted.map((each) => (1000 * each.tokens) / each.decode)),
    loadSeconds,
    threads: Number(threads),
    dtype,
  }),
);
