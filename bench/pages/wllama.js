/** wllama: llama.cpp in WebAssembly. Its own clock says how fast it was. */
import { median } from './statistics.js';

/** @param {URLSearchParams} query gguf, threads, tokens, repeat, seconds; the prompt comes from /made/prompt.json */
export async function measure(query) {
  const { Wllama } = await import('/modules/@wllama/wllama/esm/index.js');
  const { prompt } = await (await fetch('/made/prompt.json')).json();
  const start = performance.now();
  const file = await (await fetch(`/made/wllama/${query.get('gguf')}`)).blob();
  const wllama = new Wllama({ default: '/modules/@wllama/wllama/esm/wasm/wllama.wasm' }, { suppressNativeLog: true });
  await wllama.loadModel([file], { n_ctx: 2048, n_threads: Number(query.get('threads')), n_gpu_layers: 0 });
  const loadSeconds = (performance.now() - start) / 1000;
  const runs = [];
  const began = performance.now();
  for (let run = 0; run <= Number(query.get('repeat')); run += 1) {
    if (run > 3 && performance.now() - began > Number(query.get('seconds')) * 1000) break;
    let timings = null;
    const stream = await wllama.createCompletion({
      prompt,
      max_tokens: Number(query.get('tokens')),
      temperature: 0,
      stream: true,
      ignore_eos: true,
      cache_prompt: false,
      timings_per_token: true,
    });
    for await (const chunk of stream) if (chunk.timings) timings = chunk.timings;
    if (timings === null) throw new Error('it tells no times');
    runs.push(timings);
  }
  const counted = runs.slice(1);
  return {
    runs: counted.length,
    promptTokens: counted[0].prompt_n,
    tokens: counted[0].predicted_n,
    prefillMs: median(counted.map((each) => each.prompt_ms)),
    prefillPerSecond: median(counted.map((each) => each.prompt_per_second)),
    decodePerSecond: median(counted.map((each) => each.predicted_per_second)),
    loadSeconds,
    threads: wllama.getNumThreads?.() ?? null,
  };
}
