/** The command line's words → a command, or a usage error that shows the right form. Pure. */
import { parseArgs } from 'node:util';
import { EXPORT_KINDS, type ExportKind } from '../export/kinds.ts';
import { EVALUATION_TASKS, type EvaluationTask, JUDGES, type Judge } from '../shared/evaluation.ts';
import { PROMPTINGS, type Prompting, TASKS, type Task } from '../shared/labels.ts';
import { ok, type Result } from '../shared/result.ts';
import { attempt, MACHINE, type MachineOptions, oneOf, parseMachine, usage, wholeNumber } from './argument-rules.ts';
import {
  COMPARE_FORM,
  type CompareCommand,
  FETCH_FORM,
  type FetchCommand,
  parseCompare,
  parseFetch,
  parseTable,
  TABLE_FORM,
  type TableCommand,
} from './pack-arguments.ts';
import { NODE_BACKENDS } from './runtime.ts';

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
  prompting: Prompting;
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
  prompting: Prompting;
}

export type Command =
  | { kind: 'help' }
  | { kind: 'packs' }
  | AnalyzeCommand
  | EvaluateCommand
  | TableCommand
  | CompareCommand
  | FetchCommand;

const ANALYZE_FORM = `emollm analyze <files or folders…> [--task ${TASKS.join('|')}] [--words "…"] [--json | --format <format> [--out <folder>]]`;
const EVALUATE_FORM = `emollm evaluate --task <${EVALUATION_TASKS.join('|')}> --data <folder> --out <report.json> [--limit N] [--cropped]`;
const FORMS = [ANALYZE_FORM, EVALUATE_FORM, TABLE_FORM, COMPARE_FORM, FETCH_FORM, 'emollm packs'];

export const HELP = `EmoLLM: reads the emotion in pictures and explains itself, on this machine.

${ANALYZE_FORM}
  Prints the readings of every face, then streams the reasoning. Pictures only: JPEG, PNG, WebP, AVIF, GIF;
  of a folder those in it.
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

${TABLE_FORM}
  Judges packs on every task that the folder has, each with EmoPrompt and with the answer alone, and writes <name>.md and <name>.json:
  accuracy, macro-F1, calibration error, seconds, tokens a second. The folder has a subfolder with labels.csv for each task that is to be
  judged: ${EVALUATION_TASKS.filter((task) => task !== 'scene').join(', ')}. Pictures in faces are face crops; without a folder of its own,
  emotion-open is asked of them.
  --pack       may be given several times
  --limit      only the first N rows of each task

${COMPARE_FORM}
  Two packs on the same pictures: answers, agreement, speed. With --data, a labelled folder, also how often each is right.
  Pictures that cannot be read are left out.

${FETCH_FORM}
  Gets a foundation pack from the hub, resumed and checked by its hashes. --hub is the address of a mirror of the hub.

emollm packs
  Lists the packs that this version knows, with their licences.

All of these but fetch and packs:
  --pack       a pack's folder, a folder laid out like a repository of the hub (config.json, onnx/), or the id of a pack that "emollm packs"
               lists; default the one that comes with the package
  --prompt     ${PROMPTINGS.join('|')}: with the four steps (default), or the answer alone; analyze and evaluate only
  --backend    ${NODE_BACKENDS.join('|')}; auto and native are onnxruntime's CPU library, wasm the browser's build of it
  --threads    CPU threads; default as many as there are, at most 4
  --help       this text

Exit code: 0 all done, 1 something failed, 2 wrong usage, 130 stopped.
`;

/** Fails with `usage`. */
export function parseArguments(argv: readonly string[]): Result<Command> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || argv.includes('--help') || argv.includes('-h')) return ok({ kind: 'help' });
  switch (name) {
    case 'analyze':
      return parseAnalyze(rest);
    case 'evaluate':
      return parseEvaluate(rest);
    case 'table':
      return parseTable(rest);
    case 'compare':
      return parseCompare(rest);
    case 'fetch':
      return parseFetch(rest);
    case 'packs':
      return ok({ kind: 'packs' });
    default:
      return usage(`"${name}" is not a command.`, FORMS.join('\n'));
  }
}

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
        prompt: { type: 'string' },
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
  const prompting = oneOf(PROMPTINGS, values.prompt ?? 'emoprompt');
  if (!prompting) return usage(`--prompt cannot be "${values.prompt}": use ${PROMPTINGS.join(' or ')}.`, ANALYZE_FORM);
  return ok({ kind: 'analyze', ...machine.value, files: positionals, task, json, format, out, words, prompting });
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
        prompt: { type: 'string' },
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
  const prompting = oneOf(PROMPTINGS, values.prompt ?? 'emoprompt');
  if (!prompting) return usage(`--prompt cannot be "${values.prompt}": use ${PROMPTINGS.join(' or ')}.`, EVALUATE_FORM);
  return ok({ kind: 'evaluate', ...machine.value, task, data, out, limit, cropped, by, items, skipBroken, prompting });
}
