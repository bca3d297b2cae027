import { expect, test } from 'vitest';
import type { AnalysisEvent } from '../shared/events.ts';
import { PerformanceLog, Ring, WINDOW_MS } from './performance-log.ts';
import { performanceReport, performanceRows } from './performance-report.ts';

/** 25 frames a second are given, every fifth is analysed in 100 ms, every second one of these with the detector. */
function filled(until: number): PerformanceLog {
  const log = new PerformanceLog();
  for (let i = 0; i * 40 <= until; i += 1) {
    log.frameGiven(i * 40);
    if (i % 5 !== 0) continue;
    const times = i % 10 === 0 ? { detect: 30, landmarks: 10, encode: 5 } : { landmarks: 20, encode: 5 };
    log.frameShown({ takenAt: i * 40, shownAt: i * 40 + 100, times, faces: 2 });
  }
  return log;
}

test('rates, ages and stage times are of the last seconds', () => {
  const figures = filled(10_000).figures(10_100);
  expect(figures.given).toBeCloseTo(25, 5);
  expect(figures.analyzed).toBeCloseTo(5, 5);
  expect(figures.age).toEqual({ median: 100, p95: 100 });
  expect(figures.stages.detect.ms).toBe(30);
  expect(figures.stages.detect.share).toBeCloseTo(0.5, 1);
  expect(figures.stages.landmarks).toEqual({ ms: 20, share: 1 });
  expect(figures.faces).toBe(2);
});

test('one slow frame in twenty shows in the 95 %, not in the median; what is long past shows no more', () => {
  const log = filled(2000);
  log.frameShown({ takenAt: 2000, shownAt: 2900, times: {}, faces: 1 });
  const { age } = log.figures(3000);
  expect(age).toEqual({ median: 100, p95: 900 });
  expect(log.figures(2900 + WINDOW_MS + 1)).toMatchObject({ given: 0, analyzed: 0, age: { median: 900 }, faces: 1 });
  expect(log.figures(2900 + 4 * WINDOW_MS + 1)).toMatchObject({ given: 0, analyzed: 0, age: null, faces: 0 });
  expect(log.ages(3000, 1).at(-1)).toEqual({ at: 2900, age: 900 });
  log.restart();
  expect(log.ages(3000, 30)).toEqual([]);
});

test('a machine that takes seconds for a frame still has a pace', () => {
  const log = new PerformanceLog();
  for (const at of [0, 8000, 16_000]) log.frameShown({ takenAt: at, shownAt: at + 8000, times: { detect: 7000 }, faces: 12 });
  const { analyzed, age, stages } = log.figures(30_000);
  expect(analyzed).toBeCloseTo(1 / 8, 5);
  expect([age?.median, stages.detect.ms]).toEqual([8000, 7000]);
});

test('a ring holds the newest in order', () => {
  const ring = new Ring<number>(3);
  for (const each of [1, 2]) ring.add(each);
  expect(ring.all()).toEqual([1, 2]);
  for (const each of [3, 4, 5]) ring.add(each);
  expect(ring.all()).toEqual([3, 4, 5]);
  ring.clear();
  ring.add(6);
  expect(ring.all()).toEqual([6]);
});

test('the last explanation tells how fast prompt and text were', () => {
  const log = new PerformanceLog();
  const events: AnalysisEvent[] = [
    { type: 'prompt', runId: 'e', text: '', promptTokens: 120 },
    { type: 'decode-speed', runId: 'e', tokens: 40, tokensPerSecond: 42 },
    { type: 'answer', runId: 'e', answer: { text: 'fear', distribution: [] }, times: { prefill: 400, decode: 950 } },
    { type: 'done', runId: 'e' },
    // One that was stopped tells nothing.
    { type: 'prompt', runId: 'f', text: '', promptTokens: 9 },
    { type: 'failed', runId: 'f', error: { code: 'cancelled', message: '', remedy: '' } },
  ];
  for (const event of events) log.hear(event);
  expect(log.figures(0).explanation).toEqual({ promptTokens: 120, prefill: 300, decode: 42 });
});

test('the report is what is read and the same as JSON; without a source nothing is made up', () => {
  const empty = { figures: new PerformanceLog().figures(0), pacer: null, memory: null, flowing: null };
  expect(new Set(performanceRows(empty).map(([, value]) => value))).toEqual(new Set(['–']));
  const state = {
    figures: filled(5000).figures(5100),
    pacer: { analyzed: 26, dropped: 100, perSecond: 5 },
    memory: { bytes: 512e6, by: 'measureUserAgentSpecificMemory' as const, sharedBytes: 300e6 },
    flowing: false,
  };
  const report = performanceReport(state, null, { cores: 4, browser: 'Test/1' });
  expect(report).toContain('Frames analysed: 5.0/s');
  expect(report).toContain('100 (79%)');
  expect(report).toContain('512 MB, 300 MB for models');
  const json: unknown = JSON.parse(report.slice(report.indexOf('{')));
  expect(json).toMatchObject({ machine: { cores: 4 }, pacer: { dropped: 100 }, figures: { age: { median: 100 } } });
});

test('a frame that the machine slept over is no figure of its speed', () => {
  const log = new PerformanceLog();
  const hours = 8 * 3_600_000;
  log.frameShown({ takenAt: 0, shownAt: hours, times: {}, faces: 1 });
  expect(log.figures(hours).age).toBeNull();
  log.frameShown({ takenAt: hours, shownAt: hours + 40_000, times: {}, faces: 1 });
  expect(log.figures(hours + 40_000).age?.p95).toBe(40_000);
});
