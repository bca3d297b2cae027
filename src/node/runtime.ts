/** onnxruntime for Node: the native CPU library, or the browser's WebAssembly build to try its kernels without a browser. */
import { availableParallelism } from 'node:os';
import type { OrtRuntime, Runtime } from '../model/graph.ts';
import { SerialQueue } from '../shared/serial-queue.ts';

export const NODE_BACKENDS = ['auto', 'native', 'wasm'] as const;
export type NodeBackend = (typeof NODE_BACKENDS)[number];

const MAX_AUTO_THREADS = 4;

/** @param threads 0 means: as many as the machine has, at most 4. */
export async function createNodeRuntime(backend: NodeBackend, threads: number): Promise<Runtime> {
  const count = threads > 0 ? threads : Math.min(MAX_AUTO_THREADS, availableParallelism());
  return backend === 'wasm' ? wasmRuntime(count) : nativeRuntime(count);
}

async function nativeRuntime(threads: number): Promise<Runtime> {
  const ort = await import('onnxruntime-node');
  return {
    ...hostFacts(threads),
    ort: { InferenceSession: ort.InferenceSession, Tensor: ort.Tensor } as OrtRuntime,
    cpu: 'native',
    sessionOptions: () => ({ executionProviders: ['cpu'], intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3 }),
  };
}

async function wasmRuntime(threads: number): Promise<Runtime> {
  // biome-ignore lint/style/noRestrictedImports: the browser's kernels without a browser are what this backend is for.
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  return {
    ...hostFacts(threads),
    ort: { InferenceSession: ort.InferenceSession, Tensor: ort.Tensor },
    cpu: 'wasm',
    sessionOptions: () => ({ executionProviders: ['wasm'], graphOptimizationLevel: 'all', logSeverityLevel: 3 }),
  };
}

const hostFacts = (threads: number): Pick<Runtime, 'webgpu' | 'threads' | 'backend' | 'graphBackends' | 'runs'> => ({
  webgpu: null,
  threads,
  backend: 'wasm', // on the CPU: the only place in Node, and what `cpu` says that it is
  graphBackends: {},
  runs: new SerialQueue(),
});
