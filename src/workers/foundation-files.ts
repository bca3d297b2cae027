/** A foundation pack out of this browser's store, as the engine reads it. */
import { type FoundationFiles, parseFoundationManifest } from '../model/foundation-manifest.ts';
import { ok, type Result } from '../shared/result.ts';
import { openPackStore } from './pack-store.ts';

/** Errors: pack-missing, pack-corrupt, pack-unsupported. */
export async function storedFoundation(id: string): Promise<Result<FoundationFiles>> {
  const store = await openPackStore();
  // Another version may be fetched while this one is being loaded.
  const record = await store.shelf({ id }).record();
  const stored = await store.manifest(id, record);
  if (!stored.ok) return stored;
  const manifest = parseFoundationManifest(stored.value);
  if (!manifest.ok) return manifest;
  // Under the name that it has here: beside another of its own name it was given one.
  return ok({ manifest: { ...manifest.value, id }, read: (path) => store.read(id, path, record) });
}
