import { describe, expect, it } from 'vitest';
import { hostileSessions, SOUND_SESSIONS, zipOf } from '../../e2e/corpus.mjs';
import { unpackSession } from './session-archive.ts';

/** Why each of the corpus is none; what is not here is told by the form of its JSON. */
const WHY: Record<string, RegExp> = {
  rate: /frames analysed|frames a second/,
  'long-job': /frames analysed/,
  far: /a time beyond all bounds/,
  infinite: /a time beyond all bounds/,
  'many-items': /30000 items/,
  'many-faces': /faces over too many minutes/,
  bomb: /larger than it says/,
  'hidden-bomb': /larger than it says/,
  traversal: /belongs to no session/,
  absolute: /belongs to no session/,
  twice: /there twice/,
  'wrong-sum': /is damaged/,
  encrypted: /is encrypted/,
  nothing: /no session\.json/,
};

const SESSIONS = hostileSessions();

describe('an archive of the corpus', () => {
  it.each(SESSIONS)('%s', async (name, entries) => {
    const unpacked = await unpackSession(new Blob([new Uint8Array(zipOf(entries))]), 'new');
    if (SOUND_SESSIONS.includes(name)) {
      expect(unpacked).toMatchObject({ ok: true });
      expect(Object.getPrototypeOf(unpacked.ok ? unpacked.value.items[0]?.record.people.names : null)).toBe(Object.prototype);
      return;
    }
    expect(unpacked).toMatchObject({ ok: false, error: { code: 'session-broken', detail: expect.stringMatching(WHY[name] ?? /./) } });
  });

  it('with a small picture that is a large one', async () => {
    const entries = SESSIONS.find(([name]) => name === 'prototype')?.[1] ?? [];
    const gif = new Uint8Array([
      ...new TextEncoder().encode('GIF89a'),
      1,
      0,
      1,
      0,
      0,
      0,
      0,
      0x2c,
      0,
      0,
      0,
      0,
      0x20,
      0x4e,
      0x20,
      0x4e,
      0,
      0,
    ]);
    const unpacked = await unpackSession(
      new Blob([new Uint8Array(zipOf([...entries, { name: 'item-1/thumbnail.jpg', bytes: gif }]))]),
      'new',
    );
    expect(unpacked).toMatchObject({ ok: false, error: { detail: expect.stringContaining('thumbnail.jpg is too large') } });
  });
});
