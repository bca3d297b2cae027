/** transformers.js on WebAssembly with int8 weights. */
import { median } from './statistics.js';

/** @param {URLSearchParams} query threads, tokens, repeat, seconds; the prompt comes from /made/prompt.json */
export async function measure(query) {
  const { AutoModelForCausalLM, AutoTokenizer, env, TextStreamer } = await import(
    '/root-modules/@huggingface/transformers/dist/transformers.js'
  );
  const { prompt } = await (await fetch('/made/prompt.json')).json();
  env.allowLocalModels = true;
  env.allowRemoteModels = false;
  env.localModelPath = '/made/transformers/';
  env.useBrowserCache = false;
  env.useWasmCache = false;
  env.backends.onnx.wasm.wasmPaths = '/root-modules/onnxruntime-web/dist/';
  env.backends.onnx.wasm.numThreads = Number(query.get('threads'));
  const start = performance.now();
  const tokenizer = await AutoTokenizer.from_pretrained('smollm2');
  const model = await AutoModelForCausalLM.from_pretrained('smollm2', { dtype: 'q8', device: 'wasm', use_external_data_format: true });
  const loadSeconds = (performance.now() - start) / 1000;
  const tokens = Number(query.get('tokens'));
  const runs = [];
  const began = performance.now();
  let promptTokens = 0;
  for (let run = 0; run <= Number(query.get('repeat')); run += 1) {
    if (run > 3 && performance.now() - began > Number(query.get('seconds')) * 1000) break;
    const inputs = tokenizer(prompt, { add_special_tokens: false });
    promptTokens = inputs.input_ids.dims[1];
    const stamps = [];
    const streamer = new TextStreamer(tokenizer, {
      skip_prompt: true,
      callback_function: () => {},
      token_callback_function: () => stamps.push(performance.now()),
    });
    const begin = performance.now();
    await model.generate({ ...inputs, max_new_tokens: tokens, min_new_tokens: tokens, do_sample: false, streamer });
    const first = stamps[0];
    runs.push({ prefillMs: first - begin, decodePerSecond: (1000 * (stamps.length - 1)) / (stamps.at(-1) - first), tokens: stamps.length });
  }
  const counted = runs.slice(1);
  const prefillMs = median(counted.map((each) => each.prefillMs));
  return {
    runs: counted.length,
    promptTokens,
    tokens: counted[0].tokens,
    prefillMs,
    prefillPerSecond: (1000 * promptTokens) / prefillMs,
    decodePerSecond: median(counted.map((each) => each.decodePerSecond)),
    loadSeconds,
    threads: env.backends.onnx.wasm.numThreads,
  };
}
