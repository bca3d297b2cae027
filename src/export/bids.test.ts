import { describe, expect, it } from 'vitest';
import { bidsDataset, eventsJson, eventsTsv } from './bids.ts';
import { explanation, marks, session, watched } from './session.fixture.ts';

const table = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));

describe('eventsTsv', () => {
  it('begins with onset and duration in seconds, and is in the order of time', () => {
    const [header, ...rows] = table(eventsTsv(watched().items[0]!));
    expect(header?.slice(0, 6)).toEqual(['onset', 'duration', 'trial_type', 'face', 'face_name', 'value']);
    expect(rows.map((row) => row.slice(0, 6))).toEqual([
      ['0', '1', 'expression', '1', 'Ada', 'happiness'],
      ['0', '1', 'expression', '2', 'n/a', 'uncertain'],
      ['1', '1', 'expression', '1', 'Ada', 'surprise'],
      ['1', '0', 'explanation', 'n/a', 'n/a', 'happiness'],
      ['4', '0.5', 'expression', '1', 'Ada', 'happiness'],
    ]);
  });

  it('keeps a reason of several lines on one, and runs nothing', () => {
    const item = watched().items[0]!;
    item.explanations = [explanation({ time: 9, steps: { observe: '', cues: '', reason: '=1\n\ttwo', answer: 'x' } })];
    expect(table(eventsTsv(item)).at(-1)?.at(-1)).toBe("'=1 two");
  });

  it('has the user’s marks as events of their own kinds', () => {
    const rows = table(eventsTsv({ ...watched().items[0]!, marks })).filter((row) => row[2]?.startsWith('mark_'));
    expect(rows.map((row) => row.slice(0, 6))).toEqual([
      ['0.5', '1', 'mark_exclude', 'n/a', 'n/a', 'n/a'],
      ['3', '0', 'mark_text', 'n/a', 'n/a', 'a --> b'],
    ]);
    const levels = JSON.parse(eventsJson()).trial_type.Levels;
    for (const row of rows) expect(levels).toHaveProperty(row[2] ?? '');
  });

  it('has the cuts of a film, among the rest', () => {
    const rows = table(eventsTsv({ ...watched().items[0]!, cuts: [{ after: 1.4, time: 1.5 }] }));
    const at = rows.findIndex((row) => row[2] === 'scene_cut');
    expect(rows[at]?.slice(0, 6)).toEqual(['1.5', '0', 'scene_cut', 'n/a', 'n/a', 'n/a']);
    expect(Number(rows[at - 1]?.[0])).toBeLessThanOrEqual(1.5);
    expect(JSON.parse(eventsJson()).trial_type.Levels).toHaveProperty('scene_cut');
  });

  it('says n/a for the duration of a picture', () => {
    const item = { ...session().items[0]!, kind: 'picture' as const };
    expect(table(eventsTsv(item)).map((row) => row[1])).toEqual(['duration', 'n/a', 'n/a', 'n/a']);
  });

  it('has every column described in its sidecar', () => {
    const [header] = table(eventsTsv(watched().items[0]!));
    expect(Object.keys(JSON.parse(eventsJson()))).toEqual(header);
  });
});

describe('bidsDataset', () => {
  it('is one run an input, with what made it', () => {
    const whole = watched();
    const files = bidsDataset({ ...whole, items: [...whole.items, ...session().items] }, new Date(0));
    expect(files.map((file) => file.path)).toEqual([
      'dataset_description.json',
      'README.md',
      'participants.tsv',
      'sub-01/beh/sub-01_task-emollm_run-01_events.tsv',
      'sub-01/beh/sub-01_task-emollm_run-01_events.json',
      'sub-01/beh/sub-01_task-emollm_run-02_events.tsv',
      'sub-01/beh/sub-01_task-emollm_run-02_events.json',
      'sourcedata/provenance.json',
    ]);
    expect(JSON.parse(files[0]?.text ?? '')).toMatchObject({ GeneratedBy: [{ Name: 'EmoLLM', Version: '0.1.0' }] });
    expect(JSON.parse(files.at(-1)?.text ?? '')).toMatchObject({ pack: { sha256: 'abc123' }, inputs: [{}, {}] });
  });
});
