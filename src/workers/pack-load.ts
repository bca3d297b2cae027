/** Which pack an engine reads, by what the page asked for; and what is done where it turns out to be a bad one. */
import type { Engine } from '../engine/engine.ts';
import type { FoundationFiles } from '../model/foundation-manifest.ts';
import type { PackSource } from '../model/pack.ts';
import type { ErrorCode } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import { fail, type Result } from '../shared/result.ts';
import type { LoadOptions } from './api.ts';
import { type SitePack, sitePack } from './pack-fetch.ts';
import { openPackStore, type PackStore, unreadable } from './pack-store.ts';

/** The pack beside the page, or the stored one that takes its place: from disk, or another of the page's server. */
export async function openPack(options: LoadOptions): Promise<SitePack> {
  const store = await openPackStore();
  const { storedPack: id } = options;
  const packUrl = id ? new URL(`../${id}/`, options.packUrl).href : options.packUrl;
  const ofSite = id
    ? await store
        .shelf({ site: packUrl })
        .record()
        .catch(() => null)
    : null;
  if (id && ofSite === null) return packFromDisk(store, id);
  const pack = await sitePack(packUrl, store);
  const isWhole = !options.foundation && (options.without ?? []).length === 0;
  const written = () => pack.written();
  return isWhole ? pack : { source: pack.source, notes: pack.notes, written, keep: written, lastGood: () => pack.lastGood() };
}

/** The stored foundation pack that takes the language model's place. Null where none is asked for; what only those packs need is fetched here. */
export async function openFoundation({ foundation: id }: LoadOptions): Promise<Result<FoundationFiles> | null> {
  if (!id) return null;
  const { storedFoundation } = await import('./foundation-files.ts');
  return storedFoundation(id);
}

function packFromDisk(store: PackStore, id: string): SitePack {
  // Another version may be opened while this one is being loaded.
  const record = store.shelf({ id }).record();
  record.catch(() => {}); // told to who reads
  const source: PackSource = {
    checked: true,
    read: async (path, onBytes) => {
      const known = await record.catch((error: unknown) => String(error));
      if (typeof known === 'string') return fail(unreadable(id, known));
      const read = await store.read(id, path, known);
      if (read.ok) onBytes(read.value.length);
      return read;
    },
  };
  return { source, notes: [], written: async () => {}, keep: async () => {}, lastGood: async () => null };
}

/** It is the pack that is wrong, or it cannot be had: another may do. */
const BAD: readonly ErrorCode[] = ['pack-missing', 'pack-corrupt', 'pack-unsupported', 'file-unreadable'];

/**
 * Loads an engine as `Engine.load` does. Where the pack is refused while it is loaded, the last good one is loaded in its place, and a note
 * says why.
 * @param notes what the host says of itself
 * @param make called with the pack's source; again where another takes its place
 */
export async function* loadGoodPack(
  signal: AbortSignal,
  pack: SitePack,
  notes: readonly string[],
  make: (source: PackSource, notes: readonly string[]) => Engine,
): AsyncGenerator<AnalysisEvent> {
  pack.notes.unshift(...notes);
  const engine = make(pack.source, pack.notes);
  let failed = false;
  let ready: AnalysisEvent | null = null;
  for await (const event of engine.load(signal)) {
    if (event.type === 'ready') ready = event;
    if (event.type === 'load-failed') {
      failed = true;
      const good = BAD.includes(event.error.code) ? await pack.lastGood() : null;
      if (good !== null) {
        good.notes.push(`The server’s pack was refused: ${event.error.message} The last good one goes on.`);
        void pack.written();
        await engine.dispose();
        yield* loadGoodPack(signal, good, notes, make);
        return;
      }
    }
    yield event;
  }
  if (failed) {
    void pack.written();
    return;
  }
  const told = pack.notes.length;
  await pack.keep();
  // What is written now may turn out not to fit.
  if (ready && pack.notes.length > told) yield { ...ready, info: engine.info() };
}
