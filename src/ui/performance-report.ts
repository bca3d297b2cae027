/** The performance panel's figures as rows of words, and as text for a bug report. Pure. */
import type { PacerStats } from '../media/pacer.ts';
import type { ModelInfo } from '../shared/events.ts';
import { VERSION } from '../shared/version.ts';
import { megabytes, percent } from './format.ts';
import type { MemoryUse } from './memory.ts';
import { messages } from './messages.ts';
import { LIVE_STAGES, type PerformanceFigures } from './performance-log.ts';

export interface PerformanceState {
  figures: PerformanceFigures;
  /** Null where no camera or video is open. */
  pacer: PacerStats | null;
  /** Null where the browser tells nothing, or has not yet. */
  memory: MemoryUse | null;
  /** The stage shows the camera itself; null where no camera or video is open. */
  flowing: boolean | null;
}

export type PerformanceRow = readonly [name: string, value: string];

export function performanceRows({ figures, pacer, memory, flowing }: PerformanceState): PerformanceRow[] {
  const text = messages.performance;
  const { given, analyzed, age, stages, faces, explanation } = figures;
  const speed = (n: number | null | undefined) => (n === null || n === undefined ? text.none : messages.tokensPerSecond(n));
  return [
    [text.given, given > 0 ? text.perSecond(given) : text.none],
    [text.analyzed, analyzed > 0 ? text.perSecond(analyzed) : text.none],
    [text.dropped, pacer ? text.droppedOf(pacer.dropped, percent(pacer.dropped / Math.max(1, pacer.dropped + pacer.analyzed))) : text.none],
    [text.age, age ? text.ageOf(age.median, age.p95) : text.none],
    [text.picture, flowing === null ? text.none : flowing ? text.flowing : text.locked],
    ...LIVE_STAGES.map((stage): PerformanceRow => {
      const { ms, share } = stages[stage];
      return [text.stages[stage], ms === null ? text.none : text.stageOf(ms, percent(share))];
    }),
    [text.faces, age ? String(faces) : text.none],
    [text.prefill, speed(explanation?.prefill)],
    [text.decode, speed(explanation?.decode)],
    [
      memory?.by === 'performance.memory' ? text.memoryOfScript : text.memory,
      memory ? text.memoryOf(megabytes(memory.bytes), memory.sharedBytes === null ? null : megabytes(memory.sharedBytes)) : text.none,
    ],
  ];
}

/** What the user reads, and the same as JSON with what it ran on. Neither pictures nor readings. */
export function performanceReport(state: PerformanceState, model: ModelInfo | null, machine: { cores: number; browser: string }): string {
  const lines = performanceRows(state).map(([name, value]) => `${name}: ${value}`);
  return `${lines.join('\n')}\n\n${JSON.stringify({ app: VERSION, machine, model, ...state }, null, 1)}\n`;
}
