/** What memory the page takes, as far as the browser tells. */

export interface MemoryUse {
  bytes: number;
  /** Which of the browser's measures: of the page with its workers, or of the page's own JavaScript alone. */
  by: 'measureUserAgentSpecificMemory' | 'performance.memory';
  /** Of it, memory that threads share: WebAssembly's. Null where that is not told apart. */
  sharedBytes: number | null;
}

interface Breakdown {
  bytes: number;
  breakdown?: { bytes: number; types: readonly string[] }[];
}

/** Newer than TypeScript's DOM library, and in some browsers alone. */
interface MeasuringPerformance {
  measureUserAgentSpecificMemory?: () => Promise<Breakdown>;
  memory?: { usedJSHeapSize: number };
}

/**
 * Null where the browser tells nothing.
 * @param patience milliseconds: it waits for the garbage collector, which may take its time; then the page's scripts alone are told
 */
export async function memoryUse(patience: number): Promise<MemoryUse | null> {
  const measuring = performance as MeasuringPerformance;
  if (measuring.measureUserAgentSpecificMemory && globalThis.crossOriginIsolated) {
    const tooLong = new Promise<null>((resolve) => setTimeout(resolve, patience, null));
    const measured = await Promise.race([measuring.measureUserAgentSpecificMemory().catch(() => null), tooLong]);
    if (measured) {
      const shared = measured.breakdown?.filter(({ types }) => types.includes('Shared')) ?? [];
      return {
        bytes: measured.bytes,
        by: 'measureUserAgentSpecificMemory',
        sharedBytes: shared.length === 0 ? null : shared.reduce((sum, { bytes }) => sum + bytes, 0),
      };
    }
  }
  return scriptMemory();
}

/** At once, of the page's own scripts; null where the browser does not tell. */
export function scriptMemory(): MemoryUse | null {
  const heap = (performance as MeasuringPerformance).memory?.usedJSHeapSize;
  return heap === undefined ? null : { bytes: heap, by: 'performance.memory', sharedBytes: null };
}
