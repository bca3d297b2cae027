/** A foundation pack out of this browser's store, as the engine reads it. */
import { type FoundationFiles, parseFoundationManifest } from '../model/foundation-manifest.ts';
import { ok, type Result } from '../shared/result.ts';
import { openPackStore } from './pack-store.ts';

/** Errors: pack-missing, pack-corrupt, pack-unsupported. */
export async function storedFoundation(id: string): Promise<Result<FoundationFiles>> {
  const store = await openPackStore();
  const stored = await store.manifest(id);
  if (!stored.ok) return stored;
  const manifest = parseFoundationManifest(stored.value);
  if (!manifest.ok) return manifest;
  return ok({ manifest: manifest.value, read: (path) => store.read(id, path) });
}
