/** A whole session as one ZIP: JSON with the pictures and videos beside it. Names inside are ours alone; those of the user stand in the JSON. */
import * as v from 'valibot';
import type { SessionReading } from '../export/session.ts';
import { sniffKind } from '../media/kinds.ts';
import { pictureSize } from '../media/picture-size.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { sessionBroken } from './file-refusals.ts';
import { later } from './later.ts';
import { exceeded, SESSION_LIMITS } from './session-limits.ts';
import { itemSchema, type KeptItem, type KeptSession, readingSchema, sessionSchema } from './session-record.ts';
import { openZip, type ZipEntry } from './zip-reader.ts';

const zip = later(() => import('fflate'));

const SESSION = 'session.json';
/** `item-3/frame-1.jpg`: everything else is none of ours. */
const PATHS = /^(session\.json|item-\d{1,6}\/(readings-\d{1,6}\.json|file|thumbnail\.jpg|last\.jpg|frame-\d{1,6}\.jpg|take-\d{1,6}))$/;
/** Unpacked; a few large videos fit. */
const LIMITS = { files: 60_000, fileBytes: 2e9, bytes: 2e9 };
const MAX_JSON_BYTES = 200e6;
const MAX_ALL_JSON_BYTES = 1e9;
/** A thumbnail is some hundred px wide, a frame at most 4096 px on a side. */
const MAX_THUMBNAIL_PIXELS = 1e6;
const MAX_FRAME_PIXELS = 64e6;
/** A text of hours of readings would be longer than a browser's strings may be. */
const ROWS_A_FILE = 5000;

const mediaType = v.pipe(v.string(), v.regex(/^((image|video)\/[\w.+-]{1,80})?$/));
const archiveSchema = v.object({
  session: sessionSchema,
  items: v.array(
    v.object({
      record: itemSchema,
      /** Of the item's own file; empty where it is not known. */
      type: mediaType,
      /** Runs whose frames are here, by their number. */
      frames: v.array(v.pipe(v.string(), v.regex(/^[\w-]{1,80}$/))),
      /** Takes whose videos are here, likewise. Archives of versions before there were some have none. */
      takes: v.optional(v.array(v.pipe(v.string(), v.regex(/^[\w-]{1,80}$/))), []),
    }),
  ),
});

/** Arrays of numbers in place of typed ones. */
const plain = (_key: string, value: unknown) => (value instanceof Float32Array ? Array.from(value) : value);

export async function packSession({ record, items }: KeptSession): Promise<Uint8Array<ArrayBuffer>> {
  const { strToU8, zipSync } = await zip();
  const files: Record<string, Uint8Array | [Uint8Array, { level: 0 }]> = {};
  // Pictures and videos are compressed already.
  let bytes = 0;
  const add = async (path: string, blob: Blob | null) => {
    bytes += blob?.size ?? 0;
    if (bytes > LIMITS.bytes) throw new Error(`more than ${LIMITS.bytes} bytes: it could not be opened again`);
    if (blob) files[path] = [new Uint8Array(await blob.arrayBuffer()), { level: 0 }];
  };
  const listed = [];
  for (const [index, item] of items.entries()) {
    const folder = `item-${index + 1}`;
    await add(`${folder}/file`, item.file);
    await add(`${folder}/thumbnail.jpg`, item.thumbnail);
    await add(`${folder}/last.jpg`, item.last);
    for (const [number, blob] of [...item.frames.values()].entries()) await add(`${folder}/frame-${number + 1}.jpg`, blob);
    for (const [number, blob] of [...item.takes.values()].entries()) await add(`${folder}/take-${number + 1}`, blob);
    for (let from = 0; from < item.readings.length; from += ROWS_A_FILE) {
      const rows = item.readings.slice(from, from + ROWS_A_FILE);
      files[`${folder}/readings-${from / ROWS_A_FILE + 1}.json`] = strToU8(JSON.stringify(rows, plain));
    }
    const type = v.is(mediaType, item.file?.type) ? item.file?.type : '';
    listed.push({ record: item.record, type, frames: [...item.frames.keys()], takes: [...item.takes.keys()] });
  }
  files[SESSION] = strToU8(JSON.stringify({ session: record, items: listed }, plain));
  return zipSync(files, { level: 6, mtime: new Date(record.savedAt) });
}

/**
 * The session under a new id. What is not one of ours, or not whole, or asks for more than this page can give, fails with `session-broken`
 * and gives nothing else. Takes memory and time: the page has it done apart (`file-reader.ts`).
 */
export async function unpackSession(archive: Blob, id: string): Promise<Result<KeptSession>> {
  const broken = (detail: string) => fail(sessionBroken(detail));
  try {
    const opened = await openEntries(archive);
    if (typeof opened === 'string') return broken(opened);
    const { has, read } = opened;
    if (!has(SESSION)) return broken(`no ${SESSION}`);
    const { session, items } = v.parse(archiveSchema, parseJson(await read(SESSION)));
    if (items.length > SESSION_LIMITS.items) return broken(`${items.length} items`);
    const unpacked: KeptItem[] = [];
    let rows = 0;
    for (const [index, { record, type, frames, takes }] of items.entries()) {
      const path = (name: string) => `item-${index + 1}/${name}`;
      const part = async (name: string, as: string) => (has(path(name)) ? new Blob([await read(path(name))], { type: as }) : null);
      const picture = async (name: string, pixels: number) => {
        if (!has(path(name))) return null;
        const bytes = await read(path(name));
        if (isTooLarge(bytes, pixels)) throw new Error(`${path(name)} is too large`);
        return new Blob([bytes], { type: 'image/jpeg' });
      };
      const readings: SessionReading[] = [];
      for (let number = 1; has(path(`readings-${number}.json`)); number += 1) {
        for (const row of v.parse(v.array(readingSchema), parseJson(await read(path(`readings-${number}.json`))))) readings.push(row);
        if (rows + readings.length > SESSION_LIMITS.rows) return broken('too many readings');
      }
      rows += readings.length;
      const framed: [string, Blob][] = [];
      for (const [number, runId] of frames.entries()) {
        const frame = await picture(`frame-${number + 1}.jpg`, MAX_FRAME_PIXELS);
        if (frame) framed.push([runId, frame]);
      }
      const taken: [string, Blob][] = [];
      for (const [number, takeId] of takes.entries()) {
        const video = await part(`take-${number + 1}`, record.takes.find(({ id: each }) => each === takeId)?.type ?? 'video/webm');
        if (video) taken.push([takeId, video]);
      }
      unpacked.push({
        record,
        readings,
        file: await part('file', type),
        thumbnail: await picture('thumbnail.jpg', MAX_THUMBNAIL_PIXELS),
        last: await picture('last.jpg', MAX_FRAME_PIXELS),
        frames: new Map(framed),
        takes: new Map(taken),
        pieces: new Map(),
      });
    }
    const itemIds = unpacked.map(({ record }) => record.id);
    const runIds = unpacked.flatMap(({ record }) => record.explanations.map(({ runId }) => runId));
    if (new Set(itemIds).size < itemIds.length || new Set(runIds).size < runIds.length) return broken('the same id twice');
    const kept = { record: { ...session, id, itemIds, savedAt: Date.now(), deletedAt: null }, items: unpacked };
    const beyond = exceeded(kept);
    return beyond === null ? ok(kept) : broken(beyond);
  } catch (error) {
    const detail = v.isValiError(error) ? `${v.getDotPath(error.issues[0]) ?? SESSION}: ${error.message}` : String(error);
    return broken(detail);
  }
}

const parseJson = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));

/** Of a picture that the page would show: what would not fit is refused before a browser takes memory for it. What is no picture shows nothing. */
function isTooLarge(bytes: Uint8Array, pixels: number): boolean {
  const kind = sniffKind(bytes);
  if (kind?.kind !== 'picture') return false;
  const size = pictureSize(bytes, kind.format);
  return size === null || size.width * size.height > pixels;
}

/** The archive's files by name, unpacked one at a time; or what is wrong with it, told by its directory alone. */
async function openEntries(
  archive: Blob,
): Promise<string | { has: (name: string) => boolean; read: (name: string) => Promise<Uint8Array<ArrayBuffer>> }> {
  const zip = await openZip(archive, LIMITS);
  if (!zip.ok) return zip.error.detail ?? zip.error.message;
  const entries = new Map<string, ZipEntry>();
  let jsonBytes = 0;
  for (const entry of zip.value.entries) {
    const { name, size } = entry;
    if (!PATHS.test(name)) return `${JSON.stringify(name.slice(0, 200))} belongs to no session`;
    if (entries.has(name)) return `${name} is there twice`;
    entries.set(name, entry);
    if (!name.endsWith('.json')) continue;
    jsonBytes += size;
    if (size > MAX_JSON_BYTES || jsonBytes > MAX_ALL_JSON_BYTES) return `${name} is too large`;
  }
  const read = async (name: string) => {
    const entry = entries.get(name);
    const bytes = entry && (await zip.value.read(entry));
    if (!bytes?.ok) throw new Error(bytes?.error.detail ?? `no ${name}`);
    return bytes.value;
  };
  return { has: (name) => entries.has(name), read };
}
