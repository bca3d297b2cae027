/**
 * The onnxruntime that transformers.js runs on: the host's own, behind its queue. Transformers.js takes one that is handed to it at a
 * well-known symbol before it is first imported, so that there is one onnxruntime in the thread, with our files, threads and device.
 * Knows no text and no model.
 */
import type { Work } from '../shared/work.ts';
import { type EngineFailure, type Runtime, runtimeFailure, type Tensor, tellWork } from './graph.ts';
import { throwIfCancelled } from './language-model.ts';

/** Where transformers.js looks for a runtime when it is first imported (its backends/onnx.js). */
const HANDED_OVER = Symbol.for('onnxruntime');

type Session = Awaited<ReturnType<Runtime['ort']['InferenceSession']['create']>>;
type SessionOptions = Parameters<Runtime['ort']['InferenceSession']['create']>[1];
type Feeds = Parameters<Session['run']>[0];

/** More input numbers than this are a prompt or a picture, not a decode step: what the watchdog is told. */
const MOST_SMALL_INPUT = 4096;

/**
 * What one model's sessions share: where they run, whether they may, and what they left on the GPU. Sessions that are opened while it is
 * in use are its own.
 */
export class SessionLease {
  readonly #runtime: Runtime;
  readonly device: 'webgpu' | 'wasm' | 'native';
  /** Aborted: no further graph runs for it, and what calls for one fails with `cancelled`. */
  signal: AbortSignal | null = null;
  readonly #onGpu = new Set<Tensor>();
  readonly #sessions: Session[] = [];
  readonly #over = new AbortController();
  /** The first thing that went wrong: transformers.js gives its words alone. */
  failure: EngineFailure | null = null;

  constructor(runtime: Runtime, device: SessionLease['device']) {
    this.#runtime = runtime;
    this.device = device;
  }

  /** Makes this lease the one that new sessions belong to. */
  use(): void {
    current = this;
  }

  /** Frees what runs left on the GPU, whoever still holds it: a text that was broken off cannot free its own cache. */
  releaseTensors(): void {
    for (const tensor of this.#onGpu) if (tensor.location === 'gpu-buffer') tensor.dispose();
    this.#onGpu.clear();
  }

  /** Whatever is still being opened is let go as soon as it is there. */
  async dispose(): Promise<void> {
    this.#over.abort();
    this.releaseTensors();
    for (const session of this.#sessions.splice(0)) await this.#runtime.runs.run(() => session.release()).catch(() => {});
  }

  /** Never rejects: see `broken`. */
  async open(model: Uint8Array | string, options: SessionOptions): Promise<object> {
    const { runs, ort, sessionOptions } = this.#runtime;
    // Small helpers of transformers.js (resizing) bring no options of their own: they stay on the CPU.
    const isModel = options?.externalData !== undefined || options?.executionProviders !== undefined;
    const device = isModel ? this.device : this.#runtime.cpu;
    const own = { ...options, ...sessionOptions(device) };
    if (device === 'webgpu') own.preferredOutputLocation = 'gpu-buffer';
    try {
      const session = await runs.run(async () => {
        if (isModel) throwIfCancelled(this.#over.signal);
        if (isModel && this.failure) throw this.failure; // one graph more would not make it work
        const made = await tellWork(this.#runtime, { graph: 'language-model', backend: device, kind: 'open', size: 'large' }, () =>
          // The overloads take a path or bytes, never either.
          typeof model === 'string' ? ort.InferenceSession.create(model, own) : ort.InferenceSession.create(model, own),
        );
        if (isModel && this.#over.signal.aborted) await made.release();
        if (isModel) throwIfCancelled(this.#over.signal);
        return made;
      });
      if (isModel) this.#sessions.push(session);
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        inputMetadata: session.inputMetadata,
        outputMetadata: session.outputMetadata,
        run: (feeds: Feeds) => this.#run(session, feeds),
        release: () => runs.run(() => session.release()),
      };
    } catch (error) {
      return broken(this.#failed(runtimeFailure(error, 'The foundation model could not be opened.')));
    }
  }

  /** Never rejects: see `broken`. */
  async #run(session: Session, feeds: Feeds): Promise<object> {
    const work: Work = { graph: 'language-model', backend: this.device, kind: 'first', size: sizeOf(feeds) };
    try {
      return await this.#runtime.runs.run(() => {
        if (this.signal) throwIfCancelled(this.signal);
        return tellWork(this.#runtime, work, async () => {
          const outputs = await session.run(feeds);
          for (const [name, tensor] of Object.entries(outputs)) await this.#keepOrFetch(name, tensor as Tensor);
          return outputs;
        });
      });
    } catch (error) {
      return broken(this.#failed(runtimeFailure(error, 'The foundation model stopped working.')));
    }
  }

  /** A cache stays on the GPU for the next step; everything else is read on the CPU. */
  async #keepOrFetch(name: string, tensor: Tensor): Promise<void> {
    if (tensor.location !== 'gpu-buffer') return;
    if (name.startsWith('present')) {
      for (const old of this.#onGpu) if (old.location !== 'gpu-buffer') this.#onGpu.delete(old);
      this.#onGpu.add(tensor);
    } else await tensor.getData(true);
  }

  #failed(failure: EngineFailure): EngineFailure {
    this.failure ??= failure;
    return failure;
  }
}

let current: SessionLease | null = null;

/**
 * Must be called before @huggingface/transformers is first imported in this thread; later calls change nothing. Until a lease is in use,
 * sessions cannot be opened: a tokenizer needs none.
 */
export function handRuntimeToTransformers(ort: Pick<Runtime['ort'], 'Tensor'>): void {
  const InferenceSession = {
    create: (model: Uint8Array | string, options?: SessionOptions) => {
      if (!current) throw new Error('no model is being opened');
      return current.open(model, options);
    },
  };
  const symbols = globalThis as { [HANDED_OVER]?: object };
  symbols[HANDED_OVER] ??= { InferenceSession, Tensor: ort.Tensor };
}

/**
 * Stands for what a failed run or a failed opening would have given, and fails as soon as it is looked into. Transformers.js chains all
 * calls on one promise, so that one rejection would fail every later call in this thread: https://github.com/huggingface/transformers.js/issues/1767
 */
function broken(failure: EngineFailure): object {
  const fails = (): never => {
    throw failure;
  };
  return new Proxy(
    {},
    {
      ownKeys: fails,
      // A promise asks for `then`; whoever opened a session writes `config` into it.
      get: (_, key) => (key === 'then' ? undefined : fails()),
      set: () => true,
    },
  );
}

function sizeOf(feeds: Feeds): Work['size'] {
  const [, first] = Object.entries(feeds).find(([name]) => !name.startsWith('past')) ?? [];
  const size = first && 'size' in first ? first.size : 0;
  return size > MOST_SMALL_INPUT ? 'large' : 'small';
}
