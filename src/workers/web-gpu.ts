/** What this browser's WebGPU is, in words, and a device of our own where onnxruntime's would compute wrongly. */
import type { ModelInfo } from '../shared/events.ts';

/** The part of WebGPU that is asked; TypeScript's libraries do not have it yet. */
interface GpuAdapter {
  readonly features: { has(name: string): boolean };
  readonly limits: Readonly<Record<string, number>>;
  readonly info?: {
    vendor?: string;
    architecture?: string;
    device?: string;
    description?: string;
    isFallbackAdapter?: boolean;
    subgroupMinSize?: number;
  };
  readonly isFallbackAdapter?: boolean;
  requestDevice(descriptor: { requiredFeatures: string[]; requiredLimits: Record<string, number> }): Promise<object>;
}

interface Gpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<GpuAdapter | null>;
}

export interface WebGpuFacts {
  /** Vendor, architecture, device: as much as the browser tells. */
  adapter: string;
  shaderF16: boolean;
  /** Computed on the CPU: correct and very slow. */
  software: boolean;
  /** The GPUDevice that graphs must run on, or null where onnxruntime makes its own. */
  device: object | null;
}

/**
 * onnxruntime's attention kernel computes eight or more keys a subgroup at once and gives wrong numbers where subgroups
 * are smaller (SwiftShader's have four); on a device without subgroups it takes another kernel, which is right.
 */
const SMALLEST_SUBGROUP = 8;

/** What onnxruntime asks of a device: as much as the adapter has, for buffers and workgroups. */
const LIMITS = [
  'maxBindGroups',
  'maxBindingsPerBindGroup',
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
];
const FEATURES = ['shader-f16', 'timestamp-query'];

/** A device without subgroups, or null where onnxruntime's own is right. Rejects where the adapter gives none. */
export async function deviceWithoutSubgroups(adapter: GpuAdapter): Promise<object | null> {
  const smallest = adapter.info?.subgroupMinSize ?? SMALLEST_SUBGROUP;
  if (!adapter.features.has('subgroups') || smallest >= SMALLEST_SUBGROUP) return null;
  const limits = LIMITS.flatMap((name) => (adapter.limits[name] === undefined ? [] : [[name, adapter.limits[name]] as const]));
  return adapter.requestDevice({
    requiredFeatures: FEATURES.filter((name) => adapter.features.has(name)),
    requiredLimits: Object.fromEntries(limits),
  });
}

/** Null where there is no WebGPU or no adapter. */
export async function probeWebGpu(): Promise<WebGpuFacts | null> {
  const { gpu } = navigator as { gpu?: Gpu };
  if (gpu === undefined) return null;
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null) return null;
    const { vendor = '', architecture = '', device = '', description = '', isFallbackAdapter = false } = adapter.info ?? {};
    const words = [vendor, architecture, description || device].filter((part) => part !== '').join(' ');
    return {
      adapter: words === '' ? 'WebGPU adapter' : words,
      shaderF16: adapter.features.has('shader-f16'),
      software:
        isFallbackAdapter || adapter.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render|software/i.test(words),
      device: await deviceWithoutSubgroups(adapter),
    };
  } catch {
    return null; // a blocked driver rejects instead of giving null
  }
}

/** Resolves when the device is lost, with why in the browser's words; never where the browser cannot tell. */
export async function lossOf(device: object): Promise<string> {
  const { lost } = device as { lost?: Promise<{ reason?: string; message?: string }> };
  const { reason = 'unknown', message = '' } = (await lost) ?? (await new Promise<never>(() => {}));
  return message === '' ? reason : `${reason}: ${message}`;
}

/** Whether any graph of an engine runs there: a device that none runs on may go, as onnxruntime gives its own up with the last graph on it. */
export function runsOnGpu({ graphs, foundation }: Pick<ModelInfo, 'graphs' | 'foundation'>): boolean {
  return foundation?.device === 'webgpu' || graphs.some(({ backend }) => backend === 'webgpu');
}
