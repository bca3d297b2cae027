/** A comparison as its exports see it. Pure. */
import type { ComparedPicture, ComparedSide } from '../export/comparison.ts';
import { isCalibrated } from '../export/session.ts';
import type { FrozenFrame } from './frozen-frame.ts';
import type { ComparingState, SideOutcome } from './pack-comparison.ts';

export function comparedPicture(
  { task, outcomes }: Pick<ComparingState, 'task' | 'outcomes'>,
  { name, kind, time, words }: Omit<FrozenFrame, 'image' | 'preview'>,
  version: string,
): ComparedPicture {
  const [a, b] = outcomes;
  return {
    app: { version },
    picture: { name, kind, time, wordsGiven: words },
    task,
    sides: [
      ...(a ? [{ side: 'A' as const, answered: comparedSide(a) }] : []),
      ...(b ? [{ side: 'B' as const, answered: comparedSide(b) }] : []),
    ],
  };
}

function comparedSide({ side, run, seconds, loadSeconds, filesBytes, memoryBytes }: SideOutcome): ComparedSide {
  const { madeBy, phase, error, prompt, promptTokens, steps, answer, tokensPerSecond, times } = run;
  return {
    madeBy: madeBy ?? null,
    prompting: side.prompting,
    outcome: phase === 'done' || phase === 'failed' ? phase : 'stopped',
    error,
    prompt,
    promptTokens,
    steps,
    answer,
    calibrated: isCalibrated(run),
    tokensPerSecond,
    times,
    seconds,
    loadSeconds,
    filesBytes,
    memoryBytes,
  };
}
