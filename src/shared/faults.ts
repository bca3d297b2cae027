import type { GraphName } from './labels.ts';

/** What takes a worker away, or makes it useless; `detail` in the runtime's own words. */
export type Fault =
  | { kind: 'device-lost'; detail: string }
  | { kind: 'worker-died'; detail: string }
  | { kind: 'out-of-memory'; detail: string }
  /** `graph`: the one that was being opened or run, `onGpu` there or on the CPU; null where it was none. */
  | { kind: 'hang'; graph: GraphName | null; onGpu: boolean; detail: string };
