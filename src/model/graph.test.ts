import { Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import { SerialQueue } from '../shared/serial-queue.ts';
import { EngineFailure, type Graph, improveGraph, openGraph, type Runtime } from './graph.ts';
import type { GraphEntry } from './manifest.ts';

const entry: GraphEntry = {
  file: 'projection.onnx',
  data: [],
  dtype: 'fp32',
  inputs: [
    { name: 'a', type: 'float32', dims: [1, 'T', 4] },
    { name: 'b', type: 'int64', dims: [1, 'T'] },
  ],
  outputs: [{ name: 'sum', type: 'float32', dims: [1, 'T'] }],
};

interface Fake {
  /** Backends on which opening fails, and those on which runs fail. */
  failOpen?: string[];
  failRun?: string[];
  error?: string;
  inputNames?: string[];
  /** Milliseconds of a run; 1 where nothing is said. */
  slow?: Partial<Record<string, number>>;
  /** What a backend gives for zeros; 0 where nothing is said. */
  gives?: Partial<Record<string, number>>;
}

/** A runtime whose sessions give a sum of zeros; it notes what was opened, run and closed. */
function fakeRuntime(fake: Fake = {}, overrides: Partial<Runtime> = {}) {
  const log: string[] = [];
  let running = 0;
  const InferenceSession = {
    async create(_model: Uint8Array, options: { executionProviders: string[] }) {
      const backend = options.executionProviders[0] ?? '';
      if (fake.failOpen?.includes(backend)) throw new Error(fake.error ?? 'cannot open');
      log.push(`open ${backend}`);
      return {
        inputNames: fake.inputNames ?? ['a', 'b'],
        outputNames: ['sum'],
        async run(feeds: Record<string, Tensor>, fetches: Record<string, Tensor | null>) {
          running += 1;
          if (running > 1) throw new Error('two runs at a time');
          await new Promise((resolve) => setTimeout(resolve, fake.slow?.[backend] ?? 1));
          running -= 1;
          if (fake.failRun?.includes(backend)) throw new Error(fake.error ?? 'cannot run');
          if (fetches.sum) return { sum: fetches.sum };
          const length = feeds.a?.dims[1] ?? 0;
          return { sum: new Tensor('float32', new Float32Array(length).fill(fake.gives?.[backend] ?? 0), [1, length]) };
        },
        async release() {
          log.push(`close ${backend}`);
        },
      };
    },
  };
  const runtime = {
    ort: { InferenceSession, Tensor },
    cpu: 'wasm',
    webgpu: { adapter: 'test', shaderF16: false, software: false },
    threads: 1,
    backend: 'webgpu',
    graphBackends: {},
    sessionOptions: (backend: string) => ({ executionProviders: [backend] }),
    runs: new SerialQueue(),
    ...overrides,
  } as unknown as Runtime;
  return { runtime, log };
}

const open = (runtime: Runtime) => openGraph(runtime, 'projection', entry, { model: new Uint8Array(), data: [] });

const feeds = (graph: Graph, aDims: number[], bDims: number[]) => ({
  a: graph.tensor('float32', new Float32Array(aDims.reduce((x, y) => x * y, 1)), aDims),
  b: graph.tensor('int64', new BigInt64Array(bDims.reduce((x, y) => x * y, 1)), bDims),
});

describe('Graph', () => {
  it('says what was expected and what came when a named dim differs between inputs', async () => {
    const { graph } = await open(fakeRuntime().runtime);
    await expect(graph.run(feeds(graph, [1, 3, 4], [1, 2]))).rejects.toMatchObject({
      error: { code: 'graph-failed', detail: 'input b: expected [1, T], got [1, 2], but T is 3 elsewhere' },
    });
  });

  it('refuses a fixed dim that differs, a missing input and one that it does not know', async () => {
    const { graph } = await open(fakeRuntime().runtime);
    const { a, b } = feeds(graph, [1, 3, 4], [1, 3]);
    await expect(graph.run(feeds(graph, [1, 3, 5], [1, 3]))).rejects.toThrow('expected [1, T, 4], got [1, 3, 5]');
    await expect(graph.run({ a })).rejects.toThrow('input b is missing');
    await expect(graph.run({ a, b, c: b })).rejects.toThrow('inputs c are not the graph');
    await expect(graph.run({ a, b: a })).rejects.toThrow('input b: expected int64, got float32');
    await expect(graph.run({ a, b })).resolves.toHaveProperty('sum');
  });

  it('lets a run write to the tensors that it is given', async () => {
    const { graph } = await open(fakeRuntime().runtime);
    const place = graph.tensor('float32', new Float32Array(3), [1, 3]);
    expect((await graph.run(feeds(graph, [1, 3, 4], [1, 3]), { sum: place })).sum).toBe(place);
    expect((await graph.run(feeds(graph, [1, 3, 4], [1, 3]))).sum).not.toBe(place);
  });

  it('runs one at a time, and goes on after a run that failed', async () => {
    const { runtime } = fakeRuntime();
    const one = (await open(runtime)).graph;
    const two = (await open(runtime)).graph;
    const results = await Promise.allSettled([
      one.run(feeds(one, [1, 2, 4], [1, 2])),
      two.run(feeds(two, [1, 2, 4], [1, 9])),
      two.run(feeds(two, [1, 2, 4], [1, 2])),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('openGraph', () => {
  it('takes WebAssembly where WebGPU cannot open the graph, and says why', async () => {
    const { runtime, log } = fakeRuntime({ failOpen: ['webgpu'], error: 'no kernel for Foo' });
    const { graph, notes } = await open(runtime);
    expect(graph.backend).toBe('wasm');
    expect(log).toEqual(['open wasm']);
    expect(notes).toEqual([expect.stringContaining('no kernel for Foo')]);
  });

  it('takes WebAssembly where the first run on WebGPU fails, and closes the session that failed', async () => {
    const { runtime, log } = fakeRuntime({ failRun: ['webgpu'] });
    const { graph, notes } = await open(runtime);
    expect(graph.backend).toBe('wasm');
    expect(log).toEqual(['open webgpu', 'close webgpu', 'open wasm']);
    expect(notes).toHaveLength(1);
  });

  it('puts the small graphs of the fast path on WebAssembly by itself, and all graphs where the adapter is software', async () => {
    const automatic = fakeRuntime({ slow: { wasm: 40 } }, { backend: 'auto' }); // or a busy machine's clock would decide
    expect((await open(automatic.runtime)).graph.backend).toBe('wasm');
    const big = await openGraph(automatic.runtime, 'scene-encoder', entry, { model: new Uint8Array(), data: [] });
    expect(big.graph.backend).toBe('webgpu');
    const software = fakeRuntime({}, { backend: 'auto', webgpu: { adapter: 'swiftshader', shaderF16: false, software: true } });
    const cpu = await openGraph(software.runtime, 'scene-encoder', entry, { model: new Uint8Array(), data: [] });
    expect(cpu.graph.backend).toBe('wasm');
  });

  it('lets a choice for one graph win over the choice for all', async () => {
    const { runtime } = fakeRuntime({}, { graphBackends: { projection: 'wasm' } });
    expect((await open(runtime)).graph.backend).toBe('wasm');
  });

  it.each([
    ['std::bad_alloc', 'out-of-memory'],
    ['The device was lost', 'device-lost'],
    ['something else', 'graph-failed'],
  ])('tells %j as %s', async (error, code) => {
    const { runtime } = fakeRuntime({ failOpen: ['webgpu', 'wasm'], error });
    await expect(open(runtime)).rejects.toBeInstanceOf(EngineFailure);
    await expect(open(runtime)).rejects.toMatchObject({ error: { code, detail: error } });
  });

  it('refuses a graph whose inputs are not those of the manifest', async () => {
    const { runtime } = fakeRuntime({ inputNames: ['a', 'c'] });
    await expect(open(runtime)).rejects.toMatchObject({
      error: { code: 'pack-unsupported', detail: 'not in the graph: b; not in the manifest: c' },
    });
  });
});

describe('where there is a choice', () => {
  const files = { model: new Uint8Array(), data: [] };
  const big = (runtime: Runtime, known?: { webgpu?: number; wasm?: number }) =>
    openGraph(runtime, 'scene-encoder', entry, files, { known });

  it.each([
    ['the GPU, which is first asked', { wasm: 20 }, 'webgpu'],
    ['WebAssembly', { webgpu: 20 }, 'wasm'],
  ])('times both and keeps %s, the other is closed', async (_, slow, winner) => {
    const { runtime, log } = fakeRuntime({ slow }, { backend: 'auto' });
    const { graph, notes } = await big(runtime);
    expect(graph.backend).toBe(winner);
    expect(graph.times.webgpu).toBeGreaterThan(0);
    expect(graph.times.wasm).toBeGreaterThan(0);
    expect(log.filter((line) => line.startsWith('close'))).toEqual([`close ${winner === 'wasm' ? 'webgpu' : 'wasm'}`]);
    expect(notes).toEqual([]);
  });

  it('opens at once what was fastest before, without timing', async () => {
    const { runtime, log } = fakeRuntime({}, { backend: 'auto' });
    const { graph } = await big(runtime, { webgpu: 30, wasm: 5 });
    expect(graph.backend).toBe('wasm');
    expect(graph.times).toEqual({ webgpu: 30, wasm: 5 });
    expect(log).toEqual(['open wasm']);
  });

  it('stays on the one that runs where the other cannot be opened', async () => {
    const gpu = await big(fakeRuntime({ failOpen: ['wasm'] }, { backend: 'auto' }).runtime);
    expect(gpu.graph.backend).toBe('webgpu');
    const cpu = await big(fakeRuntime({ failRun: ['webgpu'] }, { backend: 'auto' }).runtime);
    expect(cpu.graph.backend).toBe('wasm');
    expect(cpu.notes).toHaveLength(1);
  });

  it('drops a GPU that computes other numbers, however fast, and says so', async () => {
    const { runtime, log } = fakeRuntime({ slow: { wasm: 20 }, gives: { webgpu: 1, wasm: 1.5 } }, { backend: 'auto' });
    const { graph, notes } = await big(runtime);
    expect(graph.backend).toBe('wasm');
    expect(notes).toEqual([expect.stringContaining('wrongly')]);
    expect(log).toContain('close webgpu');
    const near = await big(fakeRuntime({ slow: { wasm: 20 }, gives: { webgpu: 1, wasm: 1.01 } }, { backend: 'auto' }).runtime);
    expect(near.graph.backend).toBe('webgpu');
  });

  it('does not time what somebody asked for by name, nor on a GPU that is software', async () => {
    for (const overrides of [
      { backend: 'webgpu' as const },
      { backend: 'auto' as const, graphBackends: { 'scene-encoder': 'wasm' as const } },
      { backend: 'auto' as const, webgpu: { adapter: 'swiftshader', shaderF16: false, software: true } },
    ]) {
      const { runtime, log } = fakeRuntime({}, overrides);
      expect((await big(runtime)).graph.times).toEqual({});
      expect(log).toHaveLength(1);
    }
  });

  describe('a small graph that runs on the CPU already', () => {
    it('moves to the GPU while it is in use, where that is faster', async () => {
      const { runtime, log } = fakeRuntime({ slow: { wasm: 20 } }, { backend: 'auto' });
      const { graph } = await open(runtime);
      expect(graph.backend).toBe('wasm');
      const inUse = Promise.all([0, 1, 2].map(() => graph.run(feeds(graph, [1, 2, 4], [1, 2]))));
      await improveGraph(runtime, graph, entry, files);
      await inUse;
      expect(graph.backend).toBe('webgpu');
      expect(log).toEqual(['open wasm', 'open webgpu', 'close wasm']);
      await expect(graph.run(feeds(graph, [1, 2, 4], [1, 2]))).resolves.toHaveProperty('sum');
    });

    it.each([
      ['slower', { slow: { webgpu: 20 } }],
      ['computing other numbers', { slow: { wasm: 20 }, gives: { webgpu: 2, wasm: 1 } }],
      ['not able to run it', { failRun: ['webgpu'] }],
      ['not able to open it', { failOpen: ['webgpu'] }],
    ])('stays where the GPU is %s', async (_, fake) => {
      const { runtime, log } = fakeRuntime(fake, { backend: 'auto' });
      const { graph } = await open(runtime);
      await improveGraph(runtime, graph, entry, files);
      expect(graph.backend).toBe('wasm');
      expect(log).not.toContain('close wasm');
      expect(log.filter((line) => line === 'open webgpu').length).toBe(log.filter((line) => line === 'close webgpu').length);
    });

    it('moves also where the CPU computes in 8 bits and the GPU does not: numbers may be as far apart as that rounds them', async () => {
      const onWasm = { entry: { ...entry, dtype: 'q8' as const }, files: async () => files };
      for (const [gpu, backend] of [
        [1.05, 'webgpu'],
        [1.2, 'wasm'],
      ] as const) {
        const { runtime } = fakeRuntime({ slow: { wasm: 20 }, gives: { webgpu: gpu, wasm: 1 } }, { backend: 'auto' });
        const { graph } = await openGraph(runtime, 'projection', entry, files, { onWasm });
        expect(graph.entry.dtype).toBe('q8');
        await improveGraph(runtime, graph, entry, files);
        expect([graph.backend, graph.entry.dtype]).toEqual([backend, backend === 'wasm' ? 'q8' : 'fp32']);
      }
    });

    it('is not opened a second time where that was slower before', async () => {
      const { runtime, log } = fakeRuntime({}, { backend: 'auto' });
      const { graph } = await open(runtime);
      await improveGraph(runtime, graph, entry, files, { known: { webgpu: 9, wasm: 4 } });
      expect(log).toEqual(['open wasm']);
      expect(graph.times).toEqual({ webgpu: 9, wasm: 4 });
    });
  });
});
