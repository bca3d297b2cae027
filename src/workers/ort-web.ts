/**
 * The one file that imports onnxruntime-web. One of its two builds is loaded, by what will be used:
 * the WebGPU build carries 27 MB of WebAssembly, the plain one 14 MB and the faster CPU kernels.
 */
import type { OrtRuntime, Runtime } from '../model/graph.ts';
import { wireError } from '../shared/errors.ts';
import { type BackendChoice, GRAPH_NAMES, type GraphName } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { SerialQueue } from '../shared/serial-queue.ts';
import type { LoadOptions } from './api.ts';
import { probeWebGpu, type WebGpuFacts } from './web-gpu.ts';

const MAX_AUTO_THREADS = 4;

/** The smallest module with a vector instruction: `v128.const` … `drop`. */
const SIMD_MODULE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 26,
  11,
]);

export interface WebRuntime {
  runtime: Runtime;
  /** What of the browser makes it slower, in plain words. */
  notes: string[];
}

/** 1 without cross-origin isolation, since threads need shared memory; else as asked, 0 meaning as many as there are cores, at most 4. */
export function threadCount(asked: number, cores: number, isolated: boolean): number {
  if (!isolated) return 1;
  return Math.max(1, Math.min(asked > 0 ? asked : MAX_AUTO_THREADS, cores));
}

/** Whether any graph may be put on WebGPU; `auto` leaves software adapters alone. */
export function usesWebGpu(
  backend: BackendChoice,
  graphBackends: Partial<Record<GraphName, BackendChoice>>,
  gpu: WebGpuFacts | null,
): boolean {
  if (gpu === null) return false;
  return GRAPH_NAMES.map((name) => graphBackends[name] ?? backend).some(
    (choice) => choice === 'webgpu' || (choice === 'auto' && !gpu.software),
  );
}

/** Loads onnxruntime-web and sets it up; errors no-simd, and no-webgpu where WebGPU was asked for by name. */
export async function openWebRuntime(options: LoadOptions): Promise<Result<WebRuntime>> {
  if (!WebAssembly.validate(SIMD_MODULE)) {
    return fail(
      wireError(
        'no-simd',
        'This browser’s WebAssembly has no SIMD, without which nothing can be read here.',
        'Update the browser, or use a current Chrome, Edge, Firefox or Safari.',
      ),
    );
  }
  const graphBackends = knownGraphs(options.graphBackends);
  const wantsGpu = [options.backend, ...Object.values(graphBackends)].some((choice) => choice !== 'wasm');
  const webgpu = wantsGpu ? await probeWebGpu() : null;
  // `auto` takes what there is; whoever names WebGPU must hear that there is none.
  if (webgpu === null && options.backend === 'webgpu') {
    return fail(
      wireError(
        'no-webgpu',
        'This browser offers no WebGPU.',
        'Run on WASM, which is slower, or open the page in a browser that has WebGPU.',
      ),
    );
  }
  const gpuBuild = usesWebGpu(options.backend, graphBackends, webgpu);
  const notes: string[] = [];
  if (webgpu === null && wantsGpu) notes.push('This browser offers no WebGPU, so everything runs on WebAssembly, which is slower.');
  if (!globalThis.crossOriginIsolated) {
    notes.push('The page is served without cross-origin isolation, so WebAssembly runs on one thread.');
  }
  const threads = threadCount(options.threads, navigator.hardwareConcurrency, globalThis.crossOriginIsolated);

  // The variable keeps both builds' types one; the bundler sees two literal imports, so two chunks.
  const ort = await (gpuBuild ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm'));
  ort.env.wasm.wasmPaths = options.wasmUrl; // never a CDN
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.proxy = false; // this is a worker already
  ort.env.logLevel = 'error';
  if (gpuBuild) ort.env.webgpu.powerPreference = 'high-performance';

  const device = webgpu?.device ?? null;
  const runtime: Runtime = {
    ort: ort satisfies OrtRuntime,
    cpu: 'wasm',
    webgpu,
    threads,
    // Said once above instead of once a graph.
    backend: webgpu === null ? 'wasm' : options.backend,
    graphBackends: webgpu === null ? {} : graphBackends,
    sessionOptions: (backend) => ({
      executionProviders: [backend === 'webgpu' ? { name: 'webgpu', ...(device === null ? {} : { device }) } : 'wasm'],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    }),
    runs: new SerialQueue(),
  };
  return ok({ runtime, notes });
}

/** The page passes what a URL parameter said: names that are no graph's are left out. */
function knownGraphs(asked: Record<string, BackendChoice>): Partial<Record<GraphName, BackendChoice>> {
  return Object.fromEntries(GRAPH_NAMES.flatMap((name) => (asked[name] === undefined ? [] : [[name, asked[name]]])));
}
