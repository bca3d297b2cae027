/** Fetches packs from the page's server, a hub or the user's disk into this browser, and keeps them there. Knows no page and no picture. */
import { cannotRun, type FoundationMachine, foundationBytes, foundationFiles } from '../model/foundation-manifest.ts';
import { NO_COMMIT } from '../model/hub-layout.ts';
import { type DownloadOptions, downloadFile, type PackFile, storageError } from '../model/pack-download.ts';
import { hubFileUrl, hubWords, listHubFiles } from '../model/pack-hub.ts';
import type { PackRecord } from '../model/pack-record.ts';
import { cancelled } from '../model/patient-fetch.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { DownloadPlan, DownloadProgress, PackEntry, PackOrigin, StorageFacts } from '../shared/packs.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { PacksApi, PacksOptions } from './api.ts';
import { type KnownPack, PackCatalogue, readManifest } from './pack-catalogue.ts';
import { packFilesOf, siteWords } from './pack-fetch.ts';
import { openImport } from './pack-import.ts';
import { holdingLock } from './pack-lock.ts';
import { freeBytes, openPackStore, type PackShelf, type PackStore } from './pack-store.ts';
import { probeWebGpu } from './web-gpu.ts';

/** A pack by its id: what it is, where it lies in the store, and where it comes from, also when other packs come from elsewhere by now. */
interface Located {
  pack: KnownPack;
  siteUrl: string;
  hubUrl: string;
  origin: PackOrigin;
  shelf: PackShelf;
  /** What is kept of it whole, and what is coming. */
  record: PackRecord | null;
  coming: PackRecord | null;
}

export class PackKeeper implements PacksApi {
  #options: PacksOptions | null = null;
  #store: PackStore | null = null;
  #catalogue: PackCatalogue | null = null;
  #machine: Promise<FoundationMachine> | null = null;
  /** By id: what is being fetched, and when that has ended. */
  readonly #running = new Map<string, { stop: AbortController; ended: Promise<unknown> }>();
  /** Of the imports, whose packs are not known at first. */
  readonly #imports = new Set<AbortController>();

  async open(options: PacksOptions): Promise<Result<void>> {
    this.#options = options;
    this.#catalogue = new PackCatalogue(options.modelsUrl);
    this.#machine = null;
    // Opened again, it is for where packs come from: what a store in memory holds is not lost with that.
    this.#store ??= await openPackStore(true);
    return ok(undefined);
  }

  async list(): Promise<Result<PackEntry[]>> {
    const listed = await this.#opened().catalogue.packs();
    const stored = await this.#opened().store.ids();
    const ids = [...listed.keys(), ...stored.filter((id) => !listed.has(id))];
    const located = await Promise.all(ids.map(async (id) => [id, await this.#locate(id)] as const));
    const entries = await Promise.all(located.map(async ([id, found]) => (found.ok ? [await this.#entry(id, found.value)] : [])));
    const [refused] = located.flatMap(([, found]) => (found.ok ? [] : [found.error]));
    return entries.flat().length === 0 && refused ? fail(refused) : ok(entries.flat());
  }

  async storage(): Promise<StorageFacts> {
    const estimate = await globalThis.navigator.storage?.estimate?.().catch(() => null);
    const persisted = await globalThis.navigator.storage?.persisted?.().catch(() => false);
    return {
      place: this.#opened().store.place,
      usedBytes: estimate?.usage ?? 0,
      quotaBytes: estimate?.quota ?? null,
      persisted: persisted ?? false,
    };
  }

  async plan(id: string): Promise<Result<DownloadPlan>> {
    const found = await this.#locate(id);
    if (!found.ok) return found;
    const files = await this.#files(new AbortController().signal, found.value);
    if (!files.ok) return files;
    const { pack, shelf } = found.value;
    const { missingBytes, totalBytes } = await sizes(shelf, files.value);
    const dtypes = pack.kind === 'foundation' ? foundationFiles(pack.manifest, await this.#machineFacts()).dtypes : dtypesOf(pack);
    return ok({ totalBytes, missingBytes, files: files.value.length, freeBytes: await this.#free(), dtypes });
  }

  download(id: string, onProgress: (progress: DownloadProgress) => void): Promise<Result<void>> {
    return this.#run(id, async (signal) => {
      const found = await this.#locate(id);
      if (!found.ok) return found;
      const files = await this.#files(signal, found.value);
      if (!files.ok) return files;
      const { pack, origin, shelf } = found.value;
      // A model of the hub's can be repaired from there: its hashes say what it must be.
      if (origin === 'imported' && !isOfHub(pack) && !(await sizes(shelf, files.value)).whole) return fail(onlyFromDisk(pack));
      return this.#keep(
        signal,
        shelf,
        { kind: pack.kind, origin, manifest: pack.text, files: files.value },
        sourceOf(found.value),
        onProgress,
      );
    });
  }

  stop(id: string): void {
    this.#running.get(id)?.stop.abort();
  }

  async remove(id: string): Promise<Result<void>> {
    const running = this.#running.get(id);
    running?.stop.abort();
    await running?.ended;
    const found = await this.#locate(id);
    try {
      await (found.ok ? found.value.shelf : this.#opened().store.shelf({ id })).remove();
      return ok(undefined);
    } catch (error) {
      return fail(
        wireError('storage-refused', 'The pack could not be removed.', 'Close other tabs of this page, then try again.', String(error)),
      );
    }
  }

  async manifest(id: string): Promise<Result<unknown>> {
    const found = await this.#locate(id);
    return found.ok ? ok(JSON.parse(found.value.pack.text)) : found;
  }

  async importFiles(files: { path: string; file: Blob }[], onProgress: (progress: DownloadProgress) => void): Promise<Result<PackEntry>> {
    const stop = new AbortController();
    this.#imports.add(stop);
    try {
      const imported = await this.#import(stop, files, onProgress);
      // Once it is here whole, it is too late.
      return !imported.ok && stop.signal.aborted ? fail(importStopped()) : imported;
    } finally {
      this.#imports.delete(stop);
    }
  }

  stopImports(): void {
    for (const stop of this.#imports) stop.abort();
  }

  async #import(
    stop: AbortController,
    files: { path: string; file: Blob }[],
    onProgress: (progress: DownloadProgress) => void,
  ): Promise<Result<PackEntry>> {
    const { catalogue, store } = this.#opened();
    const listed = await catalogue.packs();
    const known = [...listed.values()].flatMap((pack) => (pack.ok && pack.value.kind === 'foundation' ? [pack.value] : []));
    const opened = await openImport({ signal: stop.signal, onProgress }, files, known, await this.#machineFacts());
    if (!opened.ok) return opened;
    const { pack, download } = opened.value;
    // Ours beside the page keeps its name; a model that is listed, and fetched from elsewhere, is the same one.
    const named = listed.get(pack.manifest.id);
    // So does a listed model, beside what only its folder's name says to be one.
    const isTaken = named !== undefined && (!isOfHub(pack) || (named.ok && named.value.kind === 'own'));
    const id = isTaken ? `${pack.manifest.id}-imported` : pack.manifest.id;
    const shelf = store.shelf({ id });
    const record: PackRecord = { kind: pack.kind, origin: 'imported', manifest: pack.text, files: opened.value.files };
    const work = async (signal: AbortSignal): Promise<Result<void>> => {
      const begun = await shelf.coming();
      const kept = await this.#keep(signal, shelf, record, download, onProgress).catch((error: unknown) => fail(storageError(error)));
      if (!kept.ok) await this.#takeBack(shelf, begun).catch(() => {});
      return kept;
    };
    const kept = await this.#run(id, work, stop);
    if (!kept.ok) return kept;
    const found = await this.#locate(id);
    return found.ok ? ok(await this.#entry(id, found.value)) : found;
  }

  /** An import that did not end well cannot be gone on with: the files are with the user. What a hub had sent before it can. */
  async #takeBack(shelf: PackShelf, begun: PackRecord | null): Promise<void> {
    const before = await shelf.record();
    const ofHub = begun !== null && begun.origin !== 'imported' ? begun : null;
    if (before === null && ofHub === null) return shelf.remove();
    if (ofHub) await shelf.keepComing(ofHub);
    await shelf.keepOnly([...(before?.files ?? []), ...(ofHub?.files ?? [])], ofHub !== null);
  }

  /** One at a time of a pack; a second call ends with the first. */
  async #run(
    id: string,
    work: (signal: AbortSignal) => Promise<Result<void>>,
    stop: AbortController = new AbortController(),
  ): Promise<Result<void>> {
    await this.#running.get(id)?.ended;
    const done = work(stop.signal).catch((error: unknown) => fail(storageError(error)));
    this.#running.set(id, { stop, ended: done });
    try {
      return await done;
    } finally {
      this.#running.delete(id);
    }
  }

  /** Fetches what is missing; the pack counts when all of it is there. Other tabs that want the same wait, file by file. */
  async #keep(
    signal: AbortSignal,
    shelf: PackShelf,
    record: PackRecord,
    options: DownloadOptions,
    onProgress: (progress: DownloadProgress) => void,
  ): Promise<Result<void>> {
    if (signal.aborted) return fail(cancelled());
    const { missingBytes, totalBytes } = await sizes(shelf, record.files);
    const free = await this.#free();
    if (free !== null && free < missingBytes) return fail(await this.#noRoom(missingBytes, free, shelf));
    await shelf.keepComing(record);
    let before = 0;
    for (const file of record.files) {
      const tell = (bytes: number): void => onProgress({ loadedBytes: before + bytes, totalBytes, path: file.path });
      const stored = async (): Promise<number> => (await shelf.stored([file]))[0]?.storedBytes ?? 0;
      const loaded = await holdingLock(
        `${shelf.name} ${file.hash.hex}`,
        { progress: stored, onProgress: tell, signal, stuckMs: Number.POSITIVE_INFINITY },
        () => downloadFile(signal, file, shelf.sink(), options, tell),
      );
      if (loaded === null) return fail(cancelled());
      if (!loaded.ok)
        return loaded.error.code === 'storage-full' ? fail(await this.#noRoomAnyMore(loaded.error, shelf, record.files)) : loaded;
      before += file.bytes;
      tell(0);
    }
    await holdingLock(`${shelf.name} record`, { progress: async () => 0, onProgress: () => {} }, async () => {
      await shelf.keepRecord(record);
      await shelf.keepOnly(record.files);
    });
    return ok(undefined);
  }

  async #noRoomAnyMore(error: WireError, shelf: PackShelf, files: readonly PackFile[]): Promise<WireError> {
    const free = await this.#free();
    return free === null ? error : this.#noRoom((await sizes(shelf, files)).missingBytes, free, shelf);
  }

  async #noRoom(needed: number, free: number, shelf: PackShelf): Promise<WireError> {
    const { store } = this.#opened();
    const others = (await store.ids()).filter((id) => store.shelf({ id }).name !== shelf.name);
    const removable = await Promise.all(
      others.map(async (id) => {
        const files = await store.files(id);
        return `${id} (${megabytes(files.reduce((sum, file) => sum + file.storedBytes, 0))})`;
      }),
    );
    return wireError(
      'storage-full',
      `There is no room for this pack: ${megabytes(needed)} are missing, ${megabytes(free)} are free.`,
      removable.length > 0
        ? `Remove packs that you no longer need, or free space on this device, then go on. Here are ${removable.join(', ')}.`
        : 'Free space on this device, or choose a smaller pack, then go on.',
    );
  }

  /** In memory there is as much room as there is. */
  async #free(): Promise<number | null> {
    return this.#opened().store.place === 'memory' ? null : freeBytes();
  }

  /** The server's manifest before a stored one; what is kept or coming may be of another version. */
  async #locate(id: string): Promise<Result<Located>> {
    const { options, catalogue, store } = this.#opened();
    const listed = (await catalogue.packs()).get(id);
    const isOwn = listed?.ok && listed.value.kind === 'own';
    const shelf = isOwn ? store.shelf({ site: catalogue.urlOf(id) }) : store.shelf({ id });
    const [record, coming] = await Promise.all([shelf.record(), shelf.coming()]);
    const imported = record?.origin === 'imported' && coming === null;
    const kept = record ?? coming;
    const own = kept && (imported || !listed?.ok) ? readManifest(new TextEncoder().encode(kept.manifest)) : null;
    const pack = own ?? listed;
    if (!pack) return fail(unknownPack(id));
    if (!pack.ok) return pack;
    const origin = isOwn ? 'site' : imported ? 'imported' : (kept?.origin ?? 'hub');
    return ok({ pack: pack.value, siteUrl: catalogue.urlOf(id), hubUrl: options.hubUrl, origin, shelf, record, coming });
  }

  /** With the hash of each; asks the hub only where nothing else says. */
  async #files(signal: AbortSignal, located: Located): Promise<Result<PackFile[]>> {
    const { pack, hubUrl } = located;
    if (pack.kind === 'own') return ok(packFilesOf(pack.manifest.files));
    const { paths } = foundationFiles(pack.manifest, await this.#machineFacts());
    if (paths.length === 0) return fail(cannotRun(pack.manifest));
    const known = knownFiles(located, paths);
    if (known) return ok(known);
    if (!isOfHub(pack)) return fail(onlyFromDisk(pack));
    const listed = await listHubFiles(signal, { hubUrl, ...pack.manifest.hub }, sourceOf(located));
    if (!listed.ok) return listed;
    const chosen = choose(listed.value, paths);
    const gone = paths.find((path) => !chosen.some((file) => file.path === path));
    return gone === undefined ? ok(chosen) : fail(hubWords.missing(gone, pack.manifest.hub.repo));
  }

  async #entry(id: string, located: Located): Promise<PackEntry> {
    const { pack, origin, shelf, record, coming } = located;
    const { title, licence } = pack.manifest;
    const choice = pack.kind === 'foundation' ? foundationFiles(pack.manifest, await this.#machineFacts()) : null;
    const files = pack.kind === 'own' ? packFilesOf(pack.manifest.files) : knownFiles(located, choice?.paths ?? []);
    const stated = pack.kind === 'foundation' ? foundationBytes(pack.manifest, choice?.paths ?? []) : null;
    // What came for another version of the manifest, or when this device could run it, takes room and can be deleted.
    const kept = await sizes(shelf, files ?? (record ?? coming)?.files ?? []);
    const totalBytes = files ? kept.totalBytes : stated;
    const storedBytes = kept.totalBytes - kept.missingBytes;
    // It is read by its record: where that was not written, it can be gone on with.
    const whole = files !== null && kept.whole && record?.manifest === pack.text;
    return {
      id,
      kind: pack.kind,
      origin,
      title,
      licence,
      hub: pack.kind === 'foundation' ? { repo: pack.manifest.hub.repo, revision: pack.manifest.hub.revision } : null,
      totalBytes: choice?.paths.length === 0 ? null : totalBytes,
      storedBytes,
      state: whole ? 'stored' : storedBytes > 0 ? 'partial' : 'absent',
      memoryBytes: choice?.memoryBytes ?? null,
      notes: pack.manifest.notes,
      cannotRun: pack.kind === 'foundation' && choice?.paths.length === 0 ? cannotRun(pack.manifest) : null,
    };
  }

  #machineFacts(): Promise<FoundationMachine> {
    this.#machine ??= probeWebGpu().then((gpu) => {
      // As the analyzer chooses: software adapters only where WebGPU is asked for by name.
      const backend = this.#options?.backend ?? 'auto';
      const webgpu = gpu !== null && (backend === 'webgpu' || (backend === 'auto' && !gpu.software));
      return { webgpu, shaderF16: webgpu && gpu.shaderF16 };
    });
    return this.#machine;
  }

  #opened(): { options: PacksOptions; store: PackStore; catalogue: PackCatalogue } {
    if (!this.#options || !this.#store || !this.#catalogue) throw new Error('no place was opened to keep packs in');
    return { options: this.#options, store: this.#store, catalogue: this.#catalogue };
  }
}

function sourceOf({ pack, siteUrl, hubUrl }: Located): DownloadOptions {
  // The browser's own cache would hold it a second time.
  const own: RequestInit = { credentials: 'same-origin', cache: 'no-store' };
  const foreign: RequestInit = { credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' };
  const send = (url: string, init: RequestInit): Promise<Response> => fetch(url, init);
  if (pack.kind === 'own') return { fetch: send, words: siteWords, init: own, url: ({ path }) => `${siteUrl}${path}` };
  const repository = { hubUrl, ...pack.manifest.hub };
  return { fetch: send, words: hubWords, init: foreign, url: ({ path }) => hubFileUrl(repository, path) };
}

/** Null where one of them is in none of the lists. */
function knownFiles({ pack, record, coming }: Located, paths: readonly string[]): PackFile[] | null {
  // What was cut off coming from disk goes on from the hub by the hub's own hashes; files that are the same are here under their names.
  const begun = coming?.origin === 'imported' ? null : coming;
  const lists = [begun, record].flatMap((kept) => (kept?.manifest === pack.text ? [kept.files] : []));
  if (pack.kind === 'foundation') lists.push(packFilesOf(pack.manifest.files));
  for (const list of lists) {
    const files = choose(list, paths);
    if (files.length === paths.length && files.length > 0) return files;
  }
  return null;
}

function choose(files: readonly PackFile[], paths: readonly string[]): PackFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return paths.flatMap((path) => byPath.get(path) ?? []);
}

async function sizes(shelf: PackShelf, files: readonly PackFile[]): Promise<{ totalBytes: number; missingBytes: number; whole: boolean }> {
  const stored = await shelf.stored(files);
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const missingBytes = stored.reduce((sum, { bytes, storedBytes }) => sum + bytes - Math.min(bytes, storedBytes), 0);
  return { totalBytes, missingBytes, whole: stored.every(({ verified }) => verified) };
}

const dtypesOf = (pack: Extract<KnownPack, { kind: 'own' }>): Record<string, string> =>
  Object.fromEntries(Object.entries(pack.manifest.graphs).map(([name, graph]) => [name, graph.dtype]));

/** Whole ones, so that they read the same in every language. */
const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

const unknownPack = (id: string): WireError =>
  wireError('pack-missing', `There is no pack ${id}.`, 'Check the address of the page, or open the pack from disk.');

const importStopped = (): WireError => wireError('cancelled', 'Stopped.', 'Nothing of the pack stays here. Open it again when you like.');

/** A folder's name is nobody's business: no hub is asked for what no hub has. */
const isOfHub = (pack: KnownPack): boolean => pack.kind === 'foundation' && pack.manifest.hub.revision !== NO_COMMIT;

const onlyFromDisk = ({ manifest }: KnownPack): WireError =>
  wireError('pack-missing', `${manifest.title} came from disk and is damaged here.`, 'Open it from disk again.');
