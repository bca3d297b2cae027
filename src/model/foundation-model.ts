/**
 * A vision-language model of the hub, by @huggingface/transformers: its processor, its sessions and its greedy text. Everything comes from
 * the pack's files: nothing is asked of a network. Knows messages, pictures and tokens; knows nothing of tasks, steps or faces.
 */
import type { PreTrainedModel, Processor, Tensor as TransformersTensor } from '@huggingface/transformers';
import { wireError } from '../shared/errors.ts';
import { SerialQueue } from '../shared/serial-queue.ts';
import {
  cannotRun,
  type FoundationChoice,
  type FoundationFiles,
  type FoundationMachine,
  type FoundationManifest,
  foundationBytes,
  foundationFiles,
} from './foundation-manifest.ts';
import { backendsFor, EngineFailure, type Runtime, runtimeFailure } from './graph.ts';
import { type Picture, resize } from './image.ts';
import { type Branchable, scoreOptions, throwIfCancelled } from './language-model.ts';
import { ArrayLogits, type Logits } from './logits.ts';
import { createTextStream } from './tokenizer.ts';
import { handRuntimeToTransformers, SessionLease } from './transformers-runtime.ts';

type Library = typeof import('@huggingface/transformers');
/** What a processor gives and a model takes: tensors by name. */
type Inputs = Record<string, unknown> & { input_ids: TransformersTensor; attention_mask: TransformersTensor };
/** What a model's class has beyond its type. */
type RopeIndex = (ids: unknown, grid: unknown, video: unknown, mask: unknown) => [TransformersTensor, TransformersTensor];

/** One question: the model's turn follows it. */
export interface FoundationQuestion {
  /** Null where nothing is said. Manifests without a system turn have it at the head of the user's. */
  system: string | null;
  user: string;
  /** Before the user's text, in this order; at least one. */
  pictures: readonly Picture[];
  /** How the model's turn begins already; empty: it begins by itself. */
  prefix: string;
}

export interface WriteOptions {
  maxNewTokens: number;
  /** An n-gram of this length is written once; 0: whatever comes. */
  noRepeatNgram: number;
  /** Told after each token: what it adds to the text, and how many there are. True stops behind it. */
  onText(delta: string, tokens: number): boolean;
}

/** No name leads there: the library builds addresses under it and never opens one. */
const NOWHERE = 'https://pack.invalid/';
const REMEDY = 'Remove the pack, then get it again.';
/** Where neither the manifest nor the model says how many tokens it takes. */
const SMALLEST_CONTEXT = 2048;
/** A graph's weights, in a file of their own. */
const WEIGHTS = /\.onnx_data(_\d+)?$/;

/** The library's settings are the thread's: one model is opened at a time. */
const openings = new SerialQueue();
let opened = 0;

/**
 * Opens the graphs that this machine needs.
 * @param onBytes bytes of the pack's files that have been read.
 * @throws EngineFailure: no-webgpu where the machine cannot run it, pack-missing, pack-corrupt, out-of-memory, graph-failed, cancelled.
 */
export function openFoundationModel(
  signal: AbortSignal,
  runtime: Runtime,
  files: FoundationFiles,
  onBytes: (bytes: number) => void,
): Promise<FoundationModel> {
  return openings.run(async () => {
    const { manifest } = files;
    const choice = chooseFiles(runtime, manifest);
    handRuntimeToTransformers(runtime.ort);
    const library = await import('@huggingface/transformers');
    const lease = new SessionLease(runtime, choice.device);
    lease.use();
    const reader = new PackReader(signal, files, choice.paths, onBytes);
    setUp(library, reader);
    // The library remembers by name what it has seen: a pack that failed once must not fail for ever.
    opened += 1;
    const name = `${manifest.id}.${opened}`;
    reader.prefix = `${NOWHERE}${name}/resolve/main/`;
    try {
      const processor = await library.AutoProcessor.from_pretrained(name);
      const opening = library.AutoModelForImageTextToText.from_pretrained(name, {
        device: 'auto', // the lease decides
        dtype: choice.dtypes as Record<string, 'fp32'>,
        use_external_data_format: manifest.externalData,
      });
      const model = await Promise.race([opening, reader.failed]);
      if (lease.failure) throw lease.failure;
      throwIfCancelled(signal);
      const { image_processor: images } = processor;
      if (images && 'do_image_splitting' in images) images.do_image_splitting = manifest.pictures.tiles;
      return new FoundationModel(library, manifest, choice, lease, processor, model);
    } catch (error) {
      await lease.dispose();
      throw reader.failure ?? lease.failure ?? openingFailure(error);
    } finally {
      library.env.allowRemoteModels = false;
      library.env.customCache = null;
    }
  });
}

export class FoundationModel {
  readonly manifest: FoundationManifest;
  readonly device: SessionLease['device'];
  readonly dtypes: Record<string, string>;
  readonly #library: Library;
  readonly #lease: SessionLease;
  readonly #processor: Processor;
  readonly #model: PreTrainedModel;

  /** By `openFoundationModel`. */
  constructor(
    library: Library,
    manifest: FoundationManifest,
    choice: { dtypes: Record<string, string> },
    lease: SessionLease,
    processor: Processor,
    model: PreTrainedModel,
  ) {
    this.#library = library;
    this.manifest = manifest;
    this.device = lease.device;
    this.dtypes = choice.dtypes;
    this.#lease = lease;
    this.#processor = processor;
    this.#model = model;
  }

  /**
   * Prepares a question; nothing is computed but the pictures' preprocessing. The caller disposes the text: there is one at a time.
   * @throws EngineFailure: graph-failed where it is longer than the model's context.
   */
  async ask(signal: AbortSignal, question: FoundationQuestion): Promise<FoundationText> {
    throwIfCancelled(signal);
    const { systemTurn, pictures } = this.manifest;
    const contextLength = this.#contextLength();
    const text = question.system !== null && !systemTurn ? `${question.system}\n\n${question.user}` : question.user;
    const messages = [
      ...(question.system !== null && systemTurn ? [{ role: 'system', content: question.system }] : []),
      { role: 'user', content: [...question.pictures.map(() => ({ type: 'image' })), { type: 'text', text }] },
    ];
    try {
      const prompt = String(this.#processor.apply_chat_template(messages, { add_generation_prompt: true }));
      const gap = question.prefix === '' || /\s$/.test(prompt) ? '' : ' ';
      const images = question.pictures.slice(0, pictures.most).map((picture) => this.#image(picture));
      const inputs = (await this.#processor(`${prompt}${gap}${question.prefix}`, images)) as Inputs;
      const length = inputs.input_ids.dims.at(-1) ?? 0;
      if (length >= contextLength) {
        const detail = `${length} tokens, the model takes ${contextLength}`;
        throw new EngineFailure(wireError('graph-failed', 'The prompt is too long for the foundation model.', 'Use fewer words.', detail));
      }
      return new FoundationText(this.#library, this.#model, this.#processor, this.#lease, inputs, contextLength);
    } catch (error) {
      throw runtimeFailure(error, 'The foundation model could not take this question.');
    }
  }

  /** Closes its graphs and frees what they hold. */
  dispose(): Promise<void> {
    return this.#lease.dispose();
  }

  #contextLength(): number {
    type Length = { max_position_embeddings?: number } | undefined;
    const config = this.#model.config as Length & { text_config?: Length };
    return this.manifest.contextLength ?? config.text_config?.max_position_embeddings ?? config.max_position_embeddings ?? SMALLEST_CONTEXT;
  }

  #image(picture: Picture): InstanceType<Library['RawImage']> {
    const scale = Math.min(1, this.manifest.pictures.maxSide / Math.max(picture.width, picture.height));
    const small =
      scale === 1
        ? picture
        : resize(picture, Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
    return new this.#library.RawImage(small.data, small.width, small.height, 4).rgb();
  }
}

/** The model's turn as it grows. Its asker disposes it. */
export class FoundationText {
  readonly promptTokens: number;
  readonly #library: Library;
  readonly #model: PreTrainedModel;
  readonly #processor: Processor;
  readonly #lease: SessionLease;
  readonly #inputs: Inputs;
  readonly #contextLength: number;
  /** What the decoder has seen, and how many tokens that is. */
  #cache: object | null = null;
  #cached = 0;
  /** Written and not seen yet. */
  #pending: number[] = [];

  constructor(library: Library, model: PreTrainedModel, processor: Processor, lease: SessionLease, inputs: Inputs, contextLength: number) {
    this.#library = library;
    this.#model = model;
    this.#processor = processor;
    this.#lease = lease;
    this.#inputs = inputs;
    this.#contextLength = contextLength;
    this.promptTokens = inputs.input_ids.dims.at(-1) ?? 0;
  }

  /**
   * Writes greedily, once: up to a token that ends the text, to `onText`'s stop, or to the budget.
   * @returns the ids that were written, without one that ends the text.
   * @throws EngineFailure, `cancelled` before the next graph runs.
   */
  async write(signal: AbortSignal, options: WriteOptions): Promise<number[]> {
    const { onText } = options;
    const written: number[] = [];
    let stopped = false;
    const stream = createTextStream((ids) => this.#decode(ids));
    const streamer = new (listener(this.#library, (id) => {
      written.push(id);
      stopped = onText(stream.push(id), written.length);
    }))();
    const stopping = stopWhen(this.#library, () => stopped || signal.aborted);
    await this.#prefill(signal, { ...options, streamer, stopping_criteria: stopping });
    const last = written.at(-1);
    if (last !== undefined && this.#endIds().includes(last)) {
      written.pop();
      this.#pending = [];
    }
    return written;
  }

  /**
   * The distribution over options behind `head`, when nothing else may be written (see `scoreOptions`). Options are written with a leading space.
   * @param head what stands before the option and is not written yet; must not be empty where nothing was written.
   * @throws EngineFailure
   */
  async score(signal: AbortSignal, head: string, options: readonly string[]): Promise<number[]> {
    if (this.#cache === null) {
      await this.#prefill(signal, { maxNewTokens: 1, noRepeatNgram: 0 });
      this.#pending = [];
    }
    const newline = this.#encode('\n').slice(0, 1);
    const start = new Branch((ids) => this.#logitsAfter(signal, ids));
    await start.append(signal, [...this.#pending, ...this.#encode(head)]);
    return scoreOptions(
      signal,
      start,
      options.map((option) => this.#encode(` ${option}`)),
      [...new Set([...this.#endIds(), ...newline])],
    );
  }

  /** Frees the cache. */
  dispose(): void {
    this.#cache = null;
    this.#lease.releaseTensors();
  }

  /** The prompt's pass, and as many tokens as are asked for. */
  async #prefill(
    signal: AbortSignal,
    {
      maxNewTokens,
      noRepeatNgram,
      ...rest
    }: { maxNewTokens: number; noRepeatNgram: number; streamer?: unknown; stopping_criteria?: unknown },
  ): Promise<void> {
    throwIfCancelled(signal);
    const room = this.#contextLength - this.promptTokens;
    const options = {
      ...this.#inputs,
      ...rest,
      max_new_tokens: Math.max(1, Math.min(maxNewTokens, room)),
      do_sample: false,
      no_repeat_ngram_size: noRepeatNgram,
      return_dict_in_generate: true, // else the cache is gone
    };
    const given = await this.#computing(signal, () => this.#model.generate(options as Parameters<PreTrainedModel['generate']>[0]));
    const { sequences, past_key_values: cache } = given as { sequences: TransformersTensor; past_key_values: object };
    const length = sequences.dims.at(-1) ?? 0;
    this.#cache = cache;
    this.#cached = length - 1; // the last one has not been fed
    this.#pending = [Number(sequences.data[length - 1])];
  }

  /** Of the next token after what is cached and these ids. */
  async #logitsAfter(signal: AbortSignal, ids: readonly number[]): Promise<Logits> {
    throwIfCancelled(signal);
    const { Tensor, ones } = this.#library;
    const inputs = {
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      attention_mask: ones([1, this.#cached + ids.length]),
      past_key_values: this.#cache,
      position_ids: this.#positions(ids.length),
    };
    const outputs = (await this.#computing(signal, () => this.#model.forward(inputs))) as Record<string, TransformersTensor>;
    const { logits } = outputs; // [1, T, vocab]
    for (const [name, tensor] of Object.entries(outputs)) {
      if (name.startsWith('present') && tensor.location === 'gpu-buffer') tensor.dispose();
    }
    if (!logits) throw new EngineFailure(wireError('pack-unsupported', 'The foundation model’s decoder gives no logits.', REMEDY));
    return new ArrayLogits(logits.slice(null, -1, null).to('float32').data as Float32Array);
  }

  /** Where positions have more axes than one (Qwen-VL), pictures take fewer of them than tokens: the text behind goes on from there. Null: the library counts. */
  #positions(count: number): TransformersTensor | null {
    const model = this.#model as { get_rope_index?: RopeIndex };
    if (!model.get_rope_index) return null;
    const { input_ids: ids, image_grid_thw: grid, attention_mask: mask } = this.#inputs;
    const [, deltas] = model.get_rope_index(ids, grid, undefined, mask);
    const first = this.#cached + Number(deltas.data[0]);
    const axis = Array.from({ length: count }, (_, index) => BigInt(first + index));
    return new this.#library.Tensor('int64', BigInt64Array.from([...axis, ...axis, ...axis]), [3, 1, count]);
  }

  async #computing<T>(signal: AbortSignal, job: () => Promise<T>): Promise<T> {
    this.#lease.signal = signal;
    try {
      const result = await job();
      throwIfCancelled(signal);
      return result;
    } catch (error) {
      throw runtimeFailure(error, 'The foundation model stopped working.');
    } finally {
      this.#lease.signal = null;
    }
  }

  #encode(text: string): number[] {
    return text === '' ? [] : (this.#processor.tokenizer?.encode(text, { add_special_tokens: false }) ?? []);
  }

  #decode(ids: readonly number[]): string {
    const options = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
    return ids.length === 0 ? '' : (this.#processor.tokenizer?.decode([...ids], options) ?? '');
  }

  #endIds(): number[] {
    type Ends = { eos_token_id?: number | number[] | null } | null | undefined;
    const { config } = this.#model as { config: Ends & { text_config?: Ends } };
    const places: Ends[] = [this.#model.generation_config as Ends, config, config.text_config];
    return [places.map((place) => place?.eos_token_id).find((ids) => ids !== undefined && ids !== null) ?? []].flat();
  }
}

/** A branch of a text by the ids that it adds: each step runs all of them again, which are few. */
class Branch implements Branchable {
  readonly #run: (ids: readonly number[]) => Promise<Logits>;
  readonly #ids: readonly number[];
  #added: number[] = [];
  logits: Logits = new ArrayLogits(new Float32Array());

  constructor(run: (ids: readonly number[]) => Promise<Logits>, ids: readonly number[] = []) {
    this.#run = run;
    this.#ids = ids;
  }

  async append(_: AbortSignal, ids: readonly number[]): Promise<void> {
    this.#added.push(...ids);
    this.logits = await this.#run([...this.#ids, ...this.#added]);
  }

  fork(): Branch {
    const branch = new Branch(this.#run, [...this.#ids, ...this.#added]);
    branch.logits = this.logits;
    return branch;
  }

  dispose(): void {}
}

/** Bytes that this machine reads of the pack; null where they are not known before. */
export function foundationSize(runtime: Runtime, manifest: FoundationManifest): number | null {
  return foundationBytes(manifest, foundationFiles(manifest, machineOf(runtime)).paths);
}

/** What the runtime's choice of backends leaves for a language model. */
function machineOf(runtime: Runtime): FoundationMachine {
  const { backends } = backendsFor(runtime, 'language-model');
  return { webgpu: backends[0] === 'webgpu', shaderF16: runtime.webgpu?.shaderF16 ?? false, native: runtime.cpu === 'native' };
}

/** Which files, or why there are none for this machine. @throws EngineFailure (no-webgpu) */
function chooseFiles(runtime: Runtime, manifest: FoundationManifest): FoundationChoice & { device: 'webgpu' | 'wasm' | 'native' } {
  const choice = foundationFiles(manifest, machineOf(runtime));
  if (choice.device !== null) return { ...choice, device: choice.device };
  throw new EngineFailure(cannotRun(manifest));
}

/** Stands for the library's cache and network: gives the pack's files, and nothing else. */
class PackReader {
  prefix = '';
  failure: EngineFailure | null = null;
  /** Rejects with the failure. */
  readonly failed: Promise<never>;
  #fail: (failure: EngineFailure) => void = () => {};
  #loaded = 0;
  /** The library asks for all graphs' files at once: in memory they are one after another. */
  readonly #reads = new SerialQueue();
  readonly #signal: AbortSignal;
  readonly #files: FoundationFiles;
  readonly #paths: ReadonlySet<string>;
  readonly #onBytes: (bytes: number) => void;

  constructor(signal: AbortSignal, files: FoundationFiles, paths: readonly string[], onBytes: (bytes: number) => void) {
    this.#signal = signal;
    this.#files = files;
    this.#paths = new Set(paths);
    this.#onBytes = onBytes;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {}); // told to who opens the model
  }

  /** A file of the pack, read when it is wanted; undefined for what the pack does not have. */
  async match(address: string): Promise<Response | undefined> {
    if (!address.startsWith(this.prefix)) return undefined;
    const path = address.slice(this.prefix.length);
    return this.#paths.has(path) ? new PackedFile(() => this.#read(path)) : undefined;
  }

  async put(): Promise<void> {}

  async #read(path: string): Promise<ArrayBuffer> {
    try {
      const read = await this.#reads.run(() => {
        throwIfCancelled(this.#signal);
        if (this.failure) throw this.failure; // another's file has failed meanwhile
        return this.#files.read(path);
      });
      if (!read.ok) throw new EngineFailure(read.error);
      const { value } = read;
      this.#loaded += value.length;
      this.#onBytes(this.#loaded);
      const whole = value.byteOffset === 0 && value.byteLength === value.buffer.byteLength && value.buffer instanceof ArrayBuffer;
      return whole ? (value.buffer as ArrayBuffer) : new Uint8Array(value).buffer;
    } catch (error) {
      this.failure ??= error instanceof EngineFailure ? error : openingFailure(error);
      this.#fail(this.failure);
      // The library loses the rejection of a file with a graph's weights, and waits for ever: nobody is left to be told.
      if (WEIGHTS.test(path)) return new Promise<never>(() => {});
      throw error;
    }
  }
}

/** Files are large: one is read when its bytes are asked for, and not copied. */
class PackedFile extends Response {
  readonly #read: () => Promise<ArrayBuffer>;

  constructor(read: () => Promise<ArrayBuffer>) {
    super(null);
    this.#read = read;
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#read();
  }
}

function setUp({ env, LogLevel }: Library, reader: PackReader): void {
  env.logLevel = LogLevel.NONE; // its errors are thrown as well, and would be told with what the model was given
  env.remoteHost = NOWHERE;
  env.fetch = async () => new Response(null, { status: 404 });
  env.allowLocalModels = false;
  env.allowRemoteModels = true; // with both off it refuses before it asks the cache
  env.useBrowserCache = false;
  env.useFSCache = false;
  env.useWasmCache = false;
  env.useCustomCache = true;
  env.customCache = reader;
}

function openingFailure(error: unknown): EngineFailure {
  if (error instanceof EngineFailure) return error;
  const failure = runtimeFailure(error, 'The foundation model could not be opened.');
  if (failure.error.code !== 'graph-failed') return failure;
  const detail = error instanceof Error ? error.message : String(error);
  return new EngineFailure(wireError('pack-corrupt', 'The foundation model’s files cannot be used.', REMEDY, detail));
}

/** A streamer that tells each token behind the prompt. */
function listener({ BaseStreamer }: Library, onToken: (id: number) => void) {
  return class extends BaseStreamer {
    #isPrompt = true;

    override put(value: bigint[][]): void {
      if (this.#isPrompt) this.#isPrompt = false;
      else for (const id of value[0] ?? []) onToken(Number(id));
    }

    override end(): void {}
  };
}

function stopWhen({ StoppingCriteria, StoppingCriteriaList }: Library, isOver: () => boolean) {
  class Stop extends StoppingCriteria {
    override _call(ids: number[][]): boolean[] {
      return ids.map(isOver);
    }
  }
  const stopping = new StoppingCriteriaList();
  stopping.push(new Stop());
  return stopping;
}
