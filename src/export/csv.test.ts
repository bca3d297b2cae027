import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseCsv, records } from './csv.fixture.ts';
import { explanationsCsv, readingsCsv } from './csv.ts';
import { exportFileName } from './file-name.ts';
import { sessionJson } from './json.ts';
import { explanation, reading, session, watched } from './session.fixture.ts';
import type { SessionItem } from './session.ts';

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
    // Not smoothed: the same.
    expect(first).toMatchObject({ raw_happiness: '0.7', raw_valence: '-0.25', raw_arousal: '0.5' });
    expect(second).toMatchObject({ face_id: '2', emotion: 'uncertain', AU06: '0.4', AU12: '' });
  });

  it('gives what was measured beside what was smoothed', () => {
    const smoothed = session();
    const [first] = smoothed.items[0]!.readings;
    const { probabilities } = first!;
    first!.raw = { probabilities: { ...probabilities, happiness: 0.1, neutral: 0.85 }, valence: 0.125, arousal: -0.75 };
    expect(records(readingsCsv(smoothed))[0]).toMatchObject({
      happiness: '0.7',
      valence: '-0.25',
      raw_happiness: '0.1',
      raw_neutral: '0.85',
      raw_valence: '0.125',
      raw_arousal: '-0.75',
    });
    expect(JSON.parse(sessionJson(smoothed)).items[0].readings[0].raw).toMatchObject({ valence: 0.125, arousal: -0.75 });
  });

  it.each(['=cmd|calc', '+1', '-2', '@SUM(A1)', '\tx', '\r=1'])('makes the name %j harmless in a spreadsheet', (name) => {
    const risky = session();
    risky.items[0]!.name = name;
    expect(records(readingsCsv(risky))[0]?.input).toBe(`'${name}`);
  });

  it('names a face beside its id where the user did', () => {
    const named = session();
    named.items[0]!.names = { '2': ' Ada ' };
    expect(records(readingsCsv(named)).map((row) => [row.face_id, row.face_name])).toEqual([
      ['1', ''],
      ['2', 'Ada'],
    ]);
  });

  it('says in each row which graphs, adapter, smoothing and sampling made it', () => {
    expect(records(readingsCsv(watched()))[0]).toMatchObject({
      graphs: 'face-encoder=wasm fp32; language-model=webgpu q4',
      adapter: 'test gpu',
      smoothing: '0.4',
      frame_interval: '0.1',
    });
  });

  it('gives the smoothing that a frame was read with, not what is set now', () => {
    const analysed = watched();
    const [item] = analysed.items;
    const times = (item?.readings ?? []).map(({ time }) => time);
    const analysis = { from: times[0] ?? 0, to: times[0] ?? 0, framesPerSecond: 2, decoder: 'webcodecs', codec: '', smoothing: 0 };
    analysed.items[0] = { ...(item as SessionItem), kind: 'video', analyses: [{ ...analysis, frames: 1, lost: [] } as never] };
    const smoothing = records(readingsCsv(analysed)).map((row) => row.smoothing);
    expect([smoothing[0], smoothing.at(-1)]).toEqual(['0', '0.4']);
    analysed.items[0] = { ...(item as SessionItem), kind: 'picture' };
    expect(records(readingsCsv(analysed))[0]?.smoothing).toBe('0');
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
      prompt_sha256: createHash('sha256').update('Task: emotion.').digest('hex'),
    });
  });
});

describe('given words', () => {
  it('stand in place of those on the picture, and are stated as given, also where there are none', () => {
    const talk = session();
    talk.items[0]!.explanations = [
      explanation(),
      explanation({ words: [], wordsGiven: ' oh,\n\n great ' }),
      explanation({ words: [], wordsGiven: '' }),
    ];
    expect(records(explanationsCsv(talk)).map((row) => [row.words, row.words_given])).toEqual([
      ['KEEP CALM', 'false'],
      ['oh, great', 'true'],
      ['', 'true'],
    ]);
    const parsed = JSON.parse(sessionJson(talk));
    expect(parsed.items[0].explanations.map((each: { wordsGiven?: string }) => each.wordsGiven)).toEqual([
      undefined,
      ' oh,\n\n great ',
      '',
    ]);
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

  it('leaves out the points that are kept of live readings', () => {
    const live = session();
    live.items[0]!.readings = [{ ...reading(), points: new Float32Array(136) }];
    expect(JSON.parse(sessionJson(live)).items[0].readings[0]).not.toHaveProperty('points');
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
