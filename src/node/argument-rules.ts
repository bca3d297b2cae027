/** What the commands' arguments have in common: the machine, and how a wrong one is told. Pure. */
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { NODE_BACKENDS, type NodeBackend } from './runtime.ts';

export interface MachineOptions {
  /** A folder or an id; null: the committed pack. */
  pack: string | null;
  backend: NodeBackend;
  /** 0: as many as the machine has, at most 4. */
  threads: number;
}

export const MACHINE = { pack: { type: 'string' }, backend: { type: 'string' }, threads: { type: 'string' } } as const;

export function parseMachine(
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

/** What `parseArgs` throws is told as a wrong usage. */
export function attempt<T>(form: string, parse: () => T): Result<T> {
  try {
    return ok(parse());
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return usage(message.endsWith('.') ? message : `${message}.`, form);
  }
}

export const usage = (message: string, form: string): Result<never> =>
  fail(wireError('usage', message, `Usage: ${form}\n\nemollm --help says more.`));

export const oneOf = <T extends string>(values: readonly T[], text: string): T | undefined => values.find((value) => value === text);

/** NaN where the text is no whole number, or a smaller one. */
export const wholeNumber = (text: string, least: number): number =>
  /^\d+$/.test(text) && Number(text) >= least ? Number(text) : Number.NaN;
