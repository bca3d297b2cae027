import { describe, expect, it } from 'vitest';
import { explanationsCsv, readingsCsv } from './csv.ts';
import { exportFileName } from './file-name.ts';
import { sessionJson } from './json.ts';
import { explanation, reading, session } from './session.fixture.ts';

/** RFC 4180, character by character: written apart from the writer. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let value = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') value += letter;
      else if (text[at + 1] === '"') {
        value += '"';
        at += 1;
      } else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === ',') {
      row.push(value);
      value = '';
    } else if (letter === '\r' && text[at + 1] === '\n') {
      row.push(value);
      rows.push(row);
      row = [];
      value = '';
      at += 1;
    } else value += letter;
  }
  if (value !== '' || row.length > 0) throw new Error('the last line has no end');
  return rows;
}

function records(text: string): Record<string, string>[] {
  const [header = [], ...rows] = parseCsv(text);
  return rows.map((row) => {
    expect(row).toHaveLength(header.length);
    return Object.fromEntries(header.map((name, index) => [name, row[index] ?? '']));
  });
}

describe('readingsCsv', () => {
  it('gives back every number of every face, with what made it', () => {
    const [first, second, ...rest] = records(readingsCsv(session()));
    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      input: 'clip, "best" take.mp4',
      kind: 'video',
      time: '1.25',
      face_id: '1',
      box_x: '10.5',
      box_height: '80',
      score: '0.98',
      happiness: '0.7',
      emotion: 'happiness',
      valence: '-0.25',
      arousal: '0.5',
      AU06: '',
      AU12: '0.9',
      pack_id: 'tiny',
      pack_hash: 'abc123',
      backend: 'wasm',
      dtype: 'fp32',
    });
    expect(second).toMatchObject({ face_id: '2', emotion: 'uncertain', AU06: '0.4', AU12: '' });
  });

  it.each(['=cmd|calc', '+1', '-2', '@SUM(A1)', '\tx', '\r=1'])('makes the name %j harmless in a spreadsheet', (name) => {
    const risky = session();
    risky.items[0]!.name = name;
    expect(records(readingsCsv(risky))[0]?.input).toBe(`'${name}`);
  });

  it('leaves out what is not a number', () => {
    const odd = session();
    odd.items[0]!.readings = [reading({ valence: Number.NaN, arousal: Number.POSITIVE_INFINITY })];
    expect(records(readingsCsv(odd))[0]).toMatchObject({ valence: '', arousal: '' });
  });

  it('is a header alone for an empty session, without a model', () => {
    const empty = { ...session(), model: null, items: [] };
    expect(parseCsv(readingsCsv(empty))).toHaveLength(1);
  });
});

describe('explanationsCsv', () => {
  it('keeps text with line breaks and quotes whole', () => {
    const talk = session();
    talk.items[0]!.explanations = [
      explanation({ steps: { observe: 'A face,\r\n"smiling".', cues: 'AU12', reason: '=why', answer: 'happy' } }),
    ];
    expect(records(explanationsCsv(talk))[0]).toMatchObject({
      observe: 'A face,\r\n"smiling".',
      reason: "'=why",
      answer: 'happiness',
      distribution: 'happiness=0.75; fear=0.25',
      words: 'KEEP CALM',
      task: 'emotion',
      outcome: 'done',
      backend: 'webgpu',
      dtype: 'q4',
    });
  });
});

describe('sessionJson', () => {
  it('holds readings, explanations, settings and the machinery', () => {
    const parsed = JSON.parse(sessionJson(session(), { at: new Date('2026-01-02T03:04:05Z') }));
    expect(parsed).toMatchObject({
      exportedAt: '2026-01-02T03:04:05.000Z',
      app: { version: '0.1.0' },
      model: { packHash: 'abc123', threads: 2, adapter: 'test gpu' },
      settings: { task: 'emotion', smoothing: 0.4 },
    });
    expect(parsed.items[0].readings[0]).toMatchObject({ faceId: 1, probabilities: { happiness: 0.7 }, actionUnits: [{ code: 'AU12' }] });
    expect(parsed.items[0].explanations[0]).toMatchObject({ prompt: 'Task: emotion.', evidence: { cues: [{ kind: 'scene' }] } });
  });

  it('leaves landmarks out unless asked, and then gives an array', () => {
    expect(JSON.parse(sessionJson(session())).items[0].readings[0]).not.toHaveProperty('landmarks');
    expect(JSON.parse(sessionJson(session(), { landmarks: true })).items[0].readings[0].landmarks).toEqual([1.1, 2.5]);
  });
});

describe('exportFileName', () => {
  it('is a plain name whatever the input is called', () => {
    const at = new Date('2026-01-02T03:04:05Z');
    expect(exportFileName(session(), 'csv', at)).toBe('emollm-clip-best-take-20260102-030405.csv');
    expect(exportFileName({ ...session(), items: [] }, 'json', at)).toBe('emollm-20260102-030405.json');
  });
});
