/**
 * Keeps what is open in the browser's storage while it changes, and brings it back. Knows no components; what it keeps comes from
 * a `SessionSource`.
 *
 * Every tab has a session of its own, under a random id and with a lock that the browser frees when the tab ends, however it
 * ends. A tab brings back its own session after a reload, else the one that was written last; one that is open in another tab
 * is left alone, and the page begins with an empty one. (Where there are no locks, on plain http, two tabs that were opened one
 * after the other write the same session: what was written last holds, item by item.)
 */
import { type WireError, wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { SerialQueue } from '../shared/serial-queue.ts';
import { VERSION } from '../shared/version.ts';
import type { AnalysisState, Item, Snapshot } from './analysis-state.ts';
import type { ReadingRows } from './kept-readings.ts';
import { later } from './later.ts';
import { messages } from './messages.ts';
import { FORMAT, itemRecord, type KeptSession, recordBytes, roughBytes, type SessionRecord } from './session-record.ts';
import { type BlobName, frameName, pieceName, ROWS_A_RECORD, type SessionBatch, type SessionStore } from './session-store.ts';
import type { StateStore } from './state-store.ts';

/** A live item's readings and the frame that they were read from. */
export interface Standing {
  snapshot: Snapshot;
  /** Null where it could not be compressed. */
  image: Blob | null;
}

/** Where what is open lies, and who opens what was kept. */
export interface SessionSource {
  readonly recorded: ReadonlyMap<string, ReadingRows>;
  file(itemId: string): Blob | null;
  thumbnail(itemId: string): Blob | null;
  /** A recorded video that is whole. */
  take(takeId: string): Blob | null;
  isMirrored(itemId: string): boolean;
  /** Null where there is none, or not yet. */
  explainedFrame(runId: string): Promise<Blob | null>;
  standing(itemId: string): Promise<Standing | null>;
  /** Ends camera, video and explanations. */
  rest(): void;
  /** In place of what is open; null: nothing. */
  openSession(session: KeptSession | null): void;
}

interface KeeperOptions {
  store: StateStore;
  source: SessionSource;
  /** Rejects where the browser refuses. */
  openStore: () => Promise<SessionStore>;
  /** What the settings say. */
  enabled: boolean;
  /** Null where the page has none. */
  locks: Pick<LockManager, 'request' | 'query'> | null;
  /** The id of the session that this tab wrote, over reloads. */
  tab: { get: () => string | null; set: (id: string) => void };
  /** Asks the browser not to clear the storage by itself. */
  persist: () => void;
  /** The session of an archive, under a new id. Fails with `session-broken`. */
  unpack: (archive: Blob, id: string) => Promise<Result<KeptSession>>;
}

/** `some`: all but files for which there is no room. */
export type Keeping = { state: 'starting' | 'on' | 'off' } | { state: 'refused' | 'full' | 'some'; error: WireError };

const sessionArchive = later(() => import('./session-archive.ts'));

/** What is read live is written at least this often. */
export const WRITE_EVERY_MS = 2000;
const AFTER_CHANGE_MS = 800;
/** Encoding a picture costs a few milliseconds. */
const STANDING_EVERY_MS = 4000;
/** With a full disk, not at every change. */
const AGAIN_AFTER_MS = 15_000;
/** A reload may be quicker than the end of the page before it. */
const RELOAD_MS = 2000;
/** Larger videos are not kept: a few of them would fill the storage, and the user has them. */
export const MAX_VIDEO_BYTES = 200e6;
/** Deleted sessions that nobody took back, of a page that ended meanwhile, are removed after this. */
const UNDO_MS = 60_000;

/** What is written of an item. */
interface Written {
  item: Item | null;
  rows: number;
  /** Where they lie: others stand in their place where rows were taken out. */
  recorded: ReadingRows | null;
  blobs: Set<BlobName>;
  /** Recordings that it has: of those, the whole video or its pieces may be there. */
  takes: Set<string>;
  standing: Snapshot | null;
  standingAt: number;
  bytes: Map<string, number>;
}

export class SessionKeeper {
  readonly #options: KeeperOptions;
  readonly #queue = new SerialQueue();
  readonly #listeners = new Set<() => void>();
  #store: SessionStore | null = null;
  #keeping: Keeping = { state: 'starting' };
  #enabled: boolean;
  #session = newSession();
  #written = new Map<string, Written>();
  /** Of the session's own record: what was written last. */
  #head = '';
  /** Files that there was no room for. */
  readonly #tooMuch = new Set<string>();
  /** The session in which each take began; null: it was removed. */
  readonly #takeSessions = new Map<string, string | null>();
  #release: (() => void) | null = null;
  #notBefore = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #persisted = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#enabled = options.enabled;
  }

  keeping = (): Keeping => this.#keeping;

  onKeeping = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get sessionId(): string {
    return this.#session.id;
  }

  /** Brings the last session back, unless something was opened meanwhile or nothing is to be kept; from then on, all is written. */
  async begin(): Promise<void> {
    const { store } = this.#options;
    try {
      this.#store = await this.#options.openStore();
      await this.#queue.run(() => this.#restoreLast());
    } catch (error) {
      this.#store = null;
      this.#say({ state: 'refused', error: wireError('storage-refused', ...messages.sessions.refused, String(error)) });
      return;
    }
    if (this.#keeping.state === 'starting') this.#say({ state: this.#enabled ? 'on' : 'off' });
    store.subscribe(() => this.#soon());
    setInterval(() => void this.save(), WRITE_EVERY_MS);
    this.#soon();
  }

  /** Writes a piece of a take that is being recorded. Whether it is kept; the error where there is no room. */
  async writePiece(itemId: string, takeId: string, number: number, piece: Blob): Promise<boolean | WireError> {
    if (!this.#store || !this.#enabled) return false;
    // The last piece may come when another session is open already.
    const known = this.#takeSessions.get(takeId);
    const id = known === undefined && this.#has(itemId) ? this.#session.id : known;
    // After all sessions were removed, nothing of them may come back.
    if (id === undefined || id === null) return false;
    this.#takeSessions.set(takeId, id);
    try {
      await this.#store.addBlob(id, itemId, pieceName(takeId, number), piece);
      return true;
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** Off: what was written stays, nothing is added. */
  setEnabled(enabled: boolean): void {
    if (enabled === this.#enabled) return;
    this.#enabled = enabled;
    if (!this.#store) return;
    this.#say({ state: enabled ? 'on' : 'off' });
    if (enabled) void this.save();
  }

  /** Writes what changed. Resolves with whether all that is open is kept now. */
  save(): Promise<boolean> {
    return this.#queue.run(() => this.#save());
  }

  /** Written last first; none where the storage does not answer. */
  async list(): Promise<SessionRecord[]> {
    const sessions = (await this.#store?.list().catch(() => [])) ?? [];
    return sessions.filter(isListed);
  }

  /** Ids of the sessions that other tabs have open. */
  async elsewhere(): Promise<Set<string>> {
    const held = (await this.#options.locks?.query())?.held ?? [];
    const ids = held.flatMap(({ name }) => (name?.startsWith(LOCK) ? [name.slice(LOCK.length)] : []));
    return new Set(ids.filter((id) => id !== this.#session.id));
  }

  /** An empty session in place of what is open, which stays in the list. `evenIfLost`: also where it could not be kept. */
  startNew(evenIfLost = false): Promise<Result<void>> {
    return this.#attempt(async () => {
      if (!(await this.#putAside(evenIfLost))) return fail(wireError('session-unkept', ...messages.sessions.wouldBeLost));
      await this.#begin(null);
      return ok(undefined);
    });
  }

  open(id: string, evenIfLost = false): Promise<Result<void>> {
    return this.#attempt(async () => {
      if (id === this.#session.id) return ok(undefined);
      const release = await this.#claim(id, 0);
      if (!release) return fail(wireError('session-elsewhere', ...messages.sessions.elsewhere));
      try {
        const kept = (await this.#store?.read(id)) ?? null;
        if (!kept) return fail(wireError('session-broken', ...messages.sessions.unreadable));
        if (!(await this.#putAside(evenIfLost))) return fail(wireError('session-unkept', ...messages.sessions.wouldBeLost));
        await this.#begin(kept, release);
        return ok(undefined);
      } finally {
        if (this.#session.id !== id) release();
      }
    });
  }

  /** Until `remove`, it can be taken back. What is open is closed where it is that session. */
  delete(id: string): Promise<Result<void>> {
    return this.#attempt(async () => {
      if (id === this.#session.id) {
        this.#options.source.rest();
        await this.#save();
        await this.#begin(null);
      } else if ((await this.elsewhere()).has(id)) {
        return fail(wireError('session-elsewhere', ...messages.sessions.elsewhere));
      }
      await this.#store?.setDeleted(id, Date.now());
      return ok(undefined);
    });
  }

  undelete(id: string): Promise<Result<void>> {
    return this.#attempt(async () => {
      await this.#store?.setDeleted(id, null);
      return ok(undefined);
    });
  }

  /** Makes a deletion final. */
  remove(id: string): Promise<Result<void>> {
    return this.#attempt(async () => {
      await this.#store?.remove(id);
      this.#roomAgain();
      return ok(undefined);
    });
  }

  /** All but those that other tabs have open; what is open here is closed. */
  clear(): Promise<Result<void>> {
    return this.#attempt(async () => {
      const elsewhere = await this.elsewhere();
      await this.#begin(null);
      for (const [takeId, id] of this.#takeSessions) if (id !== null && !elsewhere.has(id)) this.#takeSessions.set(takeId, null);
      for (const { id } of (await this.#store?.list()) ?? []) if (!elsewhere.has(id)) await this.#store?.remove(id);
      this.#roomAgain();
      return ok(undefined);
    });
  }

  /** The whole session as one archive. */
  export(id: string): Promise<Result<Uint8Array<ArrayBuffer>>> {
    return this.#attempt(async () => {
      if (id === this.#session.id) await this.#save();
      const kept = await this.#store?.read(id);
      if (!kept) return fail(wireError('session-broken', ...messages.sessions.unreadable));
      try {
        const { packSession } = await sessionArchive();
        return ok(await packSession(kept));
      } catch (error) {
        return fail(wireError('internal', ...messages.exportFailed, String(error)));
      }
    });
  }

  /** Adds the session of an archive and opens it. Where it is none, nothing changes. */
  async import(file: Blob): Promise<Result<void>> {
    const unpacked = await this.#options.unpack(file, randomId());
    if (!unpacked.ok) return unpacked;
    const added = await this.#attempt(async () => {
      if (!this.#store) return fail(wireError('storage-refused', ...messages.sessions.refused));
      await this.#store.add(unpacked.value);
      return ok(undefined);
    });
    return added.ok ? this.open(unpacked.value.record.id) : added;
  }

  /** In its turn; what the storage refuses is an expected failure. */
  #attempt<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
    return this.#queue.run(async () => {
      try {
        return await work();
      } catch (error) {
        return fail(this.#failure(error));
      }
    });
  }

  async #restoreLast(): Promise<void> {
    const sessions = (await this.#store?.list()) ?? [];
    const stale = Date.now() - UNDO_MS;
    const elsewhere = await this.elsewhere();
    // What was removed from one as its last item, just before the page was closed, is still in it.
    const old = sessions.filter(({ id, deletedAt, itemIds, savedAt }) =>
      deletedAt !== null ? deletedAt < stale : itemIds.length === 0 && savedAt < stale && !elsewhere.has(id),
    );
    for (const { id } of old) await this.#store?.remove(id);
    const kept = sessions.filter(isListed);
    const own = kept.find(({ id }) => id === this.#options.tab.get());
    const last = own ?? kept[0];
    if (this.#enabled && last && this.#isEmpty()) {
      const release = await this.#claim(last.id, own ? RELOAD_MS : 0);
      const session = release && (await this.#store?.read(last.id));
      if (release && session && session.items.length > 0 && this.#isEmpty()) return this.#begin(session, release);
      release?.();
    }
    this.#own(await this.#claim(this.#session.id, 0));
  }

  #isEmpty(): boolean {
    return this.#options.store.get().items.length === 0;
  }

  /** Whether an item is open, or was deleted and can be restored. */
  #has(itemId: string): boolean {
    const { items, deleted } = this.#options.store.get();
    return deleted?.item.id === itemId || items.some(({ id }) => id === itemId);
  }

  /** Whether what is open may go. */
  async #putAside(evenIfLost: boolean): Promise<boolean> {
    this.#options.source.rest();
    this.#notBefore = Number.NEGATIVE_INFINITY;
    const kept = await this.#save();
    return kept || evenIfLost || this.#isEmpty();
  }

  /** From now on that session is the one that is open and written; without one, an empty one. */
  async #begin(kept: KeptSession | null, release?: () => void): Promise<void> {
    this.#session = kept ? { id: kept.record.id, createdAt: kept.record.createdAt } : newSession();
    this.#own(release ?? (await this.#claim(this.#session.id, 0)));
    this.#written = new Map();
    this.#tooMuch.clear();
    this.#head = '';
    this.#options.source.openSession(kept);
    const { items } = this.#options.store.get();
    for (const { record, readings, file, thumbnail, last, frames, takes, pieces } of kept?.items ?? []) {
      const blobs = new Map<BlobName, Blob | null>([
        ['file', file],
        ['thumbnail', thumbnail],
        ['last', last],
        ...[...frames].map(([runId, blob]): [BlobName, Blob] => [frameName(runId), blob]),
        ...[...takes].map(([takeId, blob]): [BlobName, Blob] => [`take:${takeId}`, blob]),
      ]);
      const bytes = new Map<string, number>([
        ['item', recordBytes(record)],
        ['rows', roughBytes(readings[0] ?? null) * readings.length],
      ]);
      for (const [name, blob] of blobs) if (blob) bytes.set(name, blob.size);
      this.#written.set(record.id, {
        item: items.find(({ id }) => id === record.id) ?? null,
        rows: readings.length,
        recorded: this.#options.source.recorded.get(record.id) ?? null,
        blobs: new Set([...blobs].flatMap(([name, blob]) => (blob ? [name] : []))),
        takes: new Set([...record.takes.map((take) => take.id), ...takes.keys(), ...pieces.keys()]),
        standing: record.snapshot,
        standingAt: Number.NEGATIVE_INFINITY,
        bytes,
      });
    }
    this.#head = headOf(this.#options.store.get());
    if (kept) await this.#store?.prune(kept.record.id).catch(() => {}); // the next time, then
  }

  #own(release: (() => void) | null): void {
    this.#release?.();
    this.#release = release;
    this.#options.tab.set(this.#session.id);
  }

  /** The function that gives the session free again; null where another tab has it open. */
  #claim(id: string, patienceMs: number): Promise<(() => void) | null> {
    const { locks } = this.#options;
    if (!locks) return Promise.resolve(() => {});
    return new Promise((resolve) => {
      const how = patienceMs > 0 ? { signal: AbortSignal.timeout(patienceMs) } : { ifAvailable: true };
      locks
        .request(`${LOCK}${id}`, how, (lock) => {
          if (!lock) return resolve(null);
          return new Promise<void>((release) => resolve(release));
        })
        .catch(() => resolve(null));
    });
  }

  #soon(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.save();
    }, AFTER_CHANGE_MS);
  }

  async #save(): Promise<boolean> {
    const store = this.#store;
    if (!store || !this.#enabled || performance.now() < this.#notBefore) return false;
    try {
      const changes = await this.#changes();
      const { items, deleted } = this.#options.store.get();
      if (items.length === 0 && !deleted && this.#written.size > 0) {
        // All was removed: there is no session any more.
        await store.remove(this.#session.id);
        this.#written = new Map();
      } else if (changes) {
        await store.write(changes.batch);
        changes.done();
      }
      await this.#saveFiles(store);
    } catch (error) {
      this.#notBefore = performance.now() + AGAIN_AFTER_MS;
      const failure = this.#failure(error);
      this.#say({ state: failure.code === 'storage-full' ? 'full' : 'refused', error: failure });
      return false;
    }
    if (this.#tooMuch.size === 0) this.#say({ state: 'on' });
    if (!this.#isEmpty() && !this.#persisted) {
      this.#persisted = true;
      this.#options.persist();
    }
    return this.#tooMuch.size === 0;
  }

  /** What is to be written, and what to note once it is; null where nothing changed. */
  async #changes(): Promise<{ batch: SessionBatch; done: () => void } | null> {
    const { store, source } = this.#options;
    const blobs: SessionBatch['blobs'] = [];
    const standings = new Map<string, Snapshot>();
    for (const item of store.get().items) {
      const known = this.#written.get(item.id);
      const missing = (name: BlobName, blob: Blob | null) => {
        if (blob && !known?.blobs.has(name)) blobs.push({ itemId: item.id, name, blob });
      };
      missing('thumbnail', source.thumbnail(item.id));
      if (item.kind === 'picture') continue;
      for (const { runId } of item.explanations) {
        if (!known?.blobs.has(frameName(runId))) missing(frameName(runId), await source.explainedFrame(runId));
      }
      const standing = this.#standingDue(item, known) ? await source.standing(item.id) : null;
      if (!standing) continue;
      standings.set(item.id, standing.snapshot);
      if (standing.image) blobs.push({ itemId: item.id, name: 'last', blob: standing.image });
    }
    return this.#batch(blobs, standings);
  }

  #standingDue(item: Item, known: Written | undefined): boolean {
    const rows = this.#options.source.recorded.get(item.id)?.length ?? 0;
    // Where it was left, it stands for good.
    if (!known || known.item?.snapshot !== item.snapshot) return true;
    return rows !== known.rows && performance.now() - known.standingAt >= STANDING_EVERY_MS;
  }

  /** Without waiting, so that all of it is of one moment. */
  #batch(blobs: SessionBatch['blobs'], standings: Map<string, Snapshot>): { batch: SessionBatch; done: () => void } | null {
    const { store, source } = this.#options;
    const state = store.get();
    const present = new Set([...state.items, ...(state.deleted ? [state.deleted.item] : [])].map(({ id }) => id));
    const gone = [...this.#written.keys()].filter((itemId) => !present.has(itemId));
    const next = new Map<string, Written>();
    const items: SessionBatch['items'] = [];
    const readings: SessionBatch['readings'] = [];
    const anew: string[] = [];
    const written: SessionBatch['blobs'] = [];
    const withdrawn: { itemId: string; runId: string }[] = [];
    for (const item of state.items) {
      const known = this.#written.get(item.id);
      const standing = standings.get(item.id) ?? known?.standing ?? null;
      const rows = source.recorded.get(item.id) ?? [];
      const recorded = source.recorded.get(item.id) ?? null;
      const replaced = known !== undefined && known.rows > 0 && recorded !== known.recorded;
      if (replaced) anew.push(item.id);
      const from = replaced ? 0 : (known?.rows ?? 0);
      // An explanation may have been withdrawn while its frame was fetched.
      const isStray = straysOf(item);
      const mine = blobs.filter(({ itemId, name }) => itemId === item.id && !isStray(name));
      const changed = known?.item !== item || standings.has(item.id);
      if (!changed && !replaced && rows.length === from && mine.length === 0) continue;
      const bytes = new Map(known?.bytes);
      if (changed) {
        const record = itemRecord(item, source.isMirrored(item.id));
        items.push(item.kind === 'picture' ? record : { ...record, snapshot: standing ?? item.snapshot });
        bytes.set('item', recordBytes(record));
      }
      // In parts: hours of readings at once would be one record of many megabytes.
      for (let at = from; at < rows.length; at += ROWS_A_RECORD) {
        readings.push({ itemId: item.id, from: at, rows: rows.slice(at, at + ROWS_A_RECORD) });
      }
      bytes.set('rows', roughBytes(rows.at(0) ?? null) * rows.length);
      for (const { name, blob } of mine) bytes.set(name, blob.size);
      written.push(...mine);
      for (const runId of runsWritten(known).filter((runId) => isStray(frameName(runId)))) {
        bytes.delete(frameName(runId));
        withdrawn.push({ itemId: item.id, runId });
      }
      next.set(item.id, {
        item,
        rows: rows.length,
        recorded,
        blobs: new Set([...(known?.blobs ?? []), ...mine.map(({ name }) => name)].filter((name) => !isStray(name))),
        takes: new Set([...(known?.takes ?? []), ...item.takes.map((take) => take.id)]),
        standing,
        standingAt: standings.has(item.id) ? performance.now() : (known?.standingAt ?? Number.NEGATIVE_INFINITY),
        bytes,
      });
    }
    const head = headOf(state);
    const empty = state.items.length === 0 && this.#written.size === 0;
    if (empty || (next.size === 0 && gone.length === 0 && head === this.#head)) return null;
    const all = new Map([...this.#written, ...next]);
    for (const itemId of gone) all.delete(itemId);
    const kept = state.items.map(({ id }) => all.get(id));
    return {
      batch: {
        session: {
          id: this.#session.id,
          format: FORMAT,
          app: VERSION,
          createdAt: this.#session.createdAt,
          savedAt: Date.now(),
          task: state.task,
          selectedId: state.selectedId,
          itemIds: state.items.map(({ id }) => id),
          readings: state.items.reduce((sum, item) => sum + (all.get(item.id)?.rows || item.snapshot?.readings.length || 0), 0),
          bytes: kept.reduce((sum, each) => sum + [...(each?.bytes.values() ?? [])].reduce((all, part) => all + part, 0), 0),
          deletedAt: null,
        },
        items,
        readings,
        anew,
        blobs: written,
        gone,
        withdrawn,
      },
      done: () => {
        this.#written = all;
        this.#head = head;
      },
    };
  }

  /** Each by itself, after all else: one that there is no room for holds up nothing. */
  async #saveFiles(store: SessionStore): Promise<void> {
    const { source } = this.#options;
    for (const item of this.#options.store.get().items) {
      const known = this.#written.get(item.id);
      if (known) await this.#saveTakes(store, item, known);
      const file = source.file(item.id);
      if (!known || !file || known.blobs.has('file') || this.#tooMuch.has(item.id)) continue;
      if (item.kind === 'video' && file.size > MAX_VIDEO_BYTES) continue;
      await this.#saveFile(store, item, known, 'file', file, messages.sessions.fileTooMuch(item.name));
    }
  }

  /** Recorded videos as they become whole; those that were deleted go. */
  async #saveTakes(store: SessionStore, item: Item, known: Written): Promise<void> {
    const { id } = this.#session;
    for (const { id: takeId } of item.takes) {
      const file = this.#options.source.take(takeId);
      if (!file || known.blobs.has(`take:${takeId}`) || this.#tooMuch.has(`take:${takeId}`)) continue;
      // Where there is no room for the whole beside its pieces, these stay: after a reload they are put together again.
      const isWritten = await this.#saveFile(store, item, known, `take:${takeId}`, file, messages.recording.takeTooMuch(item.name));
      if (isWritten) await store.removeTake(id, item.id, takeId, 'pieces');
    }
    for (const takeId of known.takes) {
      if (item.takes.some((take) => take.id === takeId)) continue;
      await store.removeTake(id, item.id, takeId, 'take');
      await store.removeTake(id, item.id, takeId, 'pieces');
      known.takes.delete(takeId);
      known.blobs.delete(`take:${takeId}`);
      known.bytes.delete(`take:${takeId}`);
      this.#tooMuch.delete(`take:${takeId}`);
      this.#head = '';
    }
  }

  /** Whether there was room for it; if not, `message` says what is not kept. */
  async #saveFile(store: SessionStore, item: Item, known: Written, name: BlobName, file: Blob, message: string): Promise<boolean> {
    try {
      await store.addBlob(this.#session.id, item.id, name, file);
      known.blobs.add(name);
      known.bytes.set(name, file.size);
      this.#head = ''; // the session's size
      return true;
    } catch (error) {
      this.#tooMuch.add(name === 'file' ? item.id : name);
      this.#say({ state: 'some', error: { ...this.#failure(error), message } });
      return false;
    }
  }

  #failure(error: unknown): WireError {
    const full = error instanceof DOMException && error.name === 'QuotaExceededError';
    return full
      ? wireError('storage-full', ...messages.sessions.full)
      : wireError('storage-refused', ...messages.sessions.refused, String(error));
  }

  /** Something was removed: what failed for want of room may be tried again at once. */
  #roomAgain(): void {
    this.#notBefore = Number.NEGATIVE_INFINITY;
    this.#tooMuch.clear();
    this.#soon();
  }

  #say(keeping: Keeping): void {
    const same = keeping.state === this.#keeping.state && !('error' in keeping);
    if (same) return;
    this.#keeping = keeping;
    for (const listener of this.#listeners) listener();
  }
}

const LOCK = 'emollm-session-';
const FRAME = frameName('');

const isListed = ({ deletedAt, itemIds }: SessionRecord) => deletedAt === null && itemIds.length > 0;

/** Explanations that are written of an item, or their frames. */
function runsWritten(known: Written | undefined): string[] {
  const explained = known?.item?.explanations.map(({ runId }) => runId) ?? [];
  const pictured = [...(known?.blobs ?? [])].flatMap((name) => (name.startsWith(FRAME) ? [name.slice(FRAME.length)] : []));
  return [...new Set([...explained, ...pictured])];
}

/** Tells the frames of explanations that the item does not have any more. */
function straysOf({ explanations }: Item): (name: BlobName) => boolean {
  const frames = new Set(explanations.map(({ runId }) => frameName(runId)));
  return (name) => name.startsWith(FRAME) && !frames.has(name);
}

/** What of the state the session's own record holds. */
function headOf({ task, selectedId, items }: AnalysisState): string {
  return JSON.stringify([task, selectedId, items.map(({ id }) => id)]);
}

function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join('-');
}

function newSession(): { id: string; createdAt: number } {
  return { id: randomId(), createdAt: Date.now() };
}
