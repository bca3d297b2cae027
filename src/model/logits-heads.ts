/**
 * Reads logits where they lie. Two graphs without weights run behind the language model on the GPU, so that of the [kept, vocab] floats of
 * a run only the best of each block of ids comes down, or the scores of the ids that were asked for. Knows no cache and no text.
 */
import { backendsFor, type Graph, openOn, type Runtime, type Tensor } from './graph.ts';
import { ArrayLogits, type Logits, NONE, orNone } from './logits.ts';
import { onnxGraph } from './onnx-file.ts';

/** Ids that one group of threads compares; the groups' bests, which are few, are compared here. */
const LARGEST_BLOCK = 256;
/** With smaller blocks than this nothing would be saved. */
const SMALLEST_BLOCK = 16;
/** All backends have 32 bits for an index. */
const INDEX = 'int32';
/**
 * The vocabulary is named as a free dim so that each run is known as a large one: it is over when the language model's before it is, and
 * that may have been of a long prompt.
 */
const LOGITS = [1, 'rows', 'vocab'];

export class LogitsHeads {
  readonly #bests: Graph;
  readonly #scores: Graph;
  readonly #block: number;

  private constructor(bests: Graph, scores: Graph, block: number) {
    this.#bests = bests;
    this.#scores = scores;
    this.#block = block;
  }

  /**
   * Opens and tries them. Null where the language model does not come onto the GPU, where the vocabulary has no divisor that would
   * do, and where the GPU cannot run them or runs them wrongly: logits are downloaded then.
   */
  static async open(runtime: Runtime, vocab: number): Promise<LogitsHeads | null> {
    if (!backendsFor(runtime, 'language-model').backends.includes('webgpu')) return null;
    try {
      return await LogitsHeads.openOn(runtime, vocab, 'webgpu');
    } catch {
      return null;
    }
  }

  /** As `open`, on any backend. @throws what onnxruntime throws, and Error where the numbers are wrong. */
  static async openOn(runtime: Runtime, vocab: number, backend: Graph['backend']): Promise<LogitsHeads | null> {
    const block = blockOf(vocab);
    if (block < SMALLEST_BLOCK) return null;
    const opened: Graph[] = [];
    try {
      for (const { entry, files } of [bestsGraph(vocab, block), scoresGraph()]) {
        opened.push(await openOn(runtime, 'language-model', entry, files, backend));
      }
      const [bests, scores] = opened as [Graph, Graph];
      const heads = new LogitsHeads(bests, scores, block);
      await heads.#check(vocab);
      return heads;
    } catch (error) {
      for (const graph of opened) await graph.dispose().catch(() => {});
      throw error;
    }
  }

  /**
   * The last positions of a run.
   * @param logits [1, kept or more, vocab]; stays the caller's, who disposes it after the rows' last use.
   */
  rows(logits: Tensor, kept: number): Logits[] {
    const all = logits.dims[1] ?? 0;
    let bests: Promise<Best[][]> | null = null; // all rows at once, at the first question
    const bestsOf = async (row: number): Promise<Best[]> => {
      bests ??= this.#bestsOf(logits);
      return (await bests)[row] ?? [];
    };
    return Array.from({ length: kept }, (_, index) => {
      const row = all - kept + index;
      return new DistantLogits(
        () => bestsOf(row),
        (ids) => this.#scoresOf(logits, row, ids),
        this.#block,
      );
    });
  }

  async dispose(): Promise<void> {
    await this.#bests.dispose();
    await this.#scores.dispose();
  }

  /** [1, rows, vocab] → of each row, the best of each block */
  async #bestsOf(logits: Tensor): Promise<Best[][]> {
    const { bests } = await this.#bests.run({ logits });
    const values = (bests as Tensor).data as Float32Array; // [1, rows, blocks, 2]
    const [, rows = 0, blocks = 0] = (bests as Tensor).dims;
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: blocks }, (_, index) => {
        const [logit = 0, fromEnd = 0] = values.subarray(2 * (row * blocks + index));
        return { id: (index + 1) * this.#block - fromEnd, logit };
      }),
    );
  }

  /** [1, rows, vocab], ids [n] → [n] */
  async #scoresOf(logits: Tensor, row: number, ids: readonly number[]): Promise<number[]> {
    const vocab = logits.dims[2] ?? 0;
    const known = ids.filter((id) => id >= 0 && id < vocab);
    if (known.length === 0) return ids.map(() => Number.NEGATIVE_INFINITY);
    const wanted = this.#scores.tensor(INDEX, Int32Array.from(known), [known.length]);
    const { scores } = await this.#scores.run({ logits, ids: wanted });
    wanted.dispose();
    const values = ((scores as Tensor).data as Float32Array).subarray(row * known.length); // of [1, rows, n]
    const found = new Map(known.map((id, index) => [id, values[index] as number]));
    return ids.map((id) => found.get(id) ?? Number.NEGATIVE_INFINITY);
  }

  /** Two rows with ties: what is compared at every start cannot be wrong unseen. */
  async #check(vocab: number): Promise<void> {
    const values = Float32Array.from({ length: 2 * vocab }, (_, index) => -1 - ((index * 37) % 101));
    const [early, late, lone] = [this.#block - 1, vocab - 1, this.#block];
    for (const at of [early, late, vocab + late, vocab + lone]) values[at] = 3;
    const tensor = this.#bests.tensor('float32', values, [1, 2, vocab]);
    try {
      for (const [index, row] of this.rows(tensor, 2).entries()) {
        const array = new ArrayLogits(values.subarray(index * vocab, (index + 1) * vocab));
        for (const banned of [NONE, new Set([early, lone])]) {
          if ((await row.likeliest(banned)) !== (await array.likeliest(banned))) throw new Error('the likeliest id is another');
        }
        const ids = [late, 0, early, vocab];
        if ((await row.of(ids)).join() !== (await array.of(ids)).join()) throw new Error('the scores are others');
      }
    } finally {
      tensor.dispose();
    }
  }
}

interface Best {
  id: number;
  logit: number;
}

class DistantLogits implements Logits {
  readonly #bests: () => Promise<Best[]>;
  readonly #block: number;
  readonly of: Logits['of'];

  constructor(bests: () => Promise<Best[]>, of: Logits['of'], block: number) {
    this.#bests = bests;
    this.of = of;
    this.#block = block;
  }

  async likeliest(banned: ReadonlySet<number>): Promise<number> {
    const bests = await this.#bests();
    // Where a block's best is banned, the block's next best is not known here: its scores are fetched.
    const others = bests
      .filter(({ id }) => banned.has(id))
      .flatMap(({ id }) => Array.from({ length: this.#block }, (_, index) => id - (id % this.#block) + index))
      .filter((id) => !banned.has(id));
    const scores = others.length > 0 ? await this.of(others) : [];
    let best: Best = { id: -1, logit: Number.NEGATIVE_INFINITY };
    const consider = (id: number, logit: number): void => {
      if (logit > best.logit || (logit === best.logit && id < best.id)) best = { id, logit };
    };
    for (const { id, logit } of bests) if (!banned.has(id)) consider(id, logit);
    for (const [index, id] of others.entries()) consider(id, scores[index] as number);
    return orNone(best.id);
  }
}

/** The largest divisor that a block may have. */
function blockOf(vocab: number): number {
  let block = LARGEST_BLOCK;
  while (vocab % block !== 0) block -= 1;
  return block;
}

/**
 * [1, rows, vocab] → [1, rows, blocks, 2]: the highest score of each block, and how far before the block's end it stands, the farthest
 * one at a tie. (Not by ArgMax: onnxruntime's walks a block in one thread, and a second output is a second wait for the GPU.)
 */
function bestsGraph(vocab: number, block: number) {
  const blocks = vocab / block;
  return onnxGraph({
    inputs: [{ name: 'logits', type: 'float32', dims: LOGITS }],
    outputs: [{ name: 'bests', type: 'float32', dims: [1, 'rows', blocks, 2] }],
    constants: {
      shape: BigInt64Array.of(0n, 0n, BigInt(blocks), BigInt(block)), // 0: as it is
      fromEnd: Float32Array.from({ length: block }, (_, index) => block - index),
      nothing: Float32Array.of(0),
    },
    nodes: [
      { op: 'Reshape', inputs: ['logits', 'shape'], outputs: ['blocks'] },
      { op: 'ReduceMax', inputs: ['blocks'], outputs: ['highest'], attributes: { axes: [3], keepdims: 1 } },
      { op: 'Equal', inputs: ['blocks', 'highest'], outputs: ['isHighest'] },
      { op: 'Where', inputs: ['isHighest', 'fromEnd', 'nothing'], outputs: ['places'] },
      { op: 'ReduceMax', inputs: ['places'], outputs: ['place'], attributes: { axes: [3], keepdims: 1 } },
      { op: 'Concat', inputs: ['highest', 'place'], outputs: ['bests'], attributes: { axis: 3 } },
    ],
  });
}

/** [1, rows, vocab], ids [n] → [1, rows, n] */
function scoresGraph() {
  return onnxGraph({
    inputs: [
      { name: 'logits', type: 'float32', dims: LOGITS },
      { name: 'ids', type: INDEX, dims: ['n'] },
    ],
    outputs: [{ name: 'scores', type: 'float32', dims: [1, 'rows', 'n'] }],
    constants: {},
    nodes: [{ op: 'Gather', inputs: ['logits', 'ids'], outputs: ['scores'], attributes: { axis: 2 } }],
  });
}
