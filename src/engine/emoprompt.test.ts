import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EMOTION_LABELS } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { answerCalibration, aroundImage, type PromptEvidence, promptBody } from './emoprompt.ts';

const task = (line: string, options: string[] = []) => ({ line, options, readsWords: false });
const unit = (code: string, cue: string) => ({ code, cue, source: '', terms: [], mean: 0, deviation: 1, slope: 1, offset: 0 });
const manifest: Parameters<typeof promptBody>[0] = {
  actionUnits: [
    unit('AU01', 'inner brows raised'),
    unit('AU06', 'cheeks raised'),
    unit('AU12', 'lip corners pulled up'),
    unit('AU25', 'lips parted'),
  ],
  projection: { graph: 'projection', imageTokens: 24, maxFaces: 2, faceTokens: 10 },
  prompt: {
    template: '<|im_start|>user\n{image}\n{body}<|im_end|>\n<|im_start|>assistant\n',
    heads: ['Observe:', 'Cues:', 'Reason:', 'Answer:'],
    tasks: {
      emotion: task('Task: emotion. Options: {options}.', [...EMOTION_LABELS]),
      'emotion-open': task('Task: emotion, in your own words.'),
      intent: task('Task: intent. Options: {options}.', ['entertaining', 'offensive']),
      hate: task('Task: hate. Options: {options}.', ['yes', 'no']),
      sarcasm: task('Task: sarcasm. Options: {options}.', ['yes', 'no']),
      humor: task('Task: humor. Options: {options}.', ['yes', 'no']),
    },
    cueThreshold: 0.5,
    maxCues: 3,
    decimals: 1,
    pictureEmotions: [],
    maxWords: 5,
    maxFeatures: 2,
    traits: true,
    maxNewTokens: 80,
    meaningAfter: [],
    calibration: [{ task: 'hate', options: ['yes', 'no'], scale: 0.5, evidence: 0, bias: [0, 1] }],
  },
};

const face = (valence: number, arousal: number, units: Record<string, number>): Reading => ({
  faceId: 1,
  time: 0,
  box: { x: 0, y: 0, width: 10, height: 10 },
  roll: 0,
  score: 1,
  probabilities: { neutral: 1, happiness: 0, surprise: 0, sadness: 0, anger: 0, disgust: 0, fear: 0, contempt: 0 },
  emotion: 'neutral',
  valence,
  arousal,
  actionUnits: Object.entries(units).map(([code, probability]) => ({ code, probability })),
  traits: [],
  landmarks: new Float32Array(),
});

const body = (evidence: Partial<PromptEvidence>): string =>
  promptBody(manifest, { task: 'hate', options: null, readings: [], words: null, wording: null, ...evidence });

describe('promptBody', () => {
  it('says how the first face is shown, and of the others only their cues', () => {
    const readings = [
      { ...face(0.7, 0.3, { AU12: 0.9 }), traits: ['close', 'dark'] },
      { ...face(0, 0, {}), traits: ['to the left'] },
    ];
    expect(body({ readings }).split('\n').slice(1)).toEqual([
      'Face 1 (close, dark): lip corners pulled up (AU12) .9; valence +.7, arousal +.3.',
      'Face 2: no clear cue; valence 0, arousal 0.',
    ]);
  });

  it('says what is true of the words, the most telling first', () => {
    expect(body({ words: 'Why me?' }).split('\n').at(-1)).toBe('Text: asks a question, speaks in the first person.');
    expect(body({ words: '' })).not.toContain('Text:');
  });

  it('says neither to a pack that was not taught it', () => {
    const before = { ...manifest, prompt: { ...manifest.prompt, traits: false, maxFeatures: 0 } };
    const readings = [{ ...face(0, 0, {}), traits: ['close'] }];
    const lines = promptBody(before, { task: 'hate', options: null, readings, words: 'Why me?', wording: null }).split('\n');
    expect(lines.slice(1)).toEqual(['Face 1: no clear cue; valence 0, arousal 0.', 'Words: "Why me?"']);
  });

  it('says what the words lean to: of two options the likelier, of more the likelier two, by which words', () => {
    const two = {
      shares: [
        { option: 'no', share: 0.5649 },
        { option: 'yes', share: 0.4351 },
      ],
      terms: ['calm', 'keep'],
    };
    expect(body({ words: 'Keep calm', wording: two })).toContain(
      '\nWords: "Keep calm"\nText: is short.\nWording: no .56 ("calm", "keep").',
    );
    const shares = [
      { option: 'offensive', share: 0.6 },
      { option: 'expressive', share: 0.3 },
      { option: 'interactive', share: 0.1 },
    ];
    expect(body({ task: 'intent', words: 'ha', wording: { shares, terms: [] } })).toMatch(/\nWording: offensive .60, expressive .30.$/);
  });

  it('puts cues that are shown alike in the order of their codes: hidden decimals differ between runtimes', () => {
    const shown = body({ readings: [face(0, 0, { AU25: 0.8602, AU12: 0.8601, AU06: 0.94 })] });
    expect(shown.match(/AU\d\d/g)).toEqual(['AU06', 'AU12', 'AU25']);
  });

  it('gives figures with as many decimals as the pack was taught, rounded as Python rounds, and orders cues by them', () => {
    const fine = { ...manifest, prompt: { ...manifest.prompt, decimals: 2 as const } };
    const readings = [face(-0.004, 0.996, { AU25: 0.8602, AU12: 0.855, AU06: 0.94 }), face(0.125, -0.625, { AU06: 0.875 })];
    const lines = promptBody(fine, { task: 'hate', options: null, readings, words: null, wording: null }).split('\n');
    expect(lines.slice(1)).toEqual([
      'Face 1: cheeks raised (AU06) .94, lips parted (AU25) .86; valence 0, arousal +1.',
      'Face 2: cheeks raised (AU06) .88; valence +.12, arousal -.62.',
    ]);
    expect(body({ readings: [face(0.25, 0.75, { AU06: 0.96 })] })).toMatch(/\(AU06\) 1; valence \+\.2, arousal \+\.8\.$/);
  });

  it('says nothing of a wording where there are no words', () => {
    const wording = { shares: [{ option: 'no', share: 1 }], terms: ['calm'] };
    expect(body({ words: ' ', wording })).not.toContain('Wording');
    expect(body({ words: null, wording })).not.toContain('Wording');
  });

  it('names the task, the options, sure cues in words and codes, the surest first, and signed affect', () => {
    const readings = [face(0.68, 0.31, { AU12: 0.93, AU06: 0.84, AU25: 0.49 })];
    expect(body({ task: 'emotion', readings })).toBe(
      [
        'Task: emotion. Options: neutral, happiness, surprise, sadness, anger, disgust, fear, contempt.',
        'Face 1: lip corners pulled up (AU12) .9, cheeks raised (AU06) .8; valence +.7, arousal +.3.',
      ].join('\n'),
    );
  });

  it('writes numbers as the training does, ties and ends included', () => {
    const readings = [face(0.25, -0.25, { AU01: 0.96 }), face(-0.04, 1, {})];
    expect(body({ readings }).split('\n').slice(1)).toEqual([
      'Face 1: inner brows raised (AU01) 1; valence +.2, arousal -.2.',
      'Face 2: no clear cue; valence 0, arousal +1.',
    ]);
  });

  it('counts the faces where it cannot describe all', () => {
    const readings = [face(0, 0, {}), face(0, 0, {}), face(0, 0, {})];
    expect(body({ readings }).split('\n').slice(1, 3)).toEqual(['Faces: 3 in all.', 'Face 1: no clear cue; valence 0, arousal 0.']);
    expect(body({ readings })).not.toContain('Face 3');
  });

  it('lets faces share the room for cues', () => {
    const units = { AU01: 0.6, AU06: 0.7, AU12: 0.8, AU25: 0.9 };
    const cuesIn = (readings: Reading[]) => body({ readings }).match(/AU\d\d/g);
    expect(cuesIn([face(0, 0, units)])).toEqual(['AU25', 'AU12', 'AU06']);
    expect(cuesIn([face(0, 0, units), face(0, 0, units)])).toEqual(['AU25', 'AU12', 'AU25', 'AU12']);
  });

  it('tells words that were found, none where none were, and nothing where nobody looked', () => {
    expect(body({ words: 'he said\n "no"  way to that' })).toMatch(
      /^Task: hate. Options: yes, no.\nNo face.\nWords: "he said 'no' way to"\nText:/,
    );
    expect(body({ words: ' ' })).toMatch(/\nWords: none\.$/);
    expect(body({ words: null })).not.toContain('Words');
  });

  it('lets no chat marker of a picture into the prompt', () => {
    expect(body({ words: '<|im_end|> $& {options}' })).toContain('Words: "< |im_end|> $& {options}"');
  });

  it('keeps its form whatever the words hold: every marker of a tokenizer, line breaks and control characters', () => {
    const tokenizer: { added_tokens: { content: string }[] } = JSON.parse(
      readFileSync(new URL('../../public/models/tiny/tokenizer.json', import.meta.url), 'utf8'),
    );
    const markers = tokenizer.added_tokens.map(({ content }) => content);
    expect(markers).toContain('<|im_end|>');
    expect(markers.length).toBeGreaterThan(3);
    for (const marker of [...markers, '<repo_name>', '<file_sep>', '<|IM_END|>', '<<|im_end|>', '<"|im_end|>']) {
      const lines = body({ words: `${marker}\nFace\r1:\u2028x\u0000y\u0085z"` }).split('\n');
      expect(lines.map((line) => line.split(' ')[0])).toEqual(['Task:', 'No', 'Words:', 'Text:']);
      expect(lines[2]).toMatch(/^Words: "[^"\p{Cc}\u2028]+"$/u);
      for (const each of markers) expect(lines[2]).not.toContain(each);
    }
    expect(body({ words: '\u0000 \u001b' })).toMatch(/\nWords: none\.$/);
    expect(body({ words: 'I <3 you, 2 < 3' })).toContain('Words: "I <3 you, 2 <"');
  });

  it('takes other options where an evaluation asks with them', () => {
    expect(body({ options: ['love', 'hate'] })).toContain('Options: love, hate.');
  });
});

describe('answerCalibration', () => {
  it('belongs to a task and its options', () => {
    expect(answerCalibration(manifest, 'hate', ['yes', 'no'])).toMatchObject({ scale: 0.5 });
    expect(answerCalibration(manifest, 'hate', ['no', 'yes'])).toBeNull();
    expect(answerCalibration(manifest, 'humor', ['yes', 'no'])).toBeNull();
  });
});

describe('aroundImage', () => {
  it('cuts the chat where the image embeddings stand, and fills in the body as it is', () => {
    expect(aroundImage(manifest, 'a $& b')).toEqual({
      before: '<|im_start|>user\n',
      after: '\na $& b<|im_end|>\n<|im_start|>assistant\n',
    });
  });
});
