/** Two packs on one picture, as JSON and as a table with a row for each. */
import type { WireError } from '../shared/errors.ts';
import type { StageTimes } from '../shared/events.ts';
import { type Prompting, STEPS, type Step, type Task } from '../shared/labels.ts';
import type { Answer } from '../shared/readings.ts';
import { languageModelName } from './csv.ts';
import { textHash } from './provenance.ts';
import type { MadeBy } from './session.ts';
import { type Cell, csvTable, numberText } from './table.ts';

export interface ComparedSide {
  /** Null where it was never loaded. */
  madeBy: MadeBy | null;
  prompting: Prompting;
  outcome: 'done' | 'stopped' | 'failed';
  error: WireError | null;
  prompt: string;
  promptTokens: number;
  steps: Record<Step, string>;
  answer: Answer | null;
  /** Whether the shares of the answer are calibrated: those of a foundation pack are not. */
  calibrated: boolean;
  tokensPerSecond: number | null;
  times: StageTimes;
  /** From the question to the end of the answer; null where it did not end. */
  seconds: number | null;
  loadSeconds: number | null;
  /** Of the files that were loaded for it; null where it was never loaded. */
  filesBytes: number | null;
  /** Of the page with its workers; null where the browser does not tell. */
  memoryBytes: number | null;
}

export interface ComparedPicture {
  app: { version: string };
  picture: { name: string; kind: string; time: number; wordsGiven: string | null };
  task: Task;
  sides: readonly { side: 'A' | 'B'; answered: ComparedSide }[];
}

/** @param at when it was exported */
export function comparisonJson({ app, picture, task, sides }: ComparedPicture, at: Date): string {
  const units = { time: 'seconds of media time', times: 'milliseconds by stage', memoryBytes: 'bytes of the page with its workers' };
  const told = sides.map(({ side, answered }) => ({ side, ...answered }));
  return `${JSON.stringify({ format: 'emollm-comparison-1', exportedAt: at.toISOString(), app, units, picture, task, sides: told }, null, 2)}\n`;
}

/** A row for each side; the distribution is `option=probability` joined by `; `. */
export function comparisonCsv({ app, picture, task, sides }: ComparedPicture): string {
  const header = [
    'input',
    'kind',
    'time',
    'task',
    'side',
    'language_model',
    'prompting',
    'outcome',
    ...STEPS,
    'distribution',
    'calibrated',
    'prompt_sha256',
    'prompt_tokens',
    'prefill_ms',
    'tokens_per_second',
    'seconds',
    'load_seconds',
    'files_bytes',
    'memory_bytes',
    'app_version',
  ];
  const rows = sides.map(({ side, answered }): Cell[] => [
    picture.name,
    picture.kind,
    picture.time,
    task,
    side,
    answered.madeBy && languageModelName(answered.madeBy),
    answered.prompting,
    answered.outcome,
    ...STEPS.map((step) => (step === 'answer' ? (answered.answer?.text ?? answered.steps.answer) : answered.steps[step])),
    answered.answer?.distribution.map(({ option, probability }) => `${option}=${numberText(probability)}`).join('; ') ?? null,
    String(answered.calibrated),
    answered.prompt === '' ? null : textHash(answered.prompt),
    answered.promptTokens,
    answered.times.prefill ?? null,
    answered.tokensPerSecond,
    answered.seconds,
    answered.loadSeconds,
    answered.filesBytes,
    answered.memoryBytes,
    app.version,
  ]);
  return csvTable(header, rows);
}
