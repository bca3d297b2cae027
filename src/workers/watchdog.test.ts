import { describe, expect, it } from 'vitest';
import type { Work } from '../shared/work.ts';
import { TICK_MS, Watchdog } from './watchdog.ts';

const HOUR = 3_600_000;
const run = (changes: Partial<Work> = {}): Work => ({ graph: 'language-model', backend: 'webgpu', kind: 'run', size: 'small', ...changes });

/** A dog and a clock; `pass` lets time go by tick for tick and gives the first thing that is wrong, with how long it took. */
function setUp() {
  let now = 1000;
  const dog = new Watchdog(() => now);
  const pass = (ms: number, isWaited = true) => {
    for (const end = now + ms; now < end; ) {
      now = Math.min(end, now + TICK_MS);
      const fault = dog.tick(isWaited);
      if (fault) return fault;
    }
    return null;
  };
  const jump = (ms: number) => {
    now += ms;
  };
  /** A run that took so long. */
  const took = (ms: number, work = run()) => {
    dog.begin(work);
    expect(pass(ms)).toBeNull();
    dog.rest();
  };
  return { dog, pass, jump, took };
}

describe('Watchdog', () => {
  it('calls a step of the language model a hang after twenty seconds where steps took a tenth of one', () => {
    const { dog, pass, took } = setUp();
    for (let step = 0; step < 5; step += 1) took(100);
    dog.begin(run());
    expect(pass(19_000)).toBeNull();
    expect(pass(4000)).toMatchObject({ kind: 'hang', graph: 'language-model', onGpu: true });
  });

  it('waits for a laptop that takes half a minute for each step, and not for ever', () => {
    const { dog, pass, took } = setUp();
    took(40_000, run({ kind: 'first' }));
    for (let step = 0; step < 3; step += 1) took(30_000);
    dog.begin(run());
    expect(pass(500_000)).toBeNull();
    expect(pass(120_000)).toMatchObject({ kind: 'hang' });
  });

  it('judges a prompt by prompts: a minute of one is none of a step', () => {
    const { dog, pass, took } = setUp();
    for (let step = 0; step < 5; step += 1) took(100);
    for (let prompt = 0; prompt < 3; prompt += 1) took(60_000, run({ size: 'large' }));
    dog.begin(run({ size: 'large' }));
    expect(pass(600_000)).toBeNull();
    dog.rest();
    dog.begin(run());
    expect(pass(24_000)).toMatchObject({ kind: 'hang' });
  });

  it('lets what compiles take minutes', () => {
    const { dog, pass } = setUp();
    dog.begin(run({ kind: 'open', size: 'large' }));
    expect(pass(240_000)).toBeNull();
    dog.rest();
    dog.begin(run({ kind: 'first' }));
    expect(pass(240_000)).toBeNull();
    expect(pass(120_000)).toMatchObject({ kind: 'hang' });
  });

  it('sleeps with the machine: hours in one tick are none of the run’s', () => {
    const { dog, pass, jump, took } = setUp();
    for (let step = 0; step < 3; step += 1) took(100);
    dog.begin(run());
    jump(9 * HOUR);
    expect(pass(10_000)).toBeNull();
    dog.rest();
    // Nor does the run that was slept through make the next ones look slow.
    dog.begin(run());
    expect(pass(30_000)).toMatchObject({ kind: 'hang' });
  });

  it('holds nothing against a clock that went back', () => {
    const { dog, pass, jump } = setUp();
    dog.begin(run());
    jump(-9 * HOUR);
    expect(pass(18_000)).toBeNull();
    expect(pass(6000)).toMatchObject({ kind: 'hang' });
  });

  it('hears the silence of a worker that somebody waits for, between graphs', () => {
    const { dog, pass } = setUp();
    expect(pass(HOUR, false)).toBeNull();
    dog.heard();
    expect(pass(60_000)).toBeNull();
    dog.heard();
    expect(pass(88_000)).toBeNull();
    expect(pass(6000)).toMatchObject({ kind: 'hang', graph: null });
  });

  it('waits minutes for the first word of a worker, whose script may come over a slow line', () => {
    const { pass } = setUp();
    expect(pass(240_000)).toBeNull();
    expect(pass(120_000)).toMatchObject({ kind: 'hang', graph: null });
  });

  it('tells a graph that hangs while it is opened on the GPU from one on the CPU', () => {
    for (const backend of ['webgpu', 'wasm'] as const) {
      const { dog, pass } = setUp();
      dog.begin(run({ kind: 'open', size: 'large', backend }));
      expect(pass(360_000)).toMatchObject({ kind: 'hang', onGpu: backend === 'webgpu' });
    }
  });

  it('takes an answer during a run for no end of it', () => {
    const { dog, pass } = setUp();
    dog.begin(run());
    expect(pass(12_000)).toBeNull();
    dog.heard();
    expect(pass(12_000)).toMatchObject({ kind: 'hang' });
  });
});
