import { describe, expect, it } from 'vitest';
import { exportFiles } from './files.ts';
import { EXPORT_KINDS } from './kinds.ts';
import { session, watched } from './session.fixture.ts';

const at = new Date('2026-01-02T03:04:05Z');
const paths = (...[whole, kind]: [Parameters<typeof exportFiles>[0], Parameters<typeof exportFiles>[1]]) =>
  exportFiles(whole, kind, at).map((file) => file.path);

describe('exportFiles', () => {
  it.each(EXPORT_KINDS)('%s says which pack and version made it, and when the user named a face, its name', (kind) => {
    const text = exportFiles(watched(), kind, at)
      .map((file) => file.text)
      .join('\n');
    expect(text).toContain('abc123');
    expect(text).toContain('0.1.0');
    if (kind !== 'explanations-csv') expect(text).toContain('Ada');
  });

  it.each(EXPORT_KINDS)('%s takes a session in which nothing was read and no pack was loaded', (kind) => {
    const whole = { ...session(), model: null };
    whole.items[0] = { ...whole.items[0]!, width: 0, height: 0, readings: [], explanations: [] };
    for (const file of exportFiles(whole, kind, at)) expect(file.text).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('numbers names that differ in case alone, which some systems take for one', () => {
    const whole = session();
    const [first] = whole.items;
    if (!first) throw new Error('the fixture has an item');
    const items = ['Ada.jpg', 'ada.jpg', 'ADA.png'].map((name) => ({ ...first, name }));
    expect(paths({ ...whole, items }, 'vtt')).toEqual([
      'emollm-Ada-20260102-030405.captions.vtt',
      'emollm-ada-20260102-030405-2.captions.vtt',
      'emollm-ADA-20260102-030405-3.captions.vtt',
    ]);
  });

  it('puts what made a table beside it under the same name', () => {
    expect(paths(watched(), 'fex')).toEqual([
      'emollm-clip-best-take-20260102-030405.fex.csv',
      'emollm-clip-best-take-20260102-030405.fex.json',
    ]);
  });

  it('keeps inputs that are called alike apart', () => {
    const whole = watched();
    const twice = { ...whole, items: [...whole.items, ...session().items] };
    expect(paths(twice, 'vtt')).toEqual([
      'emollm-clip-best-take-20260102-030405.captions.vtt',
      'emollm-clip-best-take-20260102-030405-2.captions.vtt',
    ]);
    expect(new Set(paths(twice, 'openface')).size).toBe(4);
  });
});
