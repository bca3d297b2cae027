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
import { lossOf, probeWebGpu, type WebGpuFacts } from './web-gpu.ts';

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

interface RuntimeWatch {
  onWork: NonNullable<Runtime['onWork']>;
  /** A GPU device that graphs were opened on is gone, told at once and not by the next run. */
  onDeviceLost: (detail: string) => void;
}

/**
 * Loads onnxruntime-web and sets it up; errors no-simd, and no-webgpu where WebGPU was asked for by name.
 * @param watch who wants to know how it goes; default nobody
 */
export async function openWebRuntime(options: LoadOptions, watch: RuntimeWatch | null = null): Promise<Result<WebRuntime>> {
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
    ort: gpuBuild && watch ? watched(ort, device, watch.onDeviceLost) : ort,
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
    ...(watch && { onWork: watch.onWork }),
  };
  return ok({ runtime, notes });
}

/**
 * Looks after each session's device: ours where there is one, else that which onnxruntime made with its first session, and makes anew when
 * all sessions on it were closed.
 */
function watched(ort: typeof import('onnxruntime-web/webgpu'), own: object | null, onLost: (detail: string) => void): OrtRuntime {
  const known = new WeakSet<object>();
  const look = async (): Promise<void> => {
    // It is a plain property after the first session; before that, and where the device is ours, there is none.
    const device = own ?? ((await ort.env.webgpu.device) as object | undefined);
    if (device === undefined || known.has(device)) return;
    known.add(device);
    const lost = await lossOf(device);
    onLost(lost);
  };
  const create = (async (...args: Parameters<OrtRuntime['InferenceSession']['create']>) => {
    const session = await ort.InferenceSession.create(...args);
    look().catch(() => {}); // without it a loss is known by the next run that fails
    return session;
  }) as OrtRuntime['InferenceSession']['create'];
  return { InferenceSession: { create }, Tensor: ort.Tensor };
}

/** The page passes what a URL parameter said: names that are no graph's are left out. */
function knownGraphs(asked: Record<string, BackendChoice>): Partial<Record<GraphName, BackendChoice>> {
  return Object.fromEntries(GRAPH_NAMES.flatMap((name) => (asked[name] === undefined ? [] : [[name, asked[name]]])));
}
