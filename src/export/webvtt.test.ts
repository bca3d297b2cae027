import { describe, expect, it } from 'vitest';
import { explanation, marks, session, watched } from './session.fixture.ts';
import type { Session } from './session.ts';
import { captionsVtt, clockTime, metadataVtt } from './webvtt.ts';

const at = new Date('2026-01-02T03:04:05Z');

/** Blocks after the header and the comment, as a player takes them: apart by blank lines. */
function cues(text: string): { time: string; text: string }[] {
  const [head, note, ...blocks] = text.trimEnd().split('\n\n');
  expect(head).toBe('WEBVTT');
  expect(note).toMatch(/^NOTE\n/);
  expect(note).not.toContain('-->');
  return blocks.map((block) => {
    const [time = '', line = '', ...more] = block.split('\n');
    expect(time).toMatch(/^\d\d:\d\d:\d\d\.\d{3} --> \d\d:\d\d:\d\d\.\d{3}$/);
    expect(more).toEqual([]);
    return { time, text: line };
  });
}

const captions = (whole: Session) => cues(captionsVtt(whole, whole.items[0]!, at));

describe('captionsVtt', () => {
  it('shows each face’s emotion while it lasts and the answers at their time, in order', () => {
    expect(captions(watched())).toEqual([
      { time: '00:00:00.000 --> 00:00:01.000', text: 'Ada (face 1): happiness, 70%' },
      { time: '00:00:00.000 --> 00:00:01.000', text: 'Face 2: uncertain' },
      { time: '00:00:01.000 --> 00:00:02.000', text: 'Ada (face 1): surprise, 70%' },
      { time: '00:00:01.000 --> 00:00:05.000', text: '[emotion] happiness, 75%' },
      { time: '00:00:04.000 --> 00:00:04.500', text: 'Ada (face 1): happiness, 70%' },
    ]);
  });

  it('lets no name or answer break out of its cue', () => {
    const risky = watched();
    risky.items[0]!.name = 'a --> b.mp4';
    risky.items[0]!.names = { '1': '<b>\n\n00:00 --> 00:01\nEve & co' };
    risky.items[0]!.explanations = [explanation({ answer: { text: 'so\n\n--> it', distribution: [] } })];
    const texts = captions(risky).map((cue) => cue.text);
    expect(texts[0]).toBe('&lt;b&gt; 00:00 --&gt; 00:01 Eve &amp; co (face 1): happiness, 70%');
    expect(texts).toContain('[emotion] so --&gt; it');
  });

  it('shows the user’s marks: a stretch for as long as it lasts, a moment for four seconds', () => {
    const whole = watched();
    whole.items[0]!.marks = marks;
    expect(captions(whole).filter(({ text }) => text.startsWith('[exclude]') || text.startsWith('[note]'))).toEqual([
      { time: '00:00:00.500 --> 00:00:01.500', text: '[exclude]' },
      { time: '00:00:03.000 --> 00:00:07.000', text: '[note] a --&gt; b' },
    ]);
    const objects = cues(metadataVtt(whole, whole.items[0]!, at)).map((cue) => JSON.parse(cue.text));
    expect(objects).toContainEqual({ type: 'mark', kind: 'exclude', time: 0.5, end: 1.5, text: '' });
  });

  it('tells programs of cuts, and spares people who read subtitles', () => {
    const whole = watched();
    whole.items[0]!.cuts = [{ after: 1.4, time: 1.5 }];
    expect(captions(whole)).toEqual(captions(watched()));
    const cue = cues(metadataVtt(whole, whole.items[0]!, at)).find(({ text }) => text.includes('scene_cut'));
    expect(cue?.time).toBe('00:00:01.500 --> 00:00:02.000');
    expect(JSON.parse(cue?.text ?? '')).toEqual({ type: 'scene_cut', after: 1.4, time: 1.5 });
  });

  it('gives a picture, which has no time, five seconds', () => {
    const whole = session();
    whole.items[0]!.kind = 'picture';
    expect(captions(whole).map((cue) => cue.time)).toEqual(Array(3).fill('00:00:00.000 --> 00:00:05.000'));
  });
});

describe('metadataVtt', () => {
  it('holds the same cues with their numbers as JSON', () => {
    const whole = watched();
    whole.items[0]!.names = { '1': '-->' };
    const objects = cues(metadataVtt(whole, whole.items[0]!, at)).map((cue) => {
      expect(cue.text).not.toContain('-->');
      return JSON.parse(cue.text);
    });
    expect(objects[0]).toMatchObject({ type: 'expression', faceId: 1, name: '-->', emotion: 'happiness', valence: -0.25, readings: 10 });
    expect(objects[3]).toMatchObject({ type: 'explanation', task: 'emotion', answer: { text: 'happiness' }, words: ['KEEP CALM'] });
    expect(objects[3]).not.toHaveProperty('wordsGiven');
    whole.items[0]!.explanations[0] = { ...whole.items[0]!.explanations[0]!, words: [], wordsGiven: 'oh\ngreat' };
    expect(JSON.parse(cues(metadataVtt(whole, whole.items[0]!, at))[3]!.text)).toMatchObject({ words: ['oh', 'great'], wordsGiven: true });
  });
});

describe('clockTime', () => {
  it.each([
    [0, '00:00:00.000'],
    [59.9996, '00:01:00.000'],
    [3661.5, '01:01:01.500'],
    [360_000, '100:00:00.000'],
  ])('%d s is %s', (seconds, text) => expect(clockTime(seconds)).toBe(text));
});
