/** Which pictures are meant, and what each is called. */
import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';

const PICTURE_ENDING = /\.(jpe?g|png|webp|avif|gif)$/i;

/** The files as given; a folder stands for the pictures in it, by their names. */
export async function picturesOf(paths: readonly string[]): Promise<Result<string[]>> {
  const files: string[] = [];
  for (const path of paths) {
    try {
      const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
      const found = isFolder ? await picturesIn(path) : [path];
      if (found.length === 0)
        return fail(wireError('file-unsupported', `There is no picture in ${path}.`, 'Give a folder that holds some.'));
      files.push(...found);
    } catch (error) {
      return fail(wireError('file-unreadable', `${path} cannot be read.`, 'Check its path and permissions.', String(error)));
    }
  }
  return ok(files);
}

async function picturesIn(folder: string): Promise<string[]> {
  // What begins with a dot is the system's own.
  const names = (await readdir(folder)).filter((name) => PICTURE_ENDING.test(name) && !name.startsWith('.'));
  return names.sort().map((name) => join(folder, name));
}

/** What each file is called: its name, or, where another has the same, its path as given. */
export function shownNames(files: readonly string[]): Map<string, string> {
  const paths = new Map<string, Set<string>>();
  for (const file of files) paths.set(basename(file), (paths.get(basename(file)) ?? new Set()).add(file));
  return new Map(files.map((file) => [file, paths.get(basename(file))?.size === 1 ? basename(file) : file]));
}
