/**
 * The decoder graph. Knows ids, embeddings and logits; knows nothing of text, prompts or options.
 */
import { wireError } from '../shared/errors.ts';
import { EngineFailure, type Graph, type Tensor } from './graph.ts';
import { isPresent, KvCache } from './kv-cache.ts';
import type { PackManifest } from './manifest.ts';
import { logSoftmaxOver } from './sampler.ts';
import type { TokenEmbeddings } from './token-embeddings.ts';

type LanguageModelEntry = PackManifest['languageModel'];
/** How many last positions' logits a run gives: an input that only graphs have that can check guesses. */
const KEPT = 'num_logits_to_keep';
/** The part of the table that is needed here. */
type Embeddings = Pick<TokenEmbeddings, 'lookUp'>;

/** Which outputs stay on the GPU: give it to `openGraph`. */
export const languageModelGpuOutputs = isPresent;

export class LanguageModel {
  readonly contextLength: number;
  readonly #graph: Graph;
  readonly #entry: LanguageModelEntry;
  readonly #embeddings: Embeddings;
  readonly #stopIds: ReadonlySet<number>;
  /** Whether a run can give the logits of several positions; what was guessed can be checked only then. */
  readonly takesDrafts: boolean;
  #head: { ids: readonly number[]; sequence: Sequence } | null = null;

  constructor(graph: Graph, entry: LanguageModelEntry, embeddings: Embeddings) {
    this.contextLength = entry.contextLength;
    this.#graph = graph;
    this.#entry = entry;
    this.#embeddings = embeddings;
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
   */
  async begin(signal: AbortSignal, ids: readonly number[]): Promise<Sequence> {
    const head = this.#head;
    if (head?.ids.every((id, index) => ids[index] === id)) {
      const sequence = head.sequence.fork();
      return ids.length === head.ids.length ? sequence : this.#grown(sequence, signal, ids.slice(head.ids.length));
    }
    const empty = KvCache.empty(this.#graph, this.#entry.kvHeads, this.#entry.headDim);
    let sequence: Sequence;
    try {
      const { cache, logits } = await this.extend(signal, empty, this.embed(ids.slice(0, 1)), 1);
      sequence = new Sequence(this, cache, logits);
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
   * @param kept of how many last positions the logits are wanted.
   * @returns logits [kept, vocab]
   */
  async extend(
    signal: AbortSignal,
    past: KvCache,
    embeddings: Float32Array,
    kept: number,
  ): Promise<{ cache: KvCache; logits: Float32Array }> {
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
    if (this.takesDrafts) made[KEPT] = graph.tensor('int64', BigInt64Array.of(BigInt(kept)), [1]);
    const feeds = past.feeds();
    const outputs = await graph.run({ ...made, ...feeds });
    for (const tensor of Object.values(made)) tensor.dispose();
    const cache = KvCache.fromOutputs(total, outputs, Object.keys(feeds));
    const { logits } = outputs; // [1, kept, vocab]
    if (logits?.type !== 'float32' || logits.dims.at(-1) !== vocab) {
      cache.release();
      throw new EngineFailure(
        wireError(
          'pack-unsupported',
          'The pack’s language model gives no logits that this version can read.',
          'Get the pack again from where it came.',
          `expected float32 [1, T, ${vocab}], got ${logits ? `${logits.type} [${logits.dims.join(', ')}]` : 'none'}`,
        ),
      );
    }
    const data = logits.data as Float32Array;
    const last = data.slice(data.length - kept * vocab);
    logits.dispose();
    return { cache, logits: last };
  }
}

/** A text that grows: its KV cache and the logits of what may come next. Its maker disposes it. */
export class Sequence {
  readonly #model: LanguageModel;
  #cache: KvCache;
  #logits: Float32Array;

  constructor(model: LanguageModel, cache: KvCache, logits: Float32Array) {
    this.#model = model;
    this.#cache = cache;
    this.#logits = logits;
  }

  /** Tokens in it, the prompt's included. */
  get length(): number {
    return this.#cache.length;
  }

  /** Of the next token. [vocab] */
  get logits(): Float32Array {
    return this.#logits;
  }

  /** Adds ids, in one run. @throws EngineFailure with `cancelled` when the signal is aborted before it. */
  async append(signal: AbortSignal, ids: readonly number[]): Promise<void> {
    await this.appendEmbeddings(signal, this.#model.embed(ids));
  }

  /** As `append`, for rows that are no ids. [T, hidden] */
  async appendEmbeddings(signal: AbortSignal, embeddings: Float32Array): Promise<void> {
    const { cache, logits } = await this.#model.extend(signal, this.#cache, embeddings, 1);
    this.#cache.release();
    this.#cache = cache;
    this.#logits = logits;
  }

  /**
   * Adds ids and, in the same run, as many of the guesses that follow them as are what `next` picks: the text is the one that
   * `append` would have made id by id. (Leviathan et al., Fast Inference from Transformers via Speculative Decoding, 2023, greedy case.)
   * @param guesses need `takesDrafts` of the model where there are any.
   * @param next picks what follows the guesses kept so far, from logits [vocab].
   * @returns the guesses that were kept.
   */
  async appendChecked(
    signal: AbortSignal,
    ids: readonly number[],
    guesses: readonly number[],
    next: (logits: Float32Array, kept: readonly number[]) => number,
  ): Promise<number[]> {
    const rows = 1 + guesses.length; // of logits: after the last id, and after each guess
    const { cache, logits } = await this.#model.extend(signal, this.#cache, this.#model.embed([...ids, ...guesses]), rows);
    const vocab = logits.length / rows;
    const row = (index: number): Float32Array => logits.subarray(index * vocab, (index + 1) * vocab);
    const kept: number[] = [];
    for (const guess of guesses) {
      if (next(row(kept.length), kept) !== guess) break;
      kept.push(guess);
    }
    const before = this.#cache;
    this.#cache = cache.shortened(before.length + ids.length + kept.length);
    this.#logits = row(kept.length);
    cache.release();
    before.release();
    return kept;
  }

  /** A branch from here, to be disposed on its own; nothing is copied. */
  fork(): Sequence {
    return new Sequence(this.#model, this.#cache.retain(), this.#logits);
  }

  dispose(): void {
    this.#cache.release();
  }
}

/** A text that can go on in several ways at once: what scoring options needs of one. */
export interface Branchable {
  /** Of the next token. [vocab] */
  readonly logits: Float32Array;
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
    const logProbabilities = logSoftmaxOver(at.logits, ids);
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
export async function trialOfLanguageModel(graph: Graph, entry: LanguageModelEntry, embeddings: Embeddings): Promise<void> {
  const { signal } = new AbortController();
  const [first = 0, second = 0] = entry.probe.ids;
  const sequence = await new LanguageModel(graph, entry, embeddings).begin(signal, [first]);
  try {
    await sequence.append(signal, [second]);
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
  tolerance = entry.probe.tolerance,
): Promise<void> {
  const { signal } = new AbortController();
  const { ids, next } = entry.probe;
  const model = new LanguageModel(graph, entry, embeddings);
  const sequence = await model.begin(signal, ids);
  try {
    for (const [index, { id, logit }] of next.entries()) {
      const got = sequence.logits[id] ?? Number.NaN;
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
