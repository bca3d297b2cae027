/** Where a result goes: tried before hours of work, and written when they are over. */
import { existsSync } from 'node:fs';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';

type Kind = 'report' | 'table' | 'export';

/** Proves that a file can be written there; what is there stays as it is. */
export const tryToWrite = (path: string, kind: Kind): Promise<Result<void>> => orUnwritable(path, kind, () => prove(path));

/** Proves it of a folder, which is made where it is missing. */
export const tryFolder = (folder: string): Promise<Result<void>> =>
  orUnwritable(folder, 'export', () => prove(join(folder, `.emollm-${process.pid}`)));

async function prove(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const isThere = existsSync(path);
  await (await open(path, 'a')).close();
  if (!isThere) await rm(path);
}

export function writeResult(path: string, kind: Kind, text: string): Promise<Result<void>> {
  return orUnwritable(path, kind, async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  });
}

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

async function orUnwritable(path: string, kind: Kind, work: () => Promise<void>): Promise<Result<void>> {
  try {
    return ok(await work());
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return fail(wireError('file-unwritable', `The ${kind} cannot be written to ${path}.`, 'Check the path given with --out.', detail));
  }
}
