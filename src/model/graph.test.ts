import { Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import { SerialQueue } from '../shared/serial-queue.ts';
import { EngineFailure, type Graph, openGraph, type Runtime } from './graph.ts';
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
        async run(feeds: Record<string, Tensor>) {
          running += 1;
          if (running > 1) throw new Error('two runs at a time');
          await new Promise((resolve) => setTimeout(resolve, 1));
          running -= 1;
          if (fake.failRun?.includes(backend)) throw new Error(fake.error ?? 'cannot run');
          const length = feeds.a?.dims[1] ?? 0;
          return { sum: new Tensor('float32', new Float32Array(length), [1, length]) };
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
    const automatic = fakeRuntime({}, { backend: 'auto' });
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
