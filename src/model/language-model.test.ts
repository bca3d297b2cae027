import { Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import type { Graph } from './graph.ts';
import { LanguageModel, languageModelGpuOutputs, scoreOptions, warmUpLanguageModel } from './language-model.ts';
import { ArrayLogits, type Logits, NONE } from './logits.ts';
import type { GraphEntry, PackManifest } from './manifest.ts';

const VOCAB = 8;

const entry: PackManifest['languageModel'] = {
  graph: 'language-model',
  layers: 1,
  kvHeads: 1,
  headDim: 1,
  hidden: 1,
  vocab: VOCAB,
  contextLength: 12,
  stopIds: [7],
  embedding: {
    file: 'w',
    blockSize: 2,
    weights: { offset: 0, bytes: 1 },
    scales: { file: 's', offset: 0, bytes: 1, type: 'float32' },
    zeroPoints: null,
  },
  probe: {
    ids: [1, 2],
    next: [
      { id: 3, logit: 2 },
      { id: 4, logit: 3 },
    ],
    tolerance: 0.1,
  },
};

/**
 * A decoder that keeps the ids it has seen as its key cache, so that what a branch remembers can
 * be looked at, and whose logits a function of those ids gives.
 */
function fakeModel(logitsOf: (seen: number[]) => number[]) {
  const alive = new Set<Tensor>();
  const seen: number[][] = [];
  const track = (tensor: Tensor): Tensor => {
    alive.add(tensor);
    const dispose = tensor.dispose.bind(tensor);
    tensor.dispose = () => {
      alive.delete(tensor);
      dispose();
    };
    return tensor;
  };
  const port = (name: string): GraphEntry['inputs'][number] => ({ name, type: 'float32', dims: [1, 1, 'past', 1] });
  const graph = {
    entry: {
      file: '',
      data: [],
      dtype: 'fp32',
      outputs: [],
      inputs: [
        { name: 'inputs_embeds', type: 'float32', dims: [1, 'T', 1] },
        { name: 'attention_mask', type: 'int64', dims: [1, 'total'] },
        { name: 'position_ids', type: 'int64', dims: [1, 'T'] },
        { name: 'num_logits_to_keep', type: 'int64', dims: [1] },
        port('past_key_values.0.key'),
        port('past_key_values.0.value'),
      ],
    },
    tensor: (type: 'float32', data: Float32Array, dims: number[]) => track(new Tensor(type, data, dims)),
    async run(feeds: Record<string, Tensor>) {
      const stored = Array.from(feeds['past_key_values.0.key']?.data as Float32Array);
      const next = Array.from(feeds.inputs_embeds?.data as Float32Array);
      const positions = Array.from(feeds.position_ids?.data as BigInt64Array, Number);
      // What the mask leaves out is overwritten, as in onnxruntime's attention.
      const past = stored.slice(0, (feeds.attention_mask?.dims[1] ?? 0) - next.length);
      expect(positions[0]).toBe(past.length);
      const ids = [...past, ...next];
      seen.push(ids);
      const kept = Number((feeds.num_logits_to_keep?.data as BigInt64Array | undefined)?.[0]);
      const present = [...ids, ...stored.slice(ids.length)];
      const cache = () => track(new Tensor('float32', Float32Array.from(present), [1, 1, present.length, 1]));
      const rows = next.map((_, index) => logitsOf(ids.slice(0, past.length + index + 1))).slice(-kept);
      return {
        logits: track(new Tensor('float32', Float32Array.from(rows.flat()), [1, kept, VOCAB])),
        'present.0.key': cache(),
        'present.0.value': cache(),
      };
    },
  } as unknown as Graph;
  const embeddings = { lookUp: (ids: readonly number[]) => Float32Array.from(ids) };
  const model = new LanguageModel(graph, entry, embeddings, null);
  return { model, graph, embeddings, alive, seen };
}

const signal = new AbortController().signal;
const flat = () => new Array<number>(VOCAB).fill(0);

describe('warmUpLanguageModel', () => {
  /** After the probe's ids 3 has `first`, and after that 4 has `second`. */
  const answering = (first: number, second: number) =>
    fakeModel((ids) => (ids.length === 2 ? flat().with(3, first) : flat().with(4, second)));

  it('accepts a graph that gives the pack’s numbers, and leaves no tensor behind', async () => {
    const { graph, embeddings, alive, seen } = answering(2.05, 2.95);
    await warmUpLanguageModel(graph, entry, embeddings, null);
    expect(seen).toEqual([[1], [1, 2], [1, 2, 3]]);
    expect(alive.size).toBe(0);
  });

  it('lets a graph that rounds more be further off, as far as it is told', async () => {
    const { graph, embeddings } = answering(2.4, 3);
    await expect(warmUpLanguageModel(graph, entry, embeddings, null)).rejects.toMatchObject({ error: { code: 'graph-failed' } });
    await warmUpLanguageModel(graph, entry, embeddings, null, 0.5);
  });

  it.each([
    ['the prompt', 9, 3],
    ['the decode step', 2, 9],
    ['numbers at all', Number.NaN, 3],
  ])('refuses one that is wrong about %s', async (_, first, second) => {
    const { graph, embeddings, alive } = answering(first, second);
    await expect(warmUpLanguageModel(graph, entry, embeddings, null)).rejects.toMatchObject({ error: { code: 'graph-failed' } });
    expect(alive.size).toBe(0);
  });
});

describe('Sequence', () => {
  it('remembers the prompt, grows by what is appended, and leaves no tensor behind', async () => {
    const { model, alive, seen } = fakeModel((ids) => flat().with(ids.length % VOCAB, 1));
    const sequence = await model.begin(signal, [1, 2]);
    await sequence.append(signal, [3]);
    await sequence.append(signal, [4, 5]);
    expect(seen.at(-1)).toEqual([1, 2, 3, 4, 5]);
    expect(sequence.length).toBe(5);
    expect(await sequence.logits.of([5, 4, VOCAB])).toEqual([1, 0, Number.NEGATIVE_INFINITY]);
    sequence.dispose();
    expect(alive.size).toBe(0);
  });

  it('branches without disturbing the trunk', async () => {
    const { model, alive, seen } = fakeModel(flat);
    const trunk = await model.begin(signal, [1]);
    const branch = trunk.fork();
    await trunk.append(signal, [2]);
    await branch.append(signal, [3]);
    expect(seen.slice(1)).toEqual([
      [1, 2],
      [1, 3],
    ]);
    trunk.dispose();
    await branch.append(signal, [4]);
    expect(seen.at(-1)).toEqual([1, 3, 4]);
    branch.dispose();
    expect(alive.size).toBe(0);
  });

  describe('appendChecked', () => {
    /** Counts up: after n comes n + 1. */
    const counting = () => fakeModel((ids) => flat().with(((ids.at(-1) ?? 0) + 1) % VOCAB, 1));
    const likeliest = (logits: Logits): Promise<number> => logits.likeliest(NONE);

    it('keeps guesses as far as the model agrees, in one run, and goes on from there', async () => {
      const { model, seen, alive } = counting();
      const sequence = await model.begin(signal, [0]);
      expect(await sequence.appendChecked(signal, [1], [2, 3, 6, 7], likeliest)).toEqual([2, 3]);
      expect(seen).toHaveLength(2);
      expect(sequence.length).toBe(4);
      expect(await likeliest(sequence.logits)).toBe(4);
      await sequence.append(signal, [4]);
      expect(seen.at(-1)).toEqual([0, 1, 2, 3, 4]); // what was not kept is gone
      expect(await sequence.appendChecked(signal, [5], [6, 7], likeliest)).toEqual([6, 7]);
      expect(seen.at(-1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      sequence.dispose();
      expect(alive.size).toBe(0);
    });

    it('keeps none where the model would have written something else, and asks with what was kept', async () => {
      const { model } = counting();
      const sequence = await model.begin(signal, [0]);
      const asked: number[][] = [];
      const added = await sequence.appendChecked(signal, [4, 1], [5, 6], (logits, before) => {
        asked.push([...before]);
        return likeliest(logits);
      });
      expect(added).toEqual([]);
      expect(asked).toEqual([[]]);
      expect(sequence.length).toBe(3);
      expect(await likeliest(sequence.logits)).toBe(2);
    });

    it('leaves a branch that was made before it as it was', async () => {
      const { model, seen, alive } = counting();
      const trunk = await model.begin(signal, [0]);
      const branch = trunk.fork();
      await trunk.appendChecked(signal, [1], [2, 5], likeliest);
      await branch.append(signal, [6]);
      expect(seen.at(-1)).toEqual([0, 6]);
      trunk.dispose();
      branch.dispose();
      expect(alive.size).toBe(0);
    });
  });

  it('computes the kept head of all prompts once, until it is let go', async () => {
    const { model, seen, alive } = fakeModel(flat);
    await model.keepHead([1, 2]);
    const before = seen.length;
    const one = await model.begin(signal, [1, 2]);
    expect(seen).toHaveLength(before);
    const two = await model.begin(signal, [1, 2, 3]);
    expect(seen.slice(before)).toEqual([[1, 2, 3]]);
    const other = await model.begin(signal, [1, 4]); // begins otherwise
    expect(seen.at(-1)).toEqual([1, 4]);
    for (const sequence of [one, two, other]) sequence.dispose();
    model.dispose();
    expect(alive.size).toBe(0);
  });

  describe('on the GPU', () => {
    /** Counts up; what a run gives lies where only feeds, heads and runs reach it, and only while it is there. */
    function distant() {
      const { graph, embeddings, alive, seen } = fakeModel((ids) => flat().with(((ids.at(-1) ?? 0) + 1) % VOCAB, 1));
      const there = new Map<Tensor, Float32Array>();
      let made = 0;
      const read = (tensor: Tensor): Float32Array => {
        const values = there.get(tensor);
        if (!values) throw new Error('this tensor is gone');
        return values;
      };
      const make = (dims: readonly number[]): Tensor => {
        made += 1;
        const tensor = Tensor.fromGpuBuffer({} as never, { dataType: 'float32', dims, dispose: () => void there.delete(tensor) });
        return tensor;
      };
      const onGpu: Graph = Object.assign(Object.create(graph) as Graph, {
        backend: 'webgpu',
        async run(feeds: Record<string, Tensor>, places: Record<string, Tensor> = {}) {
          const near = Object.entries(feeds).map(([name, tensor]) => {
            return [name, tensor.location === 'cpu' ? tensor : new Tensor('float32', read(tensor), tensor.dims)] as const;
          });
          const outputs = Object.entries(await graph.run(Object.fromEntries(near))).map(([name, output]) => {
            const tensor = places[name] ?? make(output.dims);
            there.set(tensor, output.data as Float32Array);
            output.dispose();
            return [name, tensor] as const;
          });
          return Object.fromEntries(outputs);
        },
      });
      const heads = {
        rows: (tensor: Tensor, kept: number): Logits[] => {
          const row = (index: number) => new ArrayLogits(read(tensor).subarray(index * VOCAB, (index + 1) * VOCAB));
          return Array.from({ length: kept }, (_, index) => ({
            likeliest: (banned) => row(index).likeliest(banned),
            of: (ids) => row(index).of(ids),
          }));
        },
      };
      const model = new LanguageModel(onGpu, entry, embeddings, heads);
      return { model, heads, alive, there, seen, made: () => made };
    }

    it('leaves logits there as long as a branch may ask for them, and no longer', async () => {
      const { model, heads, alive, there } = distant();
      expect(['present.0.key', 'logits'].map(languageModelGpuOutputs(heads))).toEqual([true, true]);
      expect(['present.0.key', 'logits'].map(languageModelGpuOutputs(null))).toEqual([true, false]);
      const trunk = await model.begin(signal, [0]);
      const branch = trunk.fork();
      const kept = await trunk.appendChecked(signal, [1], [2, 3, 6], (logits) => logits.likeliest(NONE));
      expect(kept).toEqual([2, 3]);
      expect(await trunk.logits.likeliest(NONE)).toBe(4);
      expect(await branch.logits.likeliest(NONE)).toBe(1);
      trunk.dispose();
      expect(await scoreOptions(signal, branch, [[1], [2]], [7])).toEqual([expect.closeTo(0.731), expect.closeTo(0.269)]);
      branch.dispose();
      expect(there.size + alive.size).toBe(0);
    });

    it('makes a cache once and writes what comes into it, guesses that were dropped included', async () => {
      const { model, there, seen, made } = distant();
      await model.keepHead([0, 1]);
      const caches = () => made() - seen.length; // of what was made one each run were logits
      expect(caches()).toBe(2);
      for (let text = 0; text < 2; text += 1) {
        const sequence = await model.begin(signal, [0, 1, 2]);
        expect(await sequence.appendChecked(signal, [3], [4, 6], (logits) => logits.likeliest(NONE))).toEqual([4]);
        await sequence.append(signal, [5]);
        expect(seen.at(-1)).toEqual([0, 1, 2, 3, 4, 5]);
        sequence.dispose();
      }
      expect(caches()).toBe(2);
      model.dispose();
      expect(there.size).toBe(0);
    });

    it('gives a branch tensors of its own where another one has gone on before it', async () => {
      const { model, there, seen, made } = distant();
      const trunk = await model.begin(signal, [0]);
      const branch = trunk.fork();
      const before = made() - seen.length;
      await Promise.all([trunk.append(signal, [2]), branch.append(signal, [3])]);
      expect(made() - seen.length).toBe(before + 2);
      await trunk.append(signal, [4]);
      expect(seen.at(-1)).toEqual([0, 2, 4]);
      await branch.append(signal, [5]);
      expect(seen.at(-1)).toEqual([0, 3, 5]);
      trunk.dispose();
      branch.dispose();
      expect(there.size).toBe(0);
    });

    it('goes on beyond the room that it has, and after a run that failed', async () => {
      const { model, there, seen, made } = distant();
      const sequence = await model.begin(signal, [0], 2);
      await sequence.append(signal, [1]);
      expect(made() - seen.length).toBe(2);
      await expect(sequence.append(AbortSignal.abort(), [5])).rejects.toThrow();
      await sequence.append(signal, [2]);
      await sequence.append(signal, [3]);
      expect(seen.at(-1)).toEqual([0, 1, 2, 3]);
      expect(made() - seen.length).toBe(6);
      sequence.dispose();
      expect(there.size).toBe(0);
    });
  });

  it('stops between steps when the signal is aborted', async () => {
    const { model, seen } = fakeModel(flat);
    const controller = new AbortController();
    const sequence = await model.begin(controller.signal, [1]);
    controller.abort();
    await expect(sequence.append(controller.signal, [2])).rejects.toMatchObject({ error: { code: 'cancelled' } });
    expect(seen).toHaveLength(1);
  });

  it('refuses a prompt beyond the context', async () => {
    const { model } = fakeModel(flat);
    await expect(model.begin(signal, new Array<number>(13).fill(1))).rejects.toThrow('too long');
  });
});

describe('scoreOptions', () => {
  it('shares the probability among options by their first token', async () => {
    const { model, seen } = fakeModel(() => flat().with(1, Math.log(3)).with(5, 50));
    const sequence = await model.begin(signal, [0]);
    const scores = await scoreOptions(
      signal,
      sequence,
      [
        [1, 4],
        [2, 4],
      ],
      [7],
    );
    expect(scores[0]).toBeCloseTo(0.75);
    expect(scores[1]).toBeCloseTo(0.25);
    expect(seen).toHaveLength(1); // nothing but the prompt had to be run
  });

  it('follows a shared beginning, and weighs an option that ends where another goes on', async () => {
    // After 1 comes 2 as likely as the two ends (7 and 6) together.
    const { model, alive } = fakeModel((ids) => (ids.at(-1) === 1 ? flat().with(2, Math.log(2)) : flat()));
    const sequence = await model.begin(signal, [0]);
    const scores = await scoreOptions(signal, sequence, [[1], [1, 2], [3]], [7, 6]);
    expect(scores.map((score) => Number(score.toFixed(6)))).toEqual([0.25, 0.25, 0.5]);
    sequence.dispose();
    expect(alive.size).toBe(0);
  });
});
