/** What this browser's WebGPU is, in words. Makes no device. */

/** The part of WebGPU that is asked; TypeScript's libraries do not have it yet. */
interface GpuAdapter {
  readonly features: { has(name: string): boolean };
  readonly info?: { vendor?: string; architecture?: string; device?: string; description?: string; isFallbackAdapter?: boolean };
  readonly isFallbackAdapter?: boolean;
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
    };
  } catch {
    return null; // a blocked driver rejects instead of giving null
  }
}
