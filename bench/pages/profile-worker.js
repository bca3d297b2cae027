/**
 * Our engine in a worker of its own, as the page has it, with onnxruntime's profiler on: what each kernel of each run took. Posts
 * `{ value }` or `{ fault }`. The profiler costs a little itself: shares are right, sums are a little too large.
 */
import { createEngine } from '../../src/engine/engine.ts';
import { FramePixels } from '../../src/workers/frame-pixels.ts';
import { openWebRuntime } from '../../src/workers/ort-web.ts';
import { loadFrames } from './frame-loop.js';
import { costsOfKernels } from './kernel-costs.js';

/** Of the set, read over and over; what comes first is slower, as long as the browser compiles what runs often. */
const SET = 60;
const FRAMES = { warmUp: 90, counted: 180 };
const EXPLANATIONS = { warmUp: 2, counted: 5 };
const MAX_NEW_TOKENS = 64;

/** The profiler's events: it prints them, by `console.log` as that was when onnxruntime was loaded. @type {string[]} */
let printed = [];
console.log = (line) => printed.push(String(line));

/** What is counted at the moment; null: nothing. @type {string | null} */
let phase = null;

/** @param {URLSearchParams} query pack, threads */
async function openProfiled(query) {
  /** @type {{ graph: string, session: any, runs: { phase: string | null, rows: number, ms: number }[] }[]} */
  const sessions = [];
  let opening = '';
  const opened = await openWebRuntime({
    packUrl: '',
    wasmUrl: new URL('/ort/', location.href).href,
    backend: 'wasm',
    graphBackends: {},
    threads: Number(query.get('threads')),
  });
  if (!opened.ok) throw new Error(opened.error.message);
  const { runtime } = opened.value;
  const { ort } = runtime;
  const create = async (/** @type {[any, any]} */ ...[model, options]) => {
    const graph = opening;
    const session = await ort.InferenceSession.create(model, { ...options, enableProfiling: true });
    const runs = [];
    const run = session.run.bind(session);
    session.run = async (feeds, ...rest) => {
      const now = phase;
      const start = performance.now();
      const outputs = await run(feeds, ...rest);
      runs.push({ phase: now, rows: rowsOf(feeds), ms: performance.now() - start });
      return outputs;
    };
    sessions.push({ graph, session, runs });
    return session;
  };
  const watched = {
    ...runtime,
    ort: { ...ort, InferenceSession: { create }, Tensor: ort.Tensor },
    onWork: (work) => {
      if (work?.kind === 'open') opening = work.graph;
    },
  };
  const packUrl = new URL(`/models/${query.get('pack')}/`, location.href);
  const engine = createEngine(watched, {
    async read(path, onBytes) {
      const bytes = new Uint8Array(await (await fetch(new URL(path, packUrl))).arrayBuffer());
      onBytes(bytes.length);
      return { ok: true, value: bytes };
    },
  });
  await told(engine.load(new AbortController().signal));
  return { engine, sessions, threads: runtime.threads };
}

/** New tokens of the language model; of any other graph the batch. */
const rowsOf = (feeds) => feeds.inputs_embeds?.dims[1] ?? Object.values(feeds)[0].dims[0];

/** All events, the last of each type at hand. */
async function told(events) {
  const last = {};
  for await (const event of events) last[event.type] = event;
  const error = last.failed?.error ?? last['load-failed']?.error;
  if (error) throw new Error(`${error.message} ${error.detail ?? ''}`);
  return last;
}

async function measure(query) {
  const { engine, sessions, threads } = await openProfiled(query);
  const { signal } = new AbortController();
  const pixels = new FramePixels();
  const frames = await loadFrames('/evaluation-data/large/', SET);

  let readMs = 0;
  let pixelMs = 0;
  let time = 0;
  for (let index = 0; index < FRAMES.warmUp + FRAMES.counted; index += 1) {
    const bitmap = frames[index % SET];
    phase = index < FRAMES.warmUp ? null : 'reading';
    const start = performance.now();
    const frame = await pixels.read({ image: new VideoFrame(bitmap, { timestamp: Math.round(time * 1e6) }), time });
    const copied = performance.now();
    await told(engine.read(signal, frame, { runId: `read-${index}`, sourceId: 'camera', mode: 'live', smoothing: 0.3 }));
    if (phase !== null) {
      pixelMs += copied - start;
      readMs += performance.now() - start;
    }
    // Stamped as a camera's frames are: the next is the first that comes after this has been read.
    time += Math.max(1, Math.ceil((30 * (performance.now() - start)) / 1000)) / 30;
  }

  const picture = await createImageBitmap(await (await fetch('/samples/astronaut.jpg')).blob());
  const frame = await pixels.read({ image: picture, time: 0 });
  const texts = [];
  for (let run = 0; run < EXPLANATIONS.warmUp + EXPLANATIONS.counted; run += 1) {
    phase = run < EXPLANATIONS.warmUp ? null : 'explaining';
    const options = { runId: `explain-${run}`, sourceId: 'sample', task: 'emotion', readings: null, words: null, maxNewTokens: MAX_NEW_TOKENS };
    const last = await told(engine.explain(signal, frame, options));
    if (phase !== null) texts.push({ promptTokens: last.prompt.promptTokens, tokens: last['decode-speed'].tokens, times: last.answer.times });
  }
  phase = null;

  const graphs = [];
  for (const { graph, session, runs } of sessions) {
    printed = [];
    try {
      session.endProfiling();
    } catch {
      continue; // closed: another form of the graph was taken
    }
    graphs.push(...costsOfKernels(graph, runs, printed));
  }
  await engine.dispose();
  const { counted } = FRAMES;
  return { threads, frames: counted, readMs: readMs / counted, pixelMs: pixelMs / counted, texts, graphs };
}

addEventListener('message', ({ data }) => {
  measure(new URLSearchParams(data)).then(
    (value) => postMessage({ value }),
    (error) => postMessage({ fault: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }),
  );
});
