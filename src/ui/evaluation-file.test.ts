import { describe, expect, it } from 'vitest';
import { facesReport, judged, sceneReport } from './evaluation.fixture.ts';
import { parseReport } from './evaluation-file.ts';

const faces = facesReport([judged('1.png', 'anger', 'fear'), judged('2.png', 'fear', null)]);

describe('parseReport', () => {
  it.each([faces, sceneReport(), { ...faces, stopped: true, broken_off: 'It died.' }])('gives back what was exported: $task', (report) => {
    expect(parseReport(JSON.stringify(report))).toEqual({ ok: true, value: report });
  });

  it('takes the command line’s of before, and without items', () => {
    const { items, rows, skipped, stopped, abstention, claims, ...before } = faces;
    const parsed = parseReport(JSON.stringify({ runtime: 'chromium', browser: 'Chromium', ...before }));
    expect(parsed).toEqual({ ok: true, value: { ...before, rows: 2, skipped, stopped, abstention: null, claims: null } });
    expect(parsed.ok && 'items' in parsed.value).toBe(false);
  });

  it('takes a concordance that was no number for none', () => {
    const nan = sceneReport({ valence: { concordance: Number.NaN, mae: 0 } });
    expect(parseReport(JSON.stringify(nan))).toMatchObject({ ok: true, value: { valence: { concordance: 0 } } });
  });

  it.each([
    ['not JSON', '{', 'SyntaxError'],
    ['another task', JSON.stringify({ ...faces, task: 'joy' }), 'task'],
    ['an accuracy over 1', JSON.stringify({ ...faces, accuracy: 83 }), 'accuracy'],
    ['a crooked confusion', JSON.stringify({ ...faces, confusion: { ...faces.confusion, rows: [[1]] } }), 'the rows do not fit'],
    ['an item without a file', JSON.stringify({ ...faces, items: [{ label: 'a' }] }), 'items.0.file'],
    ['a session', JSON.stringify({ session: {}, items: [] }), 'task'],
  ])('refuses %s and says where', (_what, text, where) => {
    expect(parseReport(text)).toMatchObject({ ok: false, error: { code: 'file-unreadable', detail: expect.stringContaining(where) } });
  });
});
