/**
 * The one door to onnxruntime. Knows sessions, names, dims and backends; knows nothing of
 * pictures, text or packs on disk. The host hands the runtime in, so that this file runs in a
 * worker (onnxruntime-web) and in Node (onnxruntime-node) alike.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { type WireError, wireError } from '../shared/errors.ts';
import type { BackendTimes } from '../shared/events.ts';
import type { Backend, BackendChoice, GraphName } from '../shared/labels.ts';
import type { SerialQueue } from '../shared/serial-queue.ts';
import type { Work } from '../shared/work.ts';
import type { GraphEntry } from './manifest.ts';

export type OrtRuntime = Pick<typeof import('onnxruntime-common'), 'InferenceSession' | 'Tensor'>;
export type { Tensor } from 'onnxruntime-common';

/** What a host supplies: onnxruntime and the facts about the machine that the engine cannot see. */
export interface Runtime {
  ort: OrtRuntime;
  /** What "on the CPU" is here: `wasm` in a browser, `native` in Node. */
  cpu: 'wasm' | 'native';
  /**
   * The adapter in words (vendor, architecture), or null where there is none. `software`: it runs
   * on the CPU (SwiftShader, llvmpipe), where `auto` takes WebAssembly instead.
   */
  webgpu: { adapter: string; shaderF16: boolean; software: boolean } | null;
  /** CPU threads in use; 1 where the page is not cross-origin isolated. */
  threads: number;
  backend: BackendChoice;
  /** Overrides `backend` for single graphs. */
  graphBackends: Partial<Record<GraphName, BackendChoice>>;
  /** Execution providers and threads for one backend; everything else is set here. */
  sessionOptions(backend: Backend): InferenceSession.SessionOptions;
  /** Shared by all sessions: onnxruntime-web runs one graph at a time, whatever the number of sessions. */
  runs: SerialQueue;
  /** Told before anything is computed, since the thread may not be able to speak meanwhile, and with null after it. */
  onWork?: (work: Work | null) => void;
}

/** A failure of the runtime on its way to the one place in the engine that makes it a `failed` event. */
export class EngineFailure extends Error {
  readonly error: WireError;

  constructor(error: WireError) {
    super(error.detail === undefined ? error.message : `${error.message} (${error.detail})`);
    this.name = 'EngineFailure';
    this.error = error;
  }
}

/** An ONNX file and the external data that it names, as bytes. */
export interface GraphFiles {
  model: Uint8Array;
  data: { path: string; data: Uint8Array }[];
}

/** Another file of the same graph, with the same ports. */
export interface GraphVariant {
  entry: GraphEntry;
  files(): Promise<GraphFiles>;
  /** Instead of the stored one's. */
  warmUp?: (graph: Graph) => Promise<void>;
}

export interface OpenOptions {
  /** What WebAssembly runs instead, as long as it opens and warms up there. */
  onWasm?: GraphVariant | undefined;
  /** One small run right after opening: the first run compiles, and shows whether the backend can run the graph. Defaults to zeros. */
  warmUp?: (graph: Graph) => Promise<void>;
  /** A run like those to come, to be timed where there is a choice of backends; defaults to zeros. */
  trial?: (graph: Graph) => Promise<void>;
  /** What was measured earlier, with the same adapter and pack: it is not measured again. */
  known?: BackendTimes | undefined;
  /** Outputs that stay on the GPU where the graph runs there; their owner disposes them. Defaults to none. */
  gpuOutputs?: (name: string) => boolean;
}

type InputType = 'float32' | 'float16' | 'int64' | 'int32' | 'uint8' | 'bool';

/**
 * What `auto` puts on WebGPU: big enough that a GPU gains more than the copies to it cost. (The language model's warm-up
 * compares numbers, so a GPU on which they are wrong is left for the CPU.)
 */
const GPU_GRAPHS: readonly GraphName[] = ['scene-encoder', 'text-detector', 'language-model'];

/** A decode step with its guesses has no more tokens, a frame seldom more faces. */
const MOST_SMALL_ROWS = 8;

interface OpenedGraph {
  entry: GraphEntry;
  backend: Backend;
  session: InferenceSession;
}

/** One loaded ONNX file. */
export class Graph {
  readonly name: GraphName;
  readonly #runtime: Runtime;
  #opened: OpenedGraph;
  /** Sizes that have run: each compiles at its first run. */
  #ran = new Set<Work['size']>();
  /** Milliseconds a run took where it was measured. */
  times: BackendTimes = {};

  constructor(name: GraphName, runtime: Runtime, opened: OpenedGraph) {
    this.name = name;
    this.#runtime = runtime;
    this.#opened = opened;
  }

  get entry(): GraphEntry {
    return this.#opened.entry;
  }

  get backend(): Backend {
    return this.#opened.backend;
  }

  /** Goes on with what `other` opened; the session that ran until now is closed after the run at hand. `other` is not to be used any more. */
  async become(other: Graph): Promise<void> {
    const before = this.#opened.session;
    await this.#runtime.runs.run(async () => {
      this.#opened = other.#opened;
      this.#ran = other.#ran;
      await before.release().catch(() => {}); // the other one is in its place already
    });
  }

  /** A tensor on the CPU. `data` is not copied: do not change it while a run uses it. */
  tensor<T extends InputType>(type: T, data: Tensor.DataTypeMap[T], dims: readonly number[]): Tensor {
    return new this.#runtime.ort.Tensor(type as Tensor.Type, data, dims);
  }

  /**
   * Runs the graph. Inputs are checked against the manifest by name, type and dims: a named dim
   * must be the same everywhere in one run. Outputs are the caller's; those on the GPU must be disposed.
   * @param places tensors on the GPU that take outputs, by name, instead of new ones; an input may be one of them where the graph allows it.
   * @throws EngineFailure: wrong inputs, or onnxruntime's own failure, put into words.
   */
  async run(inputs: Record<string, Tensor>, places: Record<string, Tensor> = {}): Promise<Record<string, Tensor>> {
    this.#checkInputs(inputs);
    try {
      const outputs = await this.#runtime.runs.run(() => this.#compute(inputs, places));
      this.#checkOutputs(outputs);
      return { ...outputs };
    } catch (error) {
      throw runtimeFailure(error, `The ${this.name} graph stopped working.`);
    }
  }

  async dispose(): Promise<void> {
    await this.#runtime.runs.run(() => this.#opened.session.release());
  }

  async #compute(inputs: Record<string, Tensor>, places: Record<string, Tensor>): Promise<InferenceSession.ReturnType> {
    const size = this.#sizeOf(inputs);
    const kind = this.#ran.has(size) ? 'run' : 'first';
    return tellWork(this.#runtime, { graph: this.name, backend: this.backend, kind, size }, async () => {
      const fetches = Object.fromEntries(this.entry.outputs.map(({ name }) => [name, places[name] ?? null]));
      const outputs = await this.#opened.session.run(inputs, fetches);
      this.#ran.add(size);
      return outputs;
    });
  }

  /** By the free dims of the first input: tokens of a prompt, faces, pixels. */
  #sizeOf(inputs: Record<string, Tensor>): Work['size'] {
    const [port] = this.entry.inputs;
    const dims = (port && inputs[port.name]?.dims) ?? [];
    const rows = dims.reduce((product, dim, index) => (typeof port?.dims[index] === 'string' ? product * dim : product), 1);
    return rows > MOST_SMALL_ROWS ? 'large' : 'small';
  }

  #checkInputs(inputs: Record<string, Tensor>): void {
    const free = new Map<string, number>();
    for (const port of this.entry.inputs) {
      const tensor = inputs[port.name];
      if (!tensor) throw this.#mismatch(`input ${port.name} is missing, got ${Object.keys(inputs).join(', ')}`);
      if (tensor.type !== port.type) throw this.#mismatch(`input ${port.name}: expected ${port.type}, got ${tensor.type}`);
      const shape = `input ${port.name}: expected [${port.dims.join(', ')}], got [${tensor.dims.join(', ')}]`;
      if (tensor.dims.length !== port.dims.length) throw this.#mismatch(shape);
      for (const [index, expected] of port.dims.entries()) {
        const got = tensor.dims[index] ?? 0;
        const wanted = typeof expected === 'number' ? expected : (free.get(expected) ?? got);
        if (got !== wanted) throw this.#mismatch(typeof expected === 'number' ? shape : `${shape}, but ${expected} is ${wanted} elsewhere`);
        if (typeof expected === 'string') free.set(expected, got);
      }
    }
    const known = new Set(this.entry.inputs.map((port) => port.name));
    const unknown = Object.keys(inputs).filter((name) => !known.has(name));
    if (unknown.length > 0) throw this.#mismatch(`inputs ${unknown.join(', ')} are not the graph's`);
  }

  #checkOutputs(outputs: InferenceSession.ReturnType): void {
    for (const port of this.entry.outputs) {
      const tensor = outputs[port.name];
      if (!tensor) throw this.#mismatch(`output ${port.name} is missing`);
      const agrees =
        tensor.dims.length === port.dims.length && port.dims.every((dim, index) => typeof dim === 'string' || dim === tensor.dims[index]);
      if (!agrees) throw this.#mismatch(`output ${port.name}: expected [${port.dims.join(', ')}], got [${tensor.dims.join(', ')}]`);
    }
  }

  #mismatch(detail: string): EngineFailure {
    return new EngineFailure(
      wireError(
        'graph-failed',
        `The pack’s ${this.name} graph does not fit its manifest.`,
        'Get the pack again from where it came.',
        detail,
      ),
    );
  }
}

/** Runs that are timed on each backend; the median counts. */
const TRIALS = 5;
/** A backend takes another's place only if it is faster by this factor: below it, figures are chance. */
const WORTH_MOVING = 1.2;

/**
 * Opens a graph on the backend that the runtime's choice asks for and warms it up. Where WebGPU
 * cannot open or run it, it runs on the CPU instead, and a note says so in plain words. Where the choice is
 * `auto` and the graph is one that a GPU may gain on, both are timed and the faster one is kept.
 * @throws EngineFailure where no backend can run it.
 */
export async function openGraph(
  runtime: Runtime,
  name: GraphName,
  entry: GraphEntry,
  files: GraphFiles,
  options: OpenOptions = {},
): Promise<{ graph: Graph; notes: string[] }> {
  const { backends, notes } = backendsFor(runtime, name);
  const { known } = options;
  if (!mayChoose(runtime, name) || !GPU_GRAPHS.includes(name)) return openFirst(runtime, name, entry, files, options, backends, notes);
  if (known?.webgpu !== undefined && known[runtime.cpu] !== undefined) {
    const opened = await openFirst(runtime, name, entry, files, options, fastestFirst(backends, known), notes);
    opened.graph.times = known;
    return opened;
  }
  const first = await openFirst(runtime, name, entry, files, options, backends, notes);
  if (first.graph.backend !== 'webgpu') return first; // what the GPU cannot do is not timed
  const faster = await fasterOf(first.graph, runtime, name, entry, files, options);
  return { graph: faster.graph, notes: [...first.notes, ...faster.notes] };
}

/**
 * Times a small graph, which runs on the CPU since the start, on WebGPU too, and moves it there where that is faster: while it goes on
 * being used. Failures leave it where it is.
 */
export async function improveGraph(
  runtime: Runtime,
  graph: Graph,
  entry: GraphEntry,
  files: GraphFiles,
  options: Pick<OpenOptions, 'trial' | 'known'> = {},
): Promise<void> {
  if (!mayChoose(runtime, graph.name) || graph.backend === 'webgpu') return;
  const { known } = options;
  if (known !== undefined && fastestFirst([runtime.cpu, 'webgpu'], known)[0] !== 'webgpu') {
    graph.times = known;
    return;
  }
  const other = await openOn(runtime, graph.name, entry, files, 'webgpu', undefined).catch(() => null);
  if (other === null) return;
  try {
    if (!(await agree(graph, other))) throw new Error('the GPU computes other numbers');
    const trial = options.trial ?? runOnZeros;
    const times: BackendTimes = known ?? { webgpu: await timeOf(other, trial), [runtime.cpu]: await timeOf(graph, trial) };
    graph.times = times;
    if (fastestFirst([runtime.cpu, 'webgpu'], times)[0] !== 'webgpu') await other.dispose();
    else await graph.become(other);
  } catch {
    await other.dispose().catch(() => {});
  }
}

/** Whether backends are to be compared: a real GPU, and nobody asked for one of them. */
function mayChoose(runtime: Runtime, name: GraphName): boolean {
  return runtime.webgpu !== null && !runtime.webgpu.software && (runtime.graphBackends[name] ?? runtime.backend) === 'auto';
}

/** The order in which to try: the first of `backends` stays first unless another was clearly faster. */
function fastestFirst(backends: readonly Backend[], times: BackendTimes): Backend[] {
  const [first, ...others] = backends;
  if (first === undefined) return [];
  const better = others.find((other) => (times[other] ?? Number.POSITIVE_INFINITY) * WORTH_MOVING < (times[first] ?? 0));
  return better === undefined ? [...backends] : [better, ...backends.filter((backend) => backend !== better)];
}

async function timeOf(graph: Graph, trial: (graph: Graph) => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < TRIALS; run += 1) {
    const start = performance.now();
    await trial(graph);
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[TRIALS >> 1] as number;
}

/** Opens the graph on the CPU beside `onGpu`, times both and closes the slower one. */
async function fasterOf(
  onGpu: Graph,
  runtime: Runtime,
  name: GraphName,
  entry: GraphEntry,
  files: GraphFiles,
  options: OpenOptions,
): Promise<{ graph: Graph; notes: string[] }> {
  const trial = options.trial ?? runOnZeros;
  let onCpu: Graph | null = null;
  try {
    onGpu.times = { webgpu: await timeOf(onGpu, trial) };
    const opened = await openFirst(runtime, name, entry, files, options, [runtime.cpu], []);
    onCpu = opened.graph;
    // A warm-up of its own has compared numbers already; others are compared here.
    if (options.warmUp === undefined && !(await agree(onCpu, onGpu))) {
      await onGpu.dispose();
      const notes = [`WebGPU computes the ${name} graph wrongly on this machine, so it runs on WebAssembly.`];
      return { graph: onCpu, notes: [...notes, ...opened.notes] };
    }
    const times: BackendTimes = { ...onGpu.times, [runtime.cpu]: await timeOf(onCpu, trial) };
    const [kept, other] = fastestFirst(['webgpu', runtime.cpu], times)[0] === 'webgpu' ? [onGpu, onCpu] : [onCpu, onGpu];
    kept.times = times;
    await other.dispose();
    return { graph: kept, notes: kept === onCpu ? opened.notes : [] };
  } catch {
    // Too little memory for both, say: the one that is there goes on.
    await onCpu?.dispose().catch(() => {});
    return { graph: onGpu, notes: [] };
  }
}

/**
 * How far numbers of two backends may be apart, over the largest: room for float16 in between, or for an encoder's 8 bits; what a backend
 * computes wrongly is off by far more.
 */
export const agreementOf = ({ entry }: Pick<Graph, 'entry'>): number => (entry.dtype === 'q8' ? 0.08 : 0.02);

/** Whether two backends compute the same on a wave, as far as rounding lets them. */
async function agree(one: Graph, other: Graph): Promise<boolean> {
  const run = (graph: Graph) => graph.run(feedsOf(graph, (index) => Math.sin(0.1 * index)));
  const [wanted, got] = [await run(one), await run(other)];
  const allowed = Math.max(agreementOf(one), agreementOf(other));
  return Object.entries(wanted).every(([name, { data }]) => {
    const expected = data as Float32Array;
    const values = got[name]?.data as Float32Array;
    const largest = expected.reduce((top, value) => Math.max(top, Math.abs(value)), 1e-3);
    return expected.every((value, index) => Math.abs(value - (values[index] ?? Number.NaN)) <= allowed * largest);
  });
}

/** Opens the graph on the first of the backends that can run it. */
async function openFirst(
  runtime: Runtime,
  name: GraphName,
  entry: GraphEntry,
  files: GraphFiles,
  options: OpenOptions,
  backends: readonly Backend[],
  notes: string[],
): Promise<{ graph: Graph; notes: string[] }> {
  const asStored: GraphVariant = { entry, files: async () => files };
  const attempts = backends.flatMap((backend) => {
    const variants = backend === 'wasm' && options.onWasm ? [options.onWasm, asStored] : [asStored];
    return variants.map((variant) => ({ backend, variant }));
  });
  for (const [index, { backend, variant }] of attempts.entries()) {
    const isLast = index === attempts.length - 1;
    let graph: Graph | null = null;
    try {
      graph = await openOn(runtime, name, variant.entry, await variant.files(), backend, options.gpuOutputs);
      await (variant.warmUp ?? options.warmUp ?? runOnZeros)(graph);
      return { graph, notes };
    } catch (error) {
      // A session that failed its first run may fail to close as well: the first failure is the one to report.
      await graph?.dispose().catch(() => {});
      const failure = runtimeFailure(error, `The ${name} graph could not be opened.`);
      if (isLast) throw failure;
      const reason = shorten(failure.error.detail ?? failure.error.message);
      if (attempts[index + 1]?.backend === backend)
        notes.push(`The ${name} graph’s 8-bit form could not be used, so it runs as the pack has it, which is slower (${reason}).`);
      else if (backend === 'webgpu')
        notes.push(`WebGPU could not run the ${name} graph, so it runs on WebAssembly, which is slower (${reason}).`);
      else notes.push(`WebAssembly could not run the ${name} graph, so it runs on WebGPU (${reason}).`);
    }
  }
  throw new Error('there is at least one attempt');
}

/** The backends to try for a graph, best first, and why it is not as asked, if it is not. */
export function backendsFor(runtime: Runtime, name: GraphName): { backends: Backend[]; notes: string[] } {
  const choice = runtime.graphBackends[name] ?? runtime.backend;
  if (choice === 'wasm') return { backends: [runtime.cpu], notes: [] };
  if (!runtime.webgpu) {
    const notes = choice === 'webgpu' ? [`WebGPU was asked for and is not there: the ${name} graph runs on the CPU.`] : [];
    return { backends: [runtime.cpu], notes };
  }
  if (choice === 'webgpu') return { backends: ['webgpu', runtime.cpu], notes: [] };
  if (runtime.webgpu.software) return { backends: [runtime.cpu], notes: [] };
  if (!GPU_GRAPHS.includes(name)) return { backends: [runtime.cpu, 'webgpu'], notes: [] };
  return { backends: ['webgpu', runtime.cpu], notes: [] };
}

/** Opens the graph on that backend, without a first run. @throws EngineFailure where its names are others, and what onnxruntime throws. */
export async function openOn(
  runtime: Runtime,
  name: GraphName,
  entry: GraphEntry,
  files: GraphFiles,
  backend: Backend,
  gpuOutputs?: (name: string) => boolean,
): Promise<Graph> {
  const sessionOptions: InferenceSession.SessionOptions = { ...runtime.sessionOptions(backend) };
  if (files.data.length > 0) sessionOptions.externalData = files.data;
  if (backend === 'webgpu' && gpuOutputs) {
    const resident = entry.outputs.filter((port) => gpuOutputs(port.name));
    sessionOptions.preferredOutputLocation = Object.fromEntries(resident.map((port) => [port.name, 'gpu-buffer' as const]));
  }
  const session = await runtime.runs.run(() =>
    tellWork(runtime, { graph: name, backend, kind: 'open', size: 'large' }, () =>
      runtime.ort.InferenceSession.create(files.model, sessionOptions),
    ),
  );
  const graph = new Graph(name, runtime, { entry, backend, session });
  const missing = [
    ...entry.inputs.filter((port) => !session.inputNames.includes(port.name)),
    ...entry.outputs.filter((port) => !session.outputNames.includes(port.name)),
  ].map((port) => port.name);
  const extra = session.inputNames.filter((input) => !entry.inputs.some((port) => port.name === input));
  if (missing.length > 0 || extra.length > 0) {
    await graph.dispose();
    throw new EngineFailure(
      wireError(
        'pack-unsupported',
        `The pack’s ${name} graph has other names than its manifest says.`,
        'Get the pack again from where it came.',
        `not in the graph: ${missing.join(', ') || 'none'}; not in the manifest: ${extra.join(', ') || 'none'}`,
      ),
    );
  }
  return graph;
}

async function runOnZeros(graph: Graph): Promise<void> {
  const outputs = await graph.run(feedsOf(graph, () => 0));
  for (const tensor of Object.values(outputs)) tensor.dispose();
}

/** Every input filled, floats by `value`, others with zeros; a free first dim is a batch of one, any other a multiple of 32 (what encoders take). */
function feedsOf(graph: Graph, value: (index: number) => number): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const port of graph.entry.inputs) {
    const dims = port.dims.map((dim, index) => (typeof dim === 'number' ? dim : index === 0 ? 1 : 32));
    const length = dims.reduce((product, dim) => product * dim, 1);
    const data = zeros(port.type, length);
    if (data instanceof Float32Array) for (let index = 0; index < length; index += 1) data[index] = value(index);
    feeds[port.name] = graph.tensor(port.type, data, dims);
  }
  return feeds;
}

/** A typed array of zeros for a port's type. */
export function zeros(type: InputType, length: number): Tensor.DataTypeMap[InputType] {
  switch (type) {
    case 'float32':
      return new Float32Array(length);
    case 'float16':
      return new Uint16Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'int32':
      return new Int32Array(length);
    default:
      return new Uint8Array(length);
  }
}

/** Computes, and tells the host what before it and that it is over after it. */
export async function tellWork<T>({ onWork }: Runtime, work: Work, compute: () => Promise<T>): Promise<T> {
  onWork?.(work);
  try {
    return await compute();
  } finally {
    onWork?.(null);
  }
}

/** Puts whatever onnxruntime threw into one of our failures; an EngineFailure stays what it is. */
export function runtimeFailure(error: unknown, message: string): EngineFailure {
  if (error instanceof EngineFailure) return error;
  const detail = error instanceof Error ? error.message : String(error);
  if (/out of memory|bad_alloc|memory allocation|could not allocate|failed to allocate|Array buffer allocation|OOM\b/i.test(detail)) {
    return new EngineFailure(
      wireError('out-of-memory', 'This device ran out of memory.', 'Close other tabs and programs, then reload.', detail),
    );
  }
  if (/device (was |is )?lost|lost device|DeviceLost|external Instance reference/i.test(detail)) {
    return new EngineFailure(
      wireError(
        'device-lost',
        'The graphics device was lost.',
        'Reload the page; if it happens again, choose WebAssembly in the settings.',
        detail,
      ),
    );
  }
  return new EngineFailure(
    wireError('graph-failed', message, 'Reload; if it happens again, choose another backend in the settings.', detail),
  );
}

const shorten = (text: string): string => (text.length > 160 ? `${text.slice(0, 159)}…` : text);
