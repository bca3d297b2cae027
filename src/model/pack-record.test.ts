import { describe, expect, it } from 'vitest';
import { type PackRecord, parseFileNote, parsePackRecord } from './pack-record.ts';

const SHA256 = 'a'.repeat(64);
const record: PackRecord = {
  kind: 'foundation',
  origin: 'hub',
  manifest: '{}',
  files: [
    { path: 'a.onnx', bytes: 5, hash: { kind: 'sha256', hex: SHA256 } },
    { path: 'b.json', bytes: 0, hash: { kind: 'git-sha1', hex: 'b'.repeat(40) } },
  ],
};
const note = { chunks: [SHA256], bytes: 5, etag: null, verified: true };

describe('what lies beside a stored pack', () => {
  it('comes back as it was written', () => {
    expect(parsePackRecord(JSON.stringify(record))).toEqual(record);
    expect(parseFileNote(JSON.stringify(note))).toEqual(note);
  });

  it.each([
    ['cut off', JSON.stringify(record).slice(0, -5)],
    ['of another kind', JSON.stringify({ ...record, kind: 'x' })],
    [
      'with a hash of the wrong length',
      JSON.stringify({ ...record, files: [{ ...record.files[0], hash: { kind: 'git-sha1', hex: SHA256 } }] }),
    ],
    ['with a size that is none', JSON.stringify({ ...record, files: [{ ...record.files[0], bytes: -1 }] })],
  ])('says nothing of a pack where its record is %s', (_how, text) => {
    expect(parsePackRecord(text)).toBeNull();
  });

  it.each([
    ['cut off', JSON.stringify(note).slice(0, -5)],
    ['with a sum that is none', JSON.stringify({ ...note, chunks: ['x'] })],
    ['with half a byte', JSON.stringify({ ...note, bytes: 0.5 })],
    ['empty', ''],
  ])('says nothing of a file where its note is %s', (_how, text) => {
    expect(parseFileNote(text)).toBeNull();
  });
});
