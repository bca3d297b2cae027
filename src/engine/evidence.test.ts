import { describe, expect, it } from 'vitest';
import type { Reading, TextLine } from '../shared/readings.ts';
import { type EvidenceContext, findEvidence } from './evidence.ts';

const face = (faceId: number, units: Record<string, number>): Reading => ({
  faceId,
  time: 0,
  box: { x: 0, y: 0, width: 1, height: 1 },
  roll: 0,
  score: 1,
  probabilities: { neutral: 1, happiness: 0, surprise: 0, sadness: 0, anger: 0, disgust: 0, fear: 0, contempt: 0 },
  emotion: 'neutral',
  valence: 0,
  arousal: 0,
  actionUnits: Object.entries(units).map(([code, probability]) => ({ code, probability })),
  traits: [],
  landmarks: new Float32Array(),
});
const line = (text: string): TextLine => ({ text, score: 1, box: { x: 0, y: 0, width: 1, height: 1 } });

const context = (overrides: Partial<EvidenceContext> = {}): EvidenceContext => ({
  readings: [face(7, { AU12: 0.9, AU06: 0.3 }), face(4, { AU12: 0.6 })],
  lines: [],
  words: null,
  actionUnits: [{ code: 'AU12', cue: 'lip corners pulled up' }],
  cueThreshold: 0.5,
  ...overrides,
});

describe('findEvidence', () => {
  it('points a unit at the faces that show it, and at none where it was not measured', () => {
    expect(findEvidence('Smiling (AU12), cheeks up (AU06).', context())).toEqual([
      { kind: 'action-unit', code: 'AU06', faceIds: [] },
      { kind: 'action-unit', code: 'AU12', faceIds: [7, 4] },
    ]);
  });

  it('knows a cue by its words', () => {
    expect(findEvidence('Lip corners pulled up.', context())).toEqual([{ kind: 'action-unit', code: 'AU12', faceIds: [7, 4] }]);
  });

  it('checks what is said of one face on that face', () => {
    const readings = [face(7, { AU12: 0.9 }), face(4, { AU04: 0.8 })];
    const units = (text: string) =>
      findEvidence(text, context({ readings })).flatMap((each) => (each.kind === 'action-unit' ? [[each.code, ...each.faceIds]] : []));
    expect(units('Face 1: lip corners pulled up (AU12), mouth open; face 2: brows lowered (AU04).')).toEqual([
      ['AU04', 4],
      ['AU12', 7],
    ]);
    expect(units('Face 1: no clear cue; face 2: lip corners pulled up (AU12).')).toEqual([['AU12']]);
    expect(units('Face 3: brows lowered (AU04).')).toEqual([['AU04']]);
    expect(units('Face 2: nothing; brows lowered (AU04).')).toEqual([['AU04', 4]]);
  });

  it('does not take for said what is quoted', () => {
    const quoting = (words: string) => findEvidence(`No face, and the words "${words}…".`, context({ readings: [] }));
    expect(quoting('lip corners pulled up (AU12)').map(({ kind }) => kind)).toEqual(['shown']);
    expect(quoting('face 1, the picture, the text swears').map(({ kind }) => kind)).toEqual(['shown']);
  });

  it('finds quoted words as words, not as letters', () => {
    const lines = [line('ME'), line('WHEN SOMETHING BREAKS'), line('START THE CAR')];
    const words = lines.map(({ text }) => text).join(' ');
    const lit = (text: string) =>
      findEvidence(text, context({ lines, words })).flatMap((each) => (each.kind === 'words' ? each.lines : []));
    expect(lit('The words "WHEN SOMETHING BREAKS".')).toEqual([1]);
    expect(lit('"me" and "start the"')).toEqual([0, 2]);
    expect(lit('"art"')).toEqual([]);
  });

  it('checks how many faces it sees and how it says the first is shown', () => {
    const shown = (text: string, traits: string[] = []) => {
      const readings = [{ ...face(7, {}), traits }, face(4, {})];
      return findEvidence(text, context({ readings })).flatMap((each) => (each.kind === 'shown' ? [`${each.phrase} ${each.holds}`] : []));
    };
    expect(shown('Two faces.')).toEqual(['two faces true']);
    expect(shown('14 faces.')).toEqual(['14 faces false']);
    expect(shown('One face, close, in bright light.', ['in bright light'])).toEqual([
      'one face false',
      'close false',
      'in bright light true',
    ]);
    expect(shown('Two faces, and the words "dark, close…".')).toEqual(['two faces true']);
    expect(shown('Two faces, no words.')).toEqual(['two faces true']);
    expect(findEvidence('No face in the picture.', context({ readings: [] }))).toEqual([
      { kind: 'shown', phrase: 'no face', holds: true, faceIds: [] },
      { kind: 'scene' },
    ]);
  });

  it('takes a code that is none for one that was not measured', () => {
    expect(findEvidence('Lips stretched (AU2O).', context())).toEqual([{ kind: 'action-unit', code: 'AU2O', faceIds: [] }]);
  });

  it('counts faces as the prompt does, and points at no face that is not there', () => {
    expect(findEvidence('Face 2 looks at face 3.', context())).toEqual([{ kind: 'face', faceId: 4 }]);
  });

  it('points at the lines that are quoted, else at all where it speaks of words', () => {
    const lines = [line('per my last email'), line('BEST REGARDS')];
    const words = 'per my last email BEST REGARDS';
    expect(findEvidence('It says "best regards".', context({ lines, words }))).toEqual([{ kind: 'words', lines: [1] }]);
    expect(findEvidence('The caption is stiff.', context({ lines, words }))).toEqual([{ kind: 'words', lines: [0, 1] }]);
    expect(findEvidence('The caption is stiff.', context({ lines: [], words: '' }))).toEqual([]);
    // Given words stand nowhere on the picture.
    expect(findEvidence('It says "best regards".', context({ lines: [], words }))).toEqual([{ kind: 'words', lines: [] }]);
  });

  it('checks what is said of the words', () => {
    const claims = (text: string, words: string | null) =>
      findEvidence(text, context({ words, lines: words ? [line(words)] : [] })).filter((each) => each.kind === 'claim');
    expect(claims('The text asks a question and swears.', 'Is this it?')).toEqual([
      { kind: 'claim', phrase: 'asks a question', holds: true, lines: [0] },
      { kind: 'claim', phrase: 'swears', holds: false, lines: [0] },
    ]);
    expect(claims('The text exclaims.', null)).toEqual([{ kind: 'claim', phrase: 'exclaims', holds: false, lines: [] }]);
    expect(claims('The text is in a frame.', 'Is this it?')).toEqual([]);
  });

  it('points at the scene where the text speaks of the picture', () => {
    expect(findEvidence('The picture is dark.', context())).toEqual([{ kind: 'scene' }]);
  });
});
