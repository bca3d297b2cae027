/** A whole session as one ZIP: JSON with the pictures and videos beside it. Names inside are ours alone; those of the user stand in the JSON. */
import * as v from 'valibot';
import type { SessionReading } from '../export/session.ts';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { messages } from './messages.ts';
import { itemSchema, type KeptItem, type KeptSession, readingSchema, sessionSchema } from './session-record.ts';

const SESSION = 'session.json';
/** `item-3/frame-1.jpg`: everything else is none of ours. */
const PATHS = /^(session\.json|item-\d{1,6}\/(readings-\d{1,6}\.json|file|thumbnail\.jpg|last\.jpg|frame-\d{1,6}\.jpg|take-\d{1,6}))$/;
/** Unpacked; a few large videos fit. */
const MAX_BYTES = 2e9;
const MAX_JSON_BYTES = 400e6;
const MAX_FILES = 100_000;
/** A text of hours of readings would be longer than a browser's strings may be. */
const ROWS_A_FILE = 5000;
/** An archive that claims to be much smaller than what it holds is a trap. */
const MAX_RATIO = 200;

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
  const { strToU8, zipSync } = await import('fflate');
  const files: Record<string, Uint8Array | [Uint8Array, { level: 0 }]> = {};
  // Pictures and videos are compressed already.
  const add = async (path: string, blob: Blob | null) => {
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

/** The session under a new id. What is not one of ours, or not whole, gives an error and nothing else. */
export async function unpackSession(archive: Blob, id: string): Promise<Result<KeptSession>> {
  const broken = (detail: string) => fail(wireError('session-broken', ...messages.sessions.notASession, detail));
  try {
    const entries = await unzip(new Uint8Array(await archive.arrayBuffer()));
    const head = entries.get(SESSION);
    if (!head) return broken(`no ${SESSION}`);
    const { session, items } = v.parse(archiveSchema, parseJson(head));
    const unpacked = items.map(({ record, type, frames, takes }, index): KeptItem => {
      const part = (name: string, as: string) => {
        const bytes = entries.get(`item-${index + 1}/${name}`);
        return bytes ? new Blob([bytes], { type: as }) : null;
      };
      const readings: SessionReading[] = [];
      for (let number = 1; ; number += 1) {
        const rows = entries.get(`item-${index + 1}/readings-${number}.json`);
        if (!rows) break;
        for (const row of v.parse(v.array(readingSchema), parseJson(rows))) readings.push(row);
      }
      return {
        record,
        readings,
        file: part('file', type),
        thumbnail: part('thumbnail.jpg', 'image/jpeg'),
        last: part('last.jpg', 'image/jpeg'),
        frames: new Map(
          frames.flatMap((runId, number) => {
            const frame = part(`frame-${number + 1}.jpg`, 'image/jpeg');
            return frame ? [[runId, frame] as const] : [];
          }),
        ),
        takes: new Map(
          takes.flatMap((takeId, number) => {
            const video = part(`take-${number + 1}`, record.takes.find(({ id: each }) => each === takeId)?.type ?? 'video/webm');
            return video ? [[takeId, video] as const] : [];
          }),
        ),
        pieces: new Map(),
      };
    });
    const itemIds = unpacked.map(({ record }) => record.id);
    const runIds = unpacked.flatMap(({ record }) => record.explanations.map(({ runId }) => runId));
    if (new Set(itemIds).size < itemIds.length || new Set(runIds).size < runIds.length) return broken('the same id twice');
    return ok({ record: { ...session, id, itemIds, savedAt: Date.now(), deletedAt: null }, items: unpacked });
  } catch (error) {
    const detail = v.isValiError(error) ? `${v.getDotPath(error.issues[0]) ?? SESSION}: ${error.message}` : String(error);
    return broken(detail);
  }
}

const parseJson = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));

/** Throws at the first entry that is not ours or too large, before anything of it is unpacked. */
async function unzip(archive: Uint8Array<ArrayBuffer>): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { unzipSync } = await import('fflate');
  const seen = new Set<string>();
  let bytes = 0;
  const entries = unzipSync(archive, {
    filter({ name, originalSize, size }) {
      if (!PATHS.test(name)) throw new Error(`${JSON.stringify(name.slice(0, 200))} belongs to no session`);
      if (seen.has(name) || seen.size > MAX_FILES) throw new Error('the same file twice, or too many');
      seen.add(name);
      bytes += originalSize;
      if (bytes > MAX_BYTES || (name.endsWith('.json') && originalSize > MAX_JSON_BYTES)) throw new Error(`${name} is too large`);
      if (originalSize > 1e6 && originalSize > size * MAX_RATIO) throw new Error(`${name} is larger than it says`);
      return true;
    },
  });
  return new Map(Object.entries(entries) as [string, Uint8Array<ArrayBuffer>][]);
}
