/**
 * The decoder graph. Knows ids, embeddings and logits; knows nothing of text, prompts or options.
 */
import { wireError } from '../shared/errors.ts';
import { EngineFailure, type Graph, type Tensor } from './graph.ts';
import { isPresent, KvCache } from './kv-cache.ts';
import { ArrayLogits, type Logits, NONE } from './logits.ts';
import type { LogitsHeads } from './logits-heads.ts';
import type { PackManifest } from './manifest.ts';
import { logSoftmax } from './sampler.ts';
import type { TokenEmbeddings } from './token-embeddings.ts';

type LanguageModelEntry = PackManifest['languageModel'];
/** How many last positions' logits a run gives: an input that only graphs have that can check guesses. */
const KEPT = 'num_logits_to_keep';
/**
 * Tokens that the KV cache has room for on the GPU before it has to be made anew each step: a long prompt and the longest text. A token takes
 * 46 kB in a model of 30 layers, 3 heads and 64 columns.
 */
const ROOM = 512;
/** For the few tokens that try a backend out. */
const TRIAL_ROOM = 64;
/** The part of the table that is needed here. */
type Embeddings = Pick<TokenEmbeddings, 'lookUp'>;
/** What reads logits that lie on the GPU. */
type Heads = Pick<LogitsHeads, 'rows'>;

/** Which outputs stay on the GPU: give it to `openGraph`. */
export function languageModelGpuOutputs(heads: Heads | null): (output: string) => boolean {
  return (output) => isPresent(output) || (heads !== null && output === 'logits');
}

export class LanguageModel {
  readonly contextLength: number;
  readonly #graph: Graph;
  readonly #entry: LanguageModelEntry;
  readonly #embeddings: Embeddings;
  readonly #heads: Heads | null;
  readonly #stopIds: ReadonlySet<number>;
  /** Whether a run can give the logits of several positions; what was guessed can be checked only then. */
  readonly takesDrafts: boolean;
  #head: { ids: readonly number[]; sequence: Sequence } | null = null;

  /** @param heads for a graph that was opened with `languageModelGpuOutputs(heads)`; null: logits come as arrays. */
  constructor(graph: Graph, entry: LanguageModelEntry, embeddings: Embeddings, heads: Heads | null) {
    this.contextLength = entry.contextLength;
    this.#graph = graph;
    this.#entry = entry;
    this.#embeddings = embeddings;
    this.#heads = heads;
    this.#stopIds = new Set(entry.stopIds);
    this.takesDrafts = graph.entry.inputs.some((port) => port.name === KEPT);
  }

  isStop(id: number): boolean {
    return this.#stopIds.has(id);
  }

  /** Token embeddings of ids. [T] → [T, hidden] */
  embed(ids: readonly number[]): Float32Array {
    return this.#embeddings.lookUp(ids);
  }

  /**
   * The prompt's first tokens; the caller disposes the sequence. The very first goes by itself: its activations are a hundred
   * times as large as all others, and where a run rounds activations to 8 bits with one scale (int8-layout.ts) nothing would be left of these.
   * @param room tokens that a text may have before it gets slower; on the GPU alone, and where no kept head gives its own.
   */
  async begin(signal: AbortSignal, ids: readonly number[], room = ROOM): Promise<Sequence> {
    const head = this.#head;
    if (head?.ids.every((id, index) => ids[index] === id)) {
      const sequence = head.sequence.fork();
      return ids.length === head.ids.length ? sequence : this.#grown(sequence, signal, ids.slice(head.ids.length));
    }
    const { kvHeads, headDim, contextLength } = this.#entry;
    const empty = KvCache.empty(this.#graph, kvHeads, headDim, this.#graph.backend === 'webgpu' ? Math.min(room, contextLength) : 0);
    let sequence: Sequence;
    try {
      sequence = new Sequence(this, await this.extend(signal, empty, this.embed(ids.slice(0, 1))));
    } finally {
      empty.release();
    }
    return ids.length === 1 ? sequence : this.#grown(sequence, signal, ids.slice(1));
  }

  /** Computes what every prompt begins with once; each `begin` that starts so goes on from there. Until `dispose`. */
  async keepHead(ids: readonly number[]): Promise<void> {
    this.dispose();
    if (ids.length > 0) this.#head = { ids, sequence: await this.begin(new AbortController().signal, ids) };
  }

  /** Lets the kept head go; the graph is its opener's. */
  dispose(): void {
    this.#head?.sequence.dispose();
    this.#head = null;
  }

  async #grown(sequence: Sequence, signal: AbortSignal, ids: readonly number[]): Promise<Sequence> {
    try {
      await sequence.append(signal, ids);
      return sequence;
    } catch (error) {
      sequence.dispose();
      throw error;
    }
  }

  /**
   * One run on top of a cache, which stays as it is. For `Sequence`.
   * @param embeddings [T, hidden]
   * @param guessed of how many positions before the last one the logits are wanted too.
   */
  async extend(signal: AbortSignal, past: KvCache, embeddings: Float32Array, guessed = 0): Promise<Extension> {
    const { hidden, vocab, contextLength } = this.#entry;
    const count = embeddings.length / hidden;
    if (!Number.isInteger(count) || count === 0)
      throw new RangeError(`embeddings of ${embeddings.length} numbers are not rows of ${hidden}`);
    const total = past.length + count;
    if (total > contextLength) {
      throw new EngineFailure(
        wireError(
          'graph-failed',
          'The prompt is too long for the language model.',
          'Use fewer words.',
          `${total} tokens, the model takes ${contextLength}`,
        ),
      );
    }
    throwIfCancelled(signal);
    const graph = this.#graph;
    const made: Record<string, Tensor> = {
      inputs_embeds: graph.tensor('float32', embeddings, [1, count, hidden]), // [1, T, hidden]
      attention_mask: graph.tensor('int64', new BigInt64Array(total).fill(1n), [1, total]), // [1, past + T]
    };
    if (graph.entry.inputs.some((port) => port.name === 'position_ids')) {
      const positions = BigInt64Array.from({ length: count }, (_, index) => BigInt(past.length + index));
      made.position_ids = graph.tensor('int64', positions, [1, count]);
    }
    if (this.takesDrafts) made[KEPT] = graph.tensor('int64', BigInt64Array.of(BigInt(guessed + 1)), [1]);
    const feeds = past.feeds();
    const inPlace = past.extended(count);
    let outputs: Record<string, Tensor>;
    try {
      outputs = await graph.run({ ...made, ...feeds }, inPlace?.places());
    } catch (error) {
      inPlace?.release();
      throw error;
    } finally {
      for (const tensor of Object.values(made)) tensor.dispose();
    }
    const cache = inPlace ?? KvCache.fromOutputs(total, outputs, Object.keys(feeds));
    const { logits } = outputs; // [1, guessed + 1 or more, vocab]
    if (logits?.type !== 'float32' || logits.dims.at(-1) !== vocab) {
      cache.release();
      logits?.dispose();
      throw new EngineFailure(
        wireError(
          'pack-unsupported',
          'The pack’s language model gives no logits that this version can read.',
          'Get the pack again from where it came.',
          `expected float32 [1, T, ${vocab}], got ${logits ? `${logits.type} [${logits.dims.join(', ')}]` : 'none'}`,
        ),
      );
    }
    const heads = logits.location === 'gpu-buffer' ? this.#heads : null;
    const rows = heads ? heads.rows(logits, guessed + 1) : takeRows(logits, guessed + 1);
    return { cache, rows, source: heads && new SharedTensor(logits) };
  }
}

/** What a run brought. */
interface Extension {
  cache: KvCache;
  /** Of the positions that were asked for, in order; the last one is what follows all tokens. */
  rows: Logits[];
  /** What the rows are read from, if it has to be disposed. */
  source: SharedTensor | null;
}

/** A tensor with several owners: each `retain` (and the making) is paid back by one `release`. */
class SharedTensor {
  readonly #tensor: Tensor;
  #owners = 1;

  constructor(tensor: Tensor) {
    this.#tensor = tensor;
  }

  retain(): SharedTensor {
    this.#owners += 1;
    return this;
  }

  release(): void {
    this.#owners -= 1;
    if (this.#owners === 0) this.#tensor.dispose();
  }
}

/** The last rows of logits on the CPU; the tensor is used up. [1, kept or more, vocab] */
function takeRows(logits: Tensor, kept: number): Logits[] {
  const [, rows = 0, vocab = 0] = logits.dims;
  const last = (logits.data as Float32Array).slice((rows - kept) * vocab);
  logits.dispose();
  return Array.from({ length: kept }, (_, row) => new ArrayLogits(last.subarray(row * vocab, (row + 1) * vocab)));
}

/** A text that grows: its KV cache and the logits of what may come next. Its maker disposes it. */
export class Sequence {
  readonly #model: LanguageModel;
  #cache: KvCache;
  #logits: Logits;
  #source: SharedTensor | null;

  constructor(model: LanguageModel, { cache, rows, source }: Extension) {
    this.#model = model;
    this.#cache = cache;
    this.#logits = rows.at(-1) as Logits;
    this.#source = source;
  }

  /** Tokens in it, the prompt's included. */
  get length(): number {
    return this.#cache.length;
  }

  /** Of the next token, until the sequence grows or is disposed. */
  get logits(): Logits {
    return this.#logits;
  }

  /** Adds ids, in one run. @throws EngineFailure with `cancelled` when the signal is aborted before it. */
  async append(signal: AbortSignal, ids: readonly number[]): Promise<void> {
    await this.appendEmbeddings(signal, this.#model.embed(ids));
  }

  /** As `append`, for rows that are no ids. [T, hidden] */
  async appendEmbeddings(signal: AbortSignal, embeddings: Float32Array): Promise<void> {
    this.#goOn(await this.#model.extend(signal, this.#cache, embeddings));
  }

  /**
   * Adds ids and, in the same run, as many of the guesses that follow them as are what `next` picks: the text is the one that
   * `append` would have made id by id. (Leviathan et al., Fast Inference from Transformers via Speculative Decoding, 2023, greedy case.)
   * @param guesses need `takesDrafts` of the model where there are any.
   * @param next picks what follows the guesses kept so far.
   * @returns the guesses that were kept.
   */
  async appendChecked(
    signal: AbortSignal,
    ids: readonly number[],
    guesses: readonly number[],
    next: (logits: Logits, kept: readonly number[]) => Promise<number>,
  ): Promise<number[]> {
    const extension = await this.#model.extend(signal, this.#cache, this.#model.embed([...ids, ...guesses]), guesses.length);
    this.#goOn(extension);
    const kept: number[] = [];
    for (const guess of guesses) {
      if ((await next(extension.rows[kept.length] as Logits, kept)) !== guess) break;
      kept.push(guess);
    }
    this.#logits = extension.rows[kept.length] as Logits;
    this.#cache = extension.cache.shortened(extension.cache.length - guesses.length + kept.length);
    extension.cache.release();
    return kept;
  }

  /** A branch from here, to be disposed on its own; nothing is copied. */
  fork(): Sequence {
    return new Sequence(this.#model, { cache: this.#cache.retain(), rows: [this.#logits], source: this.#source?.retain() ?? null });
  }

  dispose(): void {
    this.#cache.release();
    this.#source?.release();
    this.#source = null;
  }

  #goOn({ cache, rows, source }: Extension): void {
    this.dispose();
    this.#cache = cache;
    this.#logits = rows.at(-1) as Logits;
    this.#source = source;
  }
}

/** A text that can go on in several ways at once: what scoring options needs of one. */
export interface Branchable {
  /** Of the next token. */
  readonly logits: Logits;
  append(signal: AbortSignal, ids: readonly number[]): Promise<void>;
  fork(): Branchable;
  dispose(): void;
}

/**
 * The distribution over closed options when nothing else may be written: along the trie of their
 * tokens, each branching's probability is taken among the tokens that may follow there. Where an
 * option ends and another goes on, `endIds` (newline, stop) stand for the end.
 * @param options ids of each option, not empty.
 * @returns probabilities in the options' order; they sum to 1.
 */
export async function scoreOptions(
  signal: AbortSignal,
  sequence: Branchable,
  options: readonly (readonly number[])[],
  endIds: readonly number[],
): Promise<number[]> {
  const scores = new Array<number>(options.length).fill(Number.NEGATIVE_INFINITY);
  const visit = async (at: Branchable, members: readonly number[], depth: number, score: number): Promise<void> => {
    const [only] = members;
    if (members.length === 1 && only !== undefined) {
      scores[only] = score;
      return;
    }
    const ended = members.filter((member) => options[member]?.length === depth);
    const branches = new Map<number, number[]>();
    for (const member of members) {
      const next = options[member]?.[depth];
      if (next !== undefined) branches.set(next, [...(branches.get(next) ?? []), member]);
    }
    const ends = ended.length > 0 ? endIds : [];
    const ids = [...branches.keys(), ...ends];
    const logProbabilities = logSoftmax(await at.logits.of(ids));
    // Options with the very same tokens share their probability.
    const endProbability = logProbabilities.slice(branches.size).reduce((sum, value) => sum + Math.exp(value), 0);
    for (const member of ended) {
      scores[member] = score + (branches.size > 0 ? Math.log(endProbability) : 0) - Math.log(ended.length);
    }
    for (const [index, [id, inside]] of [...branches].entries()) {
      const branchScore = score + (logProbabilities[index] ?? Number.NEGATIVE_INFINITY);
      if (inside.length === 1) {
        scores[inside[0] as number] = branchScore;
        continue;
      }
      const branch = at.fork();
      try {
        await branch.append(signal, [id]);
        await visit(branch, inside, depth + 1, branchScore);
      } finally {
        branch.dispose();
      }
    }
  };
  await visit(
    sequence,
    options.map((_, index) => index),
    0,
    0,
  );
  return scores.map((score) => Math.exp(score));
}

/** @throws EngineFailure with `cancelled`. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new EngineFailure(wireError('cancelled', 'Stopped.', 'Start again when you like.'));
}

/** A decode step after a short prompt, as most runs are: what is timed where there is a choice of backends. */
export async function trialOfLanguageModel(
  graph: Graph,
  entry: LanguageModelEntry,
  embeddings: Embeddings,
  heads: Heads | null,
): Promise<void> {
  const { signal } = new AbortController();
  const [first = 0, second = 0] = entry.probe.ids;
  const sequence = await new LanguageModel(graph, entry, embeddings, heads).begin(signal, [first], TRIAL_ROOM);
  try {
    await sequence.append(signal, [second]);
    // A run whose outputs stay on the GPU is over here before it is over there.
    await sequence.logits.likeliest(NONE);
  } finally {
    sequence.dispose();
  }
}

/**
 * The first run is up to six times slower than later ones, and it shows whether the backend computes rightly: the pack's
 * probe, a prompt and a decode step, must give the logits that it gave when the pack was made, give or take `tolerance`.
 * @throws EngineFailure with `graph-failed` where they are others.
 */
export async function warmUpLanguageModel(
  graph: Graph,
  entry: LanguageModelEntry,
  embeddings: Embeddings,
  heads: Heads | null,
  tolerance = entry.probe.tolerance,
): Promise<void> {
  const { signal } = new AbortController();
  const { ids, next } = entry.probe;
  const model = new LanguageModel(graph, entry, embeddings, heads);
  const sequence = await model.begin(signal, ids, TRIAL_ROOM);
  try {
    for (const [index, { id, logit }] of next.entries()) {
      const [got = Number.NaN] = await sequence.logits.of([id]);
      if (!(Math.abs(got - logit) <= tolerance)) {
        const detail = `logit ${index} of the pack’s probe is ${got.toFixed(2)}, expected ${logit.toFixed(2)}`;
        const message = 'The language model computes wrong numbers on this machine.';
        throw new EngineFailure(wireError('graph-failed', message, 'Update the browser or the graphics driver.', detail));
      }
      if (index < next.length - 1) await sequence.append(signal, [id]);
    }
  } finally {
    sequence.dispose();
  }
}
