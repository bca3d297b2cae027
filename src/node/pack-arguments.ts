/** The words of the commands about packs → a command, or a usage error. Pure. */
import { parseArgs } from 'node:util';
import { EVALUATION_TASKS, type EvaluationTask } from '../shared/evaluation.ts';
import { TASKS, type Task } from '../shared/labels.ts';
import { ok, type Result } from '../shared/result.ts';
import { attempt, MACHINE, type MachineOptions, oneOf, parseMachine, usage, wholeNumber } from './argument-rules.ts';

const HUB_URL = 'https://huggingface.co/';

export interface TableCommand extends MachineOptions {
  kind: 'table';
  /** In the order of the table's columns. Null: the committed pack. */
  packs: (string | null)[];
  data: string;
  /** Without its ending. */
  out: string;
  limit: number | null;
}

export interface CompareCommand extends MachineOptions {
  kind: 'compare';
  packs: [string | null, string | null];
  /** Pictures without labels; empty where there is `data`. */
  files: string[];
  data: string | null;
  task: Exclude<EvaluationTask, 'scene'>;
  cropped: boolean;
  limit: number | null;
  /** Null: nothing is written. */
  out: string | null;
}

export interface FetchCommand {
  kind: 'fetch';
  id: string;
  /** Absolute, ending in `/`. */
  hub: string;
  to: string | null;
}

export const TABLE_FORM = 'emollm table --pack <id or folder> [--pack …] --data <folder> --out <name> [--limit N]';
export const COMPARE_FORM =
  'emollm compare --pack <id or folder> --pack <id or folder> (<files…> | --data <folder> --task <task>) [--limit N] [--cropped] [--out <report.json>]';
export const FETCH_FORM = 'emollm fetch <id> [--hub <address>] [--to <folder>]';

const SEVERAL = { ...MACHINE, pack: { type: 'string', multiple: true } } as const;
/** What a picture without a label can be asked. */
const JUDGED = EVALUATION_TASKS.filter((task) => task !== 'scene');

export function parseTable(args: string[]): Result<TableCommand> {
  const parsed = attempt(TABLE_FORM, () =>
    parseArgs({ args, options: { ...SEVERAL, data: { type: 'string' }, out: { type: 'string' }, limit: { type: 'string' } } }),
  );
  if (!parsed.ok) return parsed;
  const { pack = [], data, out, limit: asked, ...machineWords } = parsed.value.values;
  if (!data) return usage('--data is missing.', TABLE_FORM);
  if (!out) return usage('--out is missing.', TABLE_FORM);
  const limit = parseLimit(asked, TABLE_FORM);
  if (!limit.ok) return limit;
  const machine = parseMachine(machineWords, TABLE_FORM);
  if (!machine.ok) return machine;
  return ok({ kind: 'table', ...machine.value, packs: pack.length === 0 ? [null] : pack, data, out, limit: limit.value });
}

export function parseCompare(args: string[]): Result<CompareCommand> {
  const parsed = attempt(COMPARE_FORM, () =>
    parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...SEVERAL,
        data: { type: 'string' },
        task: { type: 'string' },
        out: { type: 'string' },
        limit: { type: 'string' },
        cropped: { type: 'boolean' },
      },
    }),
  );
  if (!parsed.ok) return parsed;
  const { values, positionals: files } = parsed.value;
  const { pack = [], data = null, out = null, limit: asked, cropped = false, task: taskWord, ...machineWords } = values;
  const [first = null, second = null, ...more] = pack;
  if (first === null || more.length > 0)
    return usage('--pack must be given once or twice; once compares with the pack that comes along.', COMPARE_FORM);
  if ((data === null) === (files.length === 0)) return usage('Give either pictures or --data.', COMPARE_FORM);
  const task = data === null ? oneOf<Task | 'faces'>(TASKS, taskWord ?? 'emotion') : oneOf(JUDGED, taskWord ?? '');
  if (!task) return usage(taskWord === undefined ? '--task is missing.' : `--task cannot be "${taskWord}".`, COMPARE_FORM);
  const limit = parseLimit(asked, COMPARE_FORM);
  if (!limit.ok) return limit;
  const machine = parseMachine(machineWords, COMPARE_FORM);
  if (!machine.ok) return machine;
  return ok({ kind: 'compare', ...machine.value, packs: [first, second], files, data, task, cropped, limit: limit.value, out });
}

export function parseFetch(args: string[]): Result<FetchCommand> {
  const parsed = attempt(FETCH_FORM, () =>
    parseArgs({ args, allowPositionals: true, options: { hub: { type: 'string' }, to: { type: 'string' } } }),
  );
  if (!parsed.ok) return parsed;
  const { values, positionals } = parsed.value;
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) return usage('Give the id of one pack.', FETCH_FORM);
  const hub = parseAddress(values.hub ?? HUB_URL);
  if (hub === null) return usage(`--hub must be an address that begins with http:// or https://, got "${values.hub}".`, FETCH_FORM);
  return ok({ kind: 'fetch', id, hub, to: values.to ?? null });
}

function parseLimit(text: string | undefined, form: string): Result<number | null> {
  const limit = text === undefined ? null : wholeNumber(text, 1);
  return Number.isNaN(limit) ? usage(`--limit must be a whole number from 1, got "${text}".`, form) : ok(limit);
}

/** With a slash at its end; null where it is none. */
function parseAddress(text: string): string | null {
  try {
    const { protocol, href } = new URL(text);
    return protocol === 'http:' || protocol === 'https:' ? (href.endsWith('/') ? href : `${href}/`) : null;
  } catch {
    return null;
  }
}
