/** A pack's folder on disk. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PackSource } from '../model/pack.ts';
import { wireError } from '../shared/errors.ts';
import { fail, ok } from '../shared/result.ts';

const DEFAULT_PACK = 'emollm-s';

/** The committed pack, wherever this file was built to inside its package. */
export function defaultPackFolder(): string {
  return join(modelsFolder(), DEFAULT_PACK);
}

/** The packs that come with this package. */
export const modelsFolder = (): string => join(packageRoot(), 'public', 'models');

/** The folder of a pack that comes with this package, a foundation pack's manifest included; null where none has that id. */
export function knownPackFolder(id: string): string | null {
  const folder = join(modelsFolder(), id);
  return existsSync(join(folder, 'manifest.json')) ? folder : null;
}

/** Reads a pack's files from a folder. */
export function packFolder(folder: string): PackSource {
  return {
    async read(path, onBytes) {
      const full = join(folder, path);
      try {
        const file = await readFile(full);
        const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
        onBytes(bytes.length);
        return ok(bytes);
      } catch (error) {
        if (isMissing(error)) {
          return fail(wireError('pack-missing', `The pack file ${path} is not there.`, 'Check the folder given with --pack.', full));
        }
        const detail = error instanceof Error ? error.message : String(error);
        return fail(wireError('file-unreadable', `The pack file ${path} cannot be read.`, 'Check the folder’s permissions.', detail));
      }
    },
  };
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/** The folder of package.json above this file. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isPackage(folder)) {
    const above = dirname(folder);
    if (above === folder) throw new Error('package.json of emollm is not above this file');
    folder = above;
  }
  return folder;
}

function isPackage(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof json === 'object' && json !== null && 'name' in json && json.name === 'emollm';
}
