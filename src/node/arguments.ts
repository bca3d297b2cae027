/** The command line's words → a command, or a usage error that shows the right form. Pure. */
import { parseArgs } from 'node:util';
import { EXPORT_KINDS, type ExportKind } from '../export/files.ts';
import { wireError } from '../shared/errors.ts';
import { EVALUATION_TASKS, type EvaluationTask, JUDGES, type Judge } from '../shared/evaluation.ts';
import { TASKS, type Task } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { NODE_BACKENDS, type NodeBackend } from './runtime.ts';

export interface MachineOptions {
  /** Null: the committed pack. */
  pack: string | null;
  backend: NodeBackend;
  /** 0: as many as the machine has, at most 4. */
  threads: number;
}

export interface AnalyzeCommand extends MachineOptions {
  kind: 'analyze';
  files: string[];
  task: Task;
  json: boolean;
  /** One of the exports, written into `out`; null: none. */
  format: ExportKind | null;
  /** Folder. */
  out: string;
  /** Null: they are read from the picture; empty: there are none. */
  words: string | null;
}

export interface EvaluateCommand extends MachineOptions {
  kind: 'evaluate';
  task: EvaluationTask;
  data: string;
  out: string;
  limit: number | null;
  cropped: boolean;
  by: Judge;
  items: boolean;
  skipBroken: boolean;
}

export type Command = { kind: 'help' } | AnalyzeCommand | EvaluateCommand;

const ANALYZE_FORM = `emollm analyze <files…> [--task ${TASKS.join('|')}] [--words "…"] [--json | --format <format> [--out <folder>]]`;
const EVALUATE_FORM = `emollm evaluate --task <${EVALUATION_TASKS.join('|')}> --data <folder> --out <report.json> [--limit N] [--cropped]`;

export const HELP = `EmoLLM: reads the emotion in pictures and explains itself, on this machine.

${ANALYZE_FORM}
  Prints the readings of every face, then streams the reasoning. Pictures only: JPEG, PNG, WebP, AVIF, GIF.
  --task       what to ask; default emotion
  --words      what stands on the picture or is said, instead of reading it from there, for each file; "" for no words
  --json       one JSON object a file, one a line
  --format     writes one of the page's exports instead, and prints the names of its files:
               ${EXPORT_KINDS.join(', ')}
  --out        the folder for --format; default this one

${EVALUATE_FORM}
  The folder holds labels.csv (columns file,label[,text]; for scene: file,valence,arousal) beside the pictures.
  emotion-open writes freely: the first emotion word of its answer is taken for one of the eight classes of faces.
  --limit      only the first N rows
  --cropped    every picture is a face crop: nothing is detected
  --by         faces only: affect-head (default) or language-model
  --items      the report also holds every item: file, label, answer, probabilities, text
  --skip-broken  pictures that cannot be decoded are listed in the report instead of ending it

Both:
  --pack       a pack's folder; default the one that comes with the package
  --backend    ${NODE_BACKENDS.join('|')}; auto and native are onnxruntime's CPU library, wasm the browser's build of it
  --threads    CPU threads; default as many as there are, at most 4
  --help       this text

Exit code: 0 all done, 1 something failed, 2 wrong usage, 130 stopped.
`;

/** Fails with `usage`. */
export function parseArguments(argv: readonly string[]): Result<Command> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || argv.includes('--help') || argv.includes('-h')) return ok({ kind: 'help' });
  if (name !== 'analyze' && name !== 'evaluate') return usage(`"${name}" is not a command.`, `${ANALYZE_FORM}\n${EVALUATE_FORM}`);
  return name === 'analyze' ? parseAnalyze(rest) : parseEvaluate(rest);
}

const MACHINE = { pack: { type: 'string' }, backend: { type: 'string' }, threads: { type: 'string' } } as const;

function parseAnalyze(args: string[]): Result<AnalyzeCommand> {
  const parsed = attempt(ANALYZE_FORM, () =>
    parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...MACHINE,
        task: { type: 'string' },
        json: { type: 'boolean' },
        format: { type: 'string' },
        out: { type: 'string' },
        words: { type: 'string' },
      },
    }),
  );
  if (!parsed.ok) return parsed;
  const { values, positionals } = parsed.value;
  if (positionals.length === 0) return usage('No file is given.', ANALYZE_FORM);
  const task = oneOf(TASKS, values.task ?? 'emotion');
  if (!task) return usage(`--task cannot be "${values.task}".`, ANALYZE_FORM);
  const format = values.format === undefined ? null : oneOf(EXPORT_KINDS, values.format);
  if (format === undefined) return usage(`--format cannot be "${values.format}": use ${EXPORT_KINDS.join(', ')}.`, ANALYZE_FORM);
  const { json = false, out = '.', words = null } = values;
  if (json && format !== null) return usage('--json and --format exclude each other.', ANALYZE_FORM);
  if (values.out !== undefined && format === null) return usage('--out goes with --format only.', ANALYZE_FORM);
  const machine = parseMachine(values, ANALYZE_FORM);
  if (!machine.ok) return machine;
  return ok({ kind: 'analyze', ...machine.value, files: positionals, task, json, format, out, words });
}

function parseEvaluate(args: string[]): Result<EvaluateCommand> {
  const parsed = attempt(EVALUATE_FORM, () =>
    parseArgs({
      args,
      options: {
        ...MACHINE,
        task: { type: 'string' },
        data: { type: 'string' },
        out: { type: 'string' },
        limit: { type: 'string' },
        cropped: { type: 'boolean' },
        by: { type: 'string' },
        items: { type: 'boolean' },
        'skip-broken': { type: 'boolean' },
      },
    }),
  );
  if (!parsed.ok) return parsed;
  const { values } = parsed.value;
  if (values.task === undefined) return usage('--task is missing.', EVALUATE_FORM);
  const task = oneOf(EVALUATION_TASKS, values.task);
  if (!task) return usage(`--task cannot be "${values.task}".`, EVALUATE_FORM);
  if (!values.data) return usage('--data is missing.', EVALUATE_FORM);
  if (!values.out) return usage('--out is missing.', EVALUATE_FORM);
  const limit = values.limit === undefined ? null : wholeNumber(values.limit, 1);
  if (Number.isNaN(limit)) return usage(`--limit must be a whole number from 1, got "${values.limit}".`, EVALUATE_FORM);
  const by = oneOf(JUDGES, values.by ?? (task === 'faces' ? 'affect-head' : 'language-model'));
  if (!by) return usage(`--by must be affect-head or language-model, got "${values.by}".`, EVALUATE_FORM);
  if (values.by !== undefined && task !== 'faces') return usage('--by goes with --task faces only.', EVALUATE_FORM);
  const machine = parseMachine(values, EVALUATE_FORM);
  if (!machine.ok) return machine;
  const { data, out, cropped = false, items = false, 'skip-broken': skipBroken = false } = values;
  return ok({ kind: 'evaluate', ...machine.value, task, data, out, limit, cropped, by, items, skipBroken });
}

function parseMachine(
  values: { pack?: string | undefined; backend?: string | undefined; threads?: string | undefined },
  form: string,
): Result<MachineOptions> {
  const backend = oneOf(NODE_BACKENDS, values.backend ?? 'auto');
  if (!backend) return usage(`--backend cannot be "${values.backend}" on the command line: use ${NODE_BACKENDS.join(', ')}.`, form);
  const threads = values.threads === undefined ? 0 : wholeNumber(values.threads, 1);
  if (Number.isNaN(threads) || threads > 256)
    return usage(`--threads must be a whole number from 1 to 256, got "${values.threads}".`, form);
  return ok({ pack: values.pack ?? null, backend, threads });
}

function attempt<T>(form: string, parse: () => T): Result<T> {
  try {
    return ok(parse());
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return usage(message.endsWith('.') ? message : `${message}.`, form);
  }
}

const usage = (message: string, form: string): Result<never> =>
  fail(wireError('usage', message, `Usage: ${form}\n\nemollm --help says more.`));

const oneOf = <T extends string>(values: readonly T[], text: string): T | undefined => values.find((value) => value === text);

const wholeNumber = (text: string, least: number): number => (/^\d+$/.test(text) && Number(text) >= least ? Number(text) : Number.NaN);
