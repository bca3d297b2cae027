/** Files that come from outside: sessions, ZIPs, reports. */

import fc from 'fast-check';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { describe, expect } from 'vitest';
import { damaged, holds, tampered } from '../../scripts/property.ts';
import { reading } from '../export/session.fixture.ts';
import { TASKS } from '../shared/labels.ts';
import { facesReport, judged } from './evaluation.fixture.ts';
import { parseReport } from './evaluation-file.ts';
import { explained } from './session.fixture.ts';
import { packSession, unpackSession } from './session-archive.ts';
import { exceeded } from './session-limits.ts';
import { type ItemRecord, itemFrom, type KeptSession } from './session-record.ts';
import { openZip } from './zip-reader.ts';

const id = fc.stringMatching(/^[\w-]{1,20}$/);
const name = fc.string({ unit: 'grapheme', maxLength: 60 });
const seconds = fc.integer({ min: 0, max: 5_000_000 }).map((ms) => ms / 1000);

const record = (itemId: string, runId: string, title: string, time: number): ItemRecord => ({
  ...{
    id: itemId,
    kind: 'camera',
    name: title,
    phase: 'ready',
    error: null,
    snapshot: { time, width: 64, height: 48, readings: [reading({ time })] },
  },
  explanations: [
    explained({
      runId,
      time,
      words: [{ text: title, score: 1, box: { x: 0, y: 0, width: 1, height: 1 } }],
      answer: { text: title, distribution: [] },
    }),
  ],
  ...{
    people: { names: { 1: title }, sameAs: { 3: 1 } },
    marks: [{ id: 'm', kind: 'text', time, end: null, text: title }],
    takes: [],
    mirrored: true,
  },
});

const sessions: fc.Arbitrary<KeptSession> = fc
  .record({
    items: fc.uniqueArray(fc.record({ id, name, time: seconds, rows: fc.array(seconds, { maxLength: 5 }) }), {
      selector: (each) => each.id,
      maxLength: 4,
    }),
    task: fc.constantFrom(...TASKS),
    savedAt: fc.integer({ min: 1e12, max: 2e12 }),
  })
  .map(({ items, task, savedAt }) => ({
    record: {
      ...{ id: 's', format: 1, app: '0.1.0', createdAt: 1, savedAt, task, selectedId: items[0]?.id ?? null },
      ...{ itemIds: items.map((each) => each.id), readings: 0, bytes: 0, deletedAt: null },
    },
    items: items.map((each, index) => ({
      record: record(each.id, `run-${index}`, each.name, each.time),
      readings: each.rows.map((time) => reading({ time, landmarks: new Float32Array(0), points: Float32Array.of(1, 2.5) } as never)),
      ...{ file: null, thumbnail: null, last: null, frames: new Map(), takes: new Map(), pieces: new Map() },
    })),
  }));

const [sample] = fc.sample(
  sessions.filter(({ items }) => items.length > 1 && items.some(({ readings }) => readings.length > 1)),
  { numRuns: 1, seed: 7 },
);
if (!sample) throw new Error('no session');
const archive = await packSession(sample);
const parts = unzipSync(archive);
const head: { items: { record: ItemRecord }[] } = JSON.parse(new TextDecoder().decode(parts['session.json']));
/** Right in its form, and a mark lies beyond all time. */
const far = structuredClone(head);
for (const mark of far.items.flatMap(({ record }) => record.marks)) mark.time = 1e15;

/** An error in the page's words, or a session that the page can open. */
async function check(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const unpacked = await unpackSession(new Blob([bytes]), 'new');
  if (!unpacked.ok) {
    expect(unpacked.error.code).toBe('session-broken');
    return;
  }
  const { record: session, items } = unpacked.value;
  expect(session.id).toBe('new');
  expect(session.itemIds).toEqual(items.map((item) => item.record.id));
  expect(exceeded(unpacked.value)).toBeNull();
  for (const item of items) expect(itemFrom(item).phase).not.toBe('reading');
  expect(Object.prototype).not.toHaveProperty('polluted');
}

describe('a session’s archive', () => {
  holds(
    'comes back as it went',
    [sessions],
    async (session) => {
      const unpacked = await unpackSession(new Blob([await packSession(session)]), 's');
      const { value } = unpacked as { value: KeptSession };
      expect(unpacked).toMatchObject({ ok: true });
      expect(value.items).toEqual(session.items);
      expect({ ...value.record, savedAt: 0 }).toEqual({ ...session.record, savedAt: 0 });
    },
    { runs: 25 },
  );

  holds('that was damaged is refused or is a session', [damaged(archive)], check, { runs: 60 });
  holds(
    'whose JSON was tampered with is refused or is a session',
    [tampered(head)],
    (json) => check(zipSync({ ...parts, 'session.json': strToU8(JSON.stringify(json)) })),
    { runs: 60, cases: [[far as unknown]] },
  );
});

describe('a ZIP', () => {
  const zip = zipSync({
    'labels.csv': strToU8('file,label\na.png,fear\n'),
    'a.png': [strToU8('pixels '.repeat(99)), { level: 0 }],
    'b/c.png': strToU8(Array.from({ length: 99 }, (_, index) => `pixel ${index * index}`).join()),
  });
  const whole = new Map(Object.entries(unzipSync(zip)));
  holds(
    'that was damaged gives its files as they were, or not at all',
    [damaged(zip)],
    async (bytes) => {
      const opened = await openZip(new Blob([bytes]));
      for (const entry of opened.ok ? opened.value.entries : []) {
        const read = opened.ok ? await opened.value.read(entry) : opened;
        if (!read.ok) continue;
        expect(read.value.length).toBe(entry.size);
        // Only a name or a sum that was changed with it could hide a change.
        const before = whole.get(entry.name);
        if (before && read.value.length === before.length) expect([...read.value]).toEqual([...before]);
      }
    },
    { runs: 200 },
  );
});

describe('an evaluation’s report', () => {
  const report: unknown = JSON.parse(JSON.stringify(facesReport([judged('a.png', 'anger', 'fear'), judged('b.png', 'fear', 'fear')])));
  holds('that is any text is refused', [fc.oneof(fc.string(), fc.json())], (text) => expect(parseReport(text).ok).toBe(false));
  holds('that was tampered with is refused or is a report', [tampered(report)], (json) => {
    const parsed = parseReport(JSON.stringify(json));
    if (!parsed.ok) return expect(parsed.error.code).toBe('file-unreadable');
    expect(parseReport(JSON.stringify(parsed.value))).toEqual(parsed);
  });
});
