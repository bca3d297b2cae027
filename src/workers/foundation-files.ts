/** A foundation pack out of this browser's store, as the engine reads it. */
import { type FoundationFiles, parseFoundationManifest } from '../model/foundation-manifest.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { openPackStore, unreadable } from './pack-store.ts';

/** Errors: pack-missing, pack-corrupt, pack-unsupported, file-unreadable. */
export async function storedFoundation(id: string): Promise<Result<FoundationFiles>> {
  try {
    return await opened(id);
  } catch (error) {
    return fail(unreadable(id, String(error)));
  }
}

async function opened(id: string): Promise<Result<FoundationFiles>> {
  const store = await openPackStore();
  // Another version may be fetched while this one is being loaded.
  const record = await store.shelf({ id }).record();
  const stored = await store.manifest(id, record);
  if (!stored.ok) return stored;
  const manifest = parseFoundationManifest(stored.value);
  if (!manifest.ok) return manifest;
  // Under the name that it has here: beside another of its own name it was given one.
  const stated = record?.files.map(({ path, bytes }) => ({ path, bytes })) ?? manifest.value.stated;
  return ok({ manifest: { ...manifest.value, id, stated }, read: (path) => store.read(id, path, record) });
}
