/** `emollm fetch`: a foundation pack from the hub, or from a mirror of it, into a folder; resumed and checked as in the page. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { foundationFiles } from '../model/foundation-manifest.ts';
import { downloadFiles } from '../model/pack-download.ts';
import { hubFileUrl, hubWords, listHubFiles } from '../model/pack-hub.ts';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { FolderSink, NOTES } from './folder-sink.ts';
import type { FetchCommand } from './pack-arguments.ts';
import { knownFoundation, packsFolder } from './pack-choice.ts';

/**
 * Gives the folder. Errors: usage, pack-missing, pack-corrupt, hub-unreachable, hub-refused, storage-full, storage-refused, cancelled.
 * @param onProgress bytes
 */
export async function fetchPack(
  signal: AbortSignal,
  { id, hub, to }: Pick<FetchCommand, 'id' | 'hub' | 'to'>,
  onProgress: (loaded: number, total: number) => void,
): Promise<Result<string>> {
  const known = await knownFoundation(id);
  if (!known.ok) return known;
  const manifest = known.value;
  if (manifest === null)
    return fail(wireError('usage', `"${id}" is no pack that is fetched from a hub.`, 'emollm packs lists those that are.'));
  const choice = foundationFiles(manifest, { webgpu: false, shaderF16: false, native: true });
  if (choice.device === null) {
    return fail(wireError('pack-unsupported', `${manifest.title} does not run on the command line.`, 'Choose another pack, or the page.'));
  }
  const folder = to ?? join(packsFolder(), id);
  const refused = (detail?: string) =>
    fail(wireError('storage-refused', `The pack cannot be written to ${folder}.`, 'Check the path given with --to.', detail));
  if (!(await isOurs(folder))) {
    return fail(wireError('storage-refused', `${folder} holds other files, which would be lost.`, 'Give an empty folder with --to.'));
  }
  const repository = { hubUrl: hub, ...manifest.hub };
  const options = { fetch, words: hubWords };
  const listed = await listHubFiles(signal, repository, options);
  if (!listed.ok) return listed;
  const files = listed.value.filter(({ path }) => choice.paths.includes(path));
  const missing = choice.paths.filter((path) => !files.some((file) => file.path === path));
  if (missing.length > 0) {
    return fail(
      wireError(
        'pack-missing',
        `The hub has not all files of ${manifest.title}.`,
        'Check the address given with --hub.',
        missing.join(', '),
      ),
    );
  }
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  try {
    await mkdir(join(folder, NOTES), { recursive: true });
    // It says that a pack is whole, and of which commit.
    await rm(join(folder, 'manifest.json'), { force: true });
    const done = await downloadFiles(
      signal,
      files,
      new FolderSink(folder),
      { ...options, url: ({ path }) => hubFileUrl(repository, path) },
      (loaded) => onProgress(loaded, total),
    );
    if (!done.ok) return done.error.code === 'storage-refused' ? refused(done.error.detail) : done;
    await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
    return ok(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return refused(error.message);
    throw error;
  }
}

/** Whether nothing is there that was not fetched: what the system hides in a folder counts as nothing. */
async function isOurs(folder: string): Promise<boolean> {
  try {
    const names = await readdir(folder);
    return names.includes(NOTES) || names.every((name) => name.startsWith('.'));
  } catch {
    return true; // not there yet, or no folder: writing will tell
  }
}
