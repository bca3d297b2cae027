/** The one door to IndexedDB: kept sessions, their items, readings and pictures. Knows records; neither the page nor its state. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import * as v from 'valibot';
import type { SessionReading } from '../export/session.ts';
import { type ItemRecord, itemSchema, type KeptItem, type KeptSession, type SessionRecord, sessionSchema } from './session-record.ts';
import { type ItemKey, joinedItem, StoredItems } from './stored-items.ts';

/** `file`, `thumbnail`, `last`, `frame:` and a run's id, `take:` and a take's; while it is recorded, `piece:`, its id, `:` and a number. */
export type BlobName = 'file' | 'thumbnail' | 'last' | `frame:${string}` | `take:${string}` | `piece:${string}`;

/** Pieces come back in the order of their names. */
export const pieceName = (takeId: string, number: number): BlobName => `piece:${takeId}:${String(number).padStart(6, '0')}`;

/** Of the frame that was explained. */
export const frameName = (runId: string): BlobName => `frame:${runId}`;

/** What changed since the last write; written whole or not at all. */
export interface SessionBatch {
  session: SessionRecord;
  items: ItemRecord[];
  /** Rows that came, of one item: `from` is how many were written before them. */
  readings: { itemId: string; from: number; rows: SessionReading[] }[];
  /** Items whose rows stand in place of all that were written. */
  anew?: string[];
  blobs: { itemId: string; name: BlobName; blob: Blob }[];
  /** Items that are no more. */
  gone: string[];
  /** Explanations that are no more, of items that are. */
  withdrawn?: { itemId: string; runId: string }[];
}

interface Tables extends DBSchema {
  sessions: { key: string; value: unknown };
  items: { key: ItemKey; value: unknown };
  readings: { key: [session: string, item: string, from: number]; value: SessionReading[] };
  blobs: { key: [session: string, item: string, name: string]; value: Blob };
}

/** What a browser copies in some ten milliseconds. */
export const ROWS_A_RECORD = 5000;

const PARTS = ['items', 'readings', 'blobs'] as const;
const ALL = ['sessions', ...PARTS] as const;

const settled = (asked: Promise<unknown>): Promise<boolean> =>
  asked.then(
    () => true,
    () => false,
  );

/** All keys that begin with these: an array sorts behind every text and number. */
const under = (...begin: string[]) => IDBKeyRange.bound(begin, [...begin, []]);

export class SessionStore {
  readonly #db: IDBPDatabase<Tables>;
  readonly #items = new StoredItems();

  private constructor(db: IDBPDatabase<Tables>) {
    this.#db = db;
  }

  /** Rejects where the browser refuses storage (private windows, a full disk). */
  static async open(name = 'emollm-sessions'): Promise<SessionStore> {
    const db = await openDB<Tables>(name, 1, {
      upgrade(opened) {
        opened.createObjectStore('sessions');
        for (const part of PARTS) opened.createObjectStore(part);
      },
      // A newer version of the page in another tab wants to change the tables: this one must not hold it up.
      blocking: (_current, _wanted, event) => (event.target as IDBDatabase).close(),
    });
    return new SessionStore(db);
  }

  close(): void {
    this.#db.close();
  }

  /** Written last first; also those that were deleted and not yet removed. What is not understood is left out. */
  async list(): Promise<SessionRecord[]> {
    const records = await this.#db.getAll('sessions');
    return records
      .flatMap((record) => {
        const parsed = v.safeParse(sessionSchema, record);
        return parsed.success ? [parsed.output] : [];
      })
      .sort((a, b) => b.savedAt - a.savedAt);
  }

  async write({ session, items, readings, anew = [], blobs, gone, withdrawn = [] }: SessionBatch): Promise<void> {
    const change = this.#db.transaction(ALL, 'readwrite');
    const asked: Promise<unknown>[] = [change.objectStore('sessions').put(session, session.id)];
    for (const itemId of gone) for (const part of PARTS) asked.push(change.objectStore(part).delete(under(session.id, itemId)));
    for (const { itemId, runId } of withdrawn) {
      asked.push(change.objectStore('items').delete([session.id, itemId, runId]));
      asked.push(change.objectStore('blobs').delete([session.id, itemId, frameName(runId)]));
    }
    const parts = items.map((item) => this.#items.parts(session.id, item));
    for (const { puts } of parts) for (const { key, value } of puts) asked.push(change.objectStore('items').put(value, key));
    for (const itemId of anew) asked.push(change.objectStore('readings').delete(under(session.id, itemId)));
    for (const { itemId, from, rows } of readings) {
      const put = change.objectStore('readings').put(rows, [session.id, itemId, from]);
      asked.push(put);
      // One after another: hours of them in one go would hold up the page.
      if (readings.length > 1 && !(await settled(put))) break;
    }
    for (const { itemId, name, blob } of blobs) asked.push(change.objectStore('blobs').put(blob, [session.id, itemId, name]));
    // Where one fails, all are undone; only the transaction itself says why.
    for (const each of asked) each.catch(() => {});
    await change.done;
    for (const { written } of parts) written();
    if (gone.length > 0) this.#items.forget();
  }

  async addBlob(id: string, itemId: string, name: BlobName, blob: Blob): Promise<void> {
    const change = this.#db.transaction('blobs', 'readwrite');
    change.store.put(blob, [id, itemId, name]).catch(() => {});
    await change.done;
  }

  /** Removes a take, or (`pieces`) what was written while it was recorded. */
  async removeTake(id: string, itemId: string, takeId: string, what: 'take' | 'pieces'): Promise<void> {
    const change = this.#db.transaction('blobs', 'readwrite');
    const [first, last] = what === 'take' ? [`take:${takeId}`, `take:${takeId}`] : [`piece:${takeId}:`, `piece:${takeId};`];
    change.store.delete(IDBKeyRange.bound([id, itemId, first], [id, itemId, last])).catch(() => {});
    await change.done;
  }

  /** Null where there is none, or none that is understood. */
  async read(id: string): Promise<KeptSession | null> {
    const session = v.safeParse(sessionSchema, await this.#db.get('sessions', id));
    if (!session.success) return null;
    const items: KeptItem[] = [];
    for (const itemId of session.output.itemIds) {
      const record = v.safeParse(itemSchema, await this.#item(id, itemId));
      if (record.success) items.push({ record: record.output, ...(await this.#beside(id, itemId)) });
    }
    const itemIds = items.map(({ record }) => record.id);
    return { record: { ...session.output, itemIds }, items };
  }

  async #item(id: string, itemId: string): Promise<unknown> {
    const runs = await this.#db.getAll('items', IDBKeyRange.bound([id, itemId, ''], [id, itemId, []]));
    return joinedItem(await this.#db.get('items', [id, itemId]), runs);
  }

  /** Adds a session as a whole. */
  async add({ record, items }: KeptSession): Promise<void> {
    const blobs: SessionBatch['blobs'] = items.flatMap((item) => {
      const itemId = item.record.id;
      const named: [BlobName, Blob | null][] = [
        ['file', item.file],
        ['thumbnail', item.thumbnail],
        ['last', item.last],
        ...[...item.frames].map(([runId, blob]): [BlobName, Blob] => [frameName(runId), blob]),
        ...[...item.takes].map(([takeId, blob]): [BlobName, Blob] => [`take:${takeId}`, blob]),
      ];
      return named.flatMap(([name, blob]) => (blob ? [{ itemId, name, blob }] : []));
    });
    await this.write({
      session: record,
      items: items.map((item) => item.record),
      readings: items.flatMap(({ record: { id: itemId }, readings: rows }) => {
        const starts = Array.from({ length: Math.ceil(rows.length / ROWS_A_RECORD) }, (_, index) => index * ROWS_A_RECORD);
        return starts.map((from) => ({ itemId, from, rows: rows.slice(from, from + ROWS_A_RECORD) }));
      }),
      blobs,
      gone: [],
    });
  }

  /** Deleted sessions are not restored, and removed by `remove`. Null takes it back. */
  async setDeleted(id: string, deletedAt: number | null): Promise<void> {
    const change = this.#db.transaction('sessions', 'readwrite');
    const parsed = v.safeParse(sessionSchema, await change.store.get(id));
    if (parsed.success) await change.store.put({ ...parsed.output, deletedAt }, id);
    await change.done;
  }

  /** Removes what still lies here of items that the session does not have: the page was closed while they could still be restored. */
  async prune(id: string): Promise<void> {
    const session = v.safeParse(sessionSchema, await this.#db.get('sessions', id));
    if (!session.success) return;
    const kept = new Set(session.output.itemIds);
    for (const part of PARTS) {
      const found = new Set((await this.#db.getAllKeys(part, under(id))).map(([, itemId]) => itemId));
      for (const itemId of found) if (!kept.has(itemId)) await this.#db.delete(part, under(id, itemId));
    }
  }

  async remove(id: string): Promise<void> {
    const change = this.#db.transaction(ALL, 'readwrite');
    const asked: Promise<unknown>[] = [change.objectStore('sessions').delete(id)];
    for (const part of PARTS) asked.push(change.objectStore(part).delete(under(id)));
    for (const each of asked) each.catch(() => {});
    await change.done;
    this.#items.forget();
  }

  async #beside(id: string, itemId: string): Promise<Omit<KeptItem, 'record'>> {
    const readings: SessionReading[] = [];
    // One after another: hours of them in one go would hold up the page.
    for (const key of await this.#db.getAllKeys('readings', under(id, itemId))) {
      for (const row of (await this.#db.get('readings', key)) ?? []) readings.push(row);
    }
    const names = await this.#db.getAllKeys('blobs', under(id, itemId));
    const blobs = await this.#db.getAll('blobs', under(id, itemId));
    const byName = new Map(names.map(([, , name], index) => [name, blobs[index] ?? null]));
    const named = (prefix: string) =>
      [...byName].flatMap(([name, blob]): [string, Blob][] => (blob && name.startsWith(prefix) ? [[name.slice(prefix.length), blob]] : []));
    const takes = new Map(named('take:'));
    const pieces = new Map<string, Blob[]>();
    for (const [name, blob] of named('piece:')) {
      const takeId = name.slice(0, name.lastIndexOf(':'));
      if (!takes.has(takeId)) pieces.set(takeId, [...(pieces.get(takeId) ?? []), blob]);
    }
    return {
      readings,
      file: byName.get('file') ?? null,
      thumbnail: byName.get('thumbnail') ?? null,
      last: byName.get('last') ?? null,
      frames: new Map(named('frame:')),
      takes,
      pieces,
    };
  }
}
