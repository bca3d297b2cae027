import { describe, expect, it } from 'vitest';
import { createNodeRuntime } from '../node/runtime.ts';
import type { Runtime, Tensor } from './graph.ts';
import { ArrayLogits, NONE } from './logits.ts';
import { LogitsHeads } from './logits-heads.ts';

const VOCAB = 512; // two blocks

/** On onnxruntime's CPU: that the GPU gives the same is what `open` tries, and the goldens on WebGPU. */
async function opened() {
  const runtime = await createNodeRuntime('native', 1);
  const heads = await LogitsHeads.openOn(runtime, VOCAB, 'native');
  if (!heads) throw new Error('there are no heads');
  const tensorOf = (rows: readonly Float32Array[]): Tensor =>
    new runtime.ort.Tensor('float32', Float32Array.from(rows.flatMap((row) => [...row])), [1, rows.length, VOCAB]);
  return { runtime, heads, tensorOf };
}

const row = (high: Record<number, number>): Float32Array => Float32Array.from({ length: VOCAB }, (_, id) => high[id] ?? -(id % 7) - 1);

describe('LogitsHeads', () => {
  it('reads what an array would give, of the last rows: the likeliest, the next where that is banned, and scores', async () => {
    const { heads, tensorOf } = await opened();
    const rows = [row({ 3: 9 }), row({ 300: 4, 301: 4, 20: 4, 22: 4 }), row({ 511: 2, 510: 1, 0: 1 })];
    const arrays = rows.slice(1).map((values) => new ArrayLogits(values));
    const bans = [
      NONE,
      new Set([20]),
      new Set([20, 22]),
      new Set([20, 22, 300]),
      new Set([511]),
      new Set([511, 0]),
      new Set([511, 510, 0]),
    ];
    for (const [index, got] of heads.rows(tensorOf(rows), 2).entries()) {
      for (const banned of bans) expect(await got.likeliest(banned)).toBe(await arrays[index]?.likeliest(banned));
      const ids = [511, 0, 300, 0, VOCAB, 20];
      expect(await got.of(ids)).toEqual(await arrays[index]?.of(ids));
      expect(await got.of([VOCAB])).toEqual([Number.NEGATIVE_INFINITY]);
    }
    const [second] = heads.rows(tensorOf(rows), 2);
    expect(await second?.likeliest(NONE)).toBe(20); // the lowest at a tie, across blocks
    expect(await second?.likeliest(new Set([20]))).toBe(22); // and inside one
    await heads.dispose();
  });

  it('says so where nothing is left to pick', async () => {
    const { heads, tensorOf } = await opened();
    const [got] = heads.rows(tensorOf([row({})]), 1);
    await expect(got?.likeliest(new Set(Array.from({ length: VOCAB }, (_, id) => id)))).rejects.toThrow(RangeError);
    await heads.dispose();
  });

  it('asks once for all rows of a run, however often they are asked for', async () => {
    const { runtime, heads, tensorOf } = await opened();
    const before: unknown[] = [];
    runtime.onWork = (work) => work && before.push(work);
    const [first, second] = heads.rows(tensorOf([row({ 1: 5 }), row({ 2: 5 })]), 2);
    expect([await first?.likeliest(NONE), await second?.likeliest(NONE), await first?.likeliest(NONE)]).toEqual([1, 2, 1]);
    // It waits for the language model's run, which may have been of a long prompt.
    expect(before).toMatchObject([{ size: 'large' }]);
    await heads.dispose();
  });

  it('is not used where it would not help or does not compute rightly', async () => {
    const runtime = await createNodeRuntime('native', 1);
    expect(await LogitsHeads.open(runtime, VOCAB)).toBeNull(); // nothing runs on WebGPU here
    expect(await LogitsHeads.openOn(runtime, 499, 'native')).toBeNull(); // a prime
    const { InferenceSession } = runtime.ort;
    let released = 0;
    const wrong = {
      async create(...args: Parameters<typeof InferenceSession.create>) {
        const session = await InferenceSession.create(...args);
        const altered: Pick<typeof session, 'inputNames' | 'outputNames' | 'run' | 'release'> = {
          inputNames: session.inputNames,
          outputNames: session.outputNames,
          async run(...feeds: unknown[]) {
            const outputs = await (session.run as (...all: unknown[]) => ReturnType<typeof session.run>)(...feeds);
            const { bests } = outputs;
            if (bests) (bests.data as Float32Array)[3] = 5;
            return outputs;
          },
          async release() {
            released += 1;
            await session.release();
          },
        };
        return altered;
      },
    };
    const faulty = { ...runtime, ort: { ...runtime.ort, InferenceSession: wrong } } as unknown as Runtime;
    await expect(LogitsHeads.openOn(faulty, VOCAB, 'native')).rejects.toThrow('likeliest');
    expect(released).toBe(2);
    // As `open` would find it on a GPU that is wrong.
    const onGpu = { ...faulty, webgpu: { adapter: 'a card', shaderF16: false, software: false }, backend: 'webgpu' as const };
    expect(await LogitsHeads.open(onGpu, VOCAB)).toBeNull();
  });
});
