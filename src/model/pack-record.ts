/** What is written beside a stored pack's files: which files it has, and its manifest as it came. Read back with suspicion. */
import * as v from 'valibot';
import type { PackKind, PackOrigin } from '../shared/packs.ts';
import type { FileNote, PackFile } from './pack-download.ts';

export interface PackRecord {
  kind: PackKind;
  origin: PackOrigin;
  /** Text of manifest.json: the hash of these very bytes stands for the pack. */
  manifest: string;
  files: PackFile[];
}

const bytes = v.pipe(v.number(), v.integer(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const record = v.object({
  kind: v.picklist(['own', 'foundation']),
  origin: v.picklist(['site', 'hub', 'imported']),
  manifest: v.string(),
  files: v.array(
    v.object({
      path: v.string(),
      bytes,
      hash: v.variant('kind', [
        v.object({ kind: v.literal('sha256'), hex: sha256 }),
        v.object({ kind: v.literal('git-sha1'), hex: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)) }),
      ]),
    }),
  ),
});

const note = v.object({ chunks: v.array(sha256), bytes, etag: v.nullable(v.string()), verified: v.boolean() });

/** Null where the text is none of ours: then nothing is known of the pack. */
export const parsePackRecord = (text: string): PackRecord | null => parsed(record, text);

/** Null where the text is none of ours: then nothing is known of the file. */
export const parseFileNote = (text: string): FileNote | null => parsed(note, text);

function parsed<T>(schema: v.GenericSchema<unknown, T>, text: string): T | null {
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}
