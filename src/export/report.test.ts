import { describe, expect, it } from 'vitest';
import { reportHtml } from './report.ts';
import { explanation, reading, session, watched } from './session.fixture.ts';

const at = new Date('2026-01-02T03:04:05Z');
/** As a reader sees it: without tags and style. */
const textOf = (html: string) =>
  html
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll(/<title>.*?<\/title>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');

describe('reportHtml', () => {
  it('tells how long each face showed what, and what was said of it', () => {
    const text = textOf(reportHtml(watched(), at));
    expect(text).toContain('Ada (face 1)');
    expect(text).toMatch(/Share of time happiness 60\.0% surprise 40\.0%/);
    expect(text).toContain('Mean valence -0.25, mean arousal 0.50; 25 readings, 2.5 s in view.');
    expect(text).toMatch(/uncertain 100\.0%/);
    expect(text).toContain('reason It smiles.');
    expect(text).toContain('[scene]');
  });

  it('tells the probabilities of a picture, which has no time', () => {
    const picture = session();
    picture.items[0] = { ...picture.items[0]!, kind: 'picture', readings: [reading({ time: 0 })] };
    const html = reportHtml(picture, at);
    expect(textOf(html)).toMatch(/Probability happiness 70\.0% neutral 10\.0%/);
    expect(html).not.toContain('<svg');
  });

  it('says what made it', () => {
    const text = textOf(reportHtml(watched(), at));
    for (const fact of [
      '2026-01-02T03:04:05.000Z',
      'EmoLLM 0.1.0',
      'tiny 1',
      'sha256 abc123',
      'face-encoder: wasm, fp32',
      'test gpu',
      'smoothing: 0.4',
    ])
      expect(text).toContain(fact);
  });

  it('runs and fetches nothing, whatever names and texts hold', () => {
    const risky = watched();
    const text = `"><script>alert(1)</script><img src='http://x/' onerror=alert(1)>`;
    risky.items[0]!.name = text;
    risky.items[0]!.names = { '1': text };
    risky.model!.adapter = text;
    risky.items[0]!.explanations = [
      explanation({
        steps: { observe: text, cues: text, reason: text, answer: text },
        answer: { text, distribution: [{ option: text, probability: 1 }] },
        words: [{ text, score: 1, box: { x: 0, y: 0, width: 1, height: 1 } }],
        evidence: { observe: [], cues: [{ kind: 'action-unit', code: text, faceIds: [1] }], reason: [], answer: [] },
        error: { code: 'internal', message: text, remedy: '' },
      }),
    ];
    const html = reportHtml(risky, at);
    const tags = Array.from(html.matchAll(/<[a-z][^>]*>/gi), ([tag]) => tag.replaceAll(/"[^"]*"/g, '""'));
    expect(tags.length).toBeGreaterThan(50);
    expect(tags.filter((tag) => /^<(script|img|link|iframe|object|base|a)\b|\s(src|href|on\w+)=/i.test(tag))).toEqual([]);
    expect(html).toContain('default-src &#39;none&#39;');
  });

  it('says which words it was told, and that they were typed', () => {
    const said = (changes: Parameters<typeof explanation>[0]) => {
      const talk = watched();
      talk.items[0]!.explanations = [explanation({ words: [], ...changes })];
      return textOf(reportHtml(talk, at))
        .match(/Words.*?(?= What made)/)?.[0]
        .trim();
    };
    expect(said({ words: explanation().words })).toBe('Words: KEEP CALM');
    expect(said({ wordsGiven: 'oh\n<great>' })).toBe('Words as typed: oh / &lt;great&gt;');
    expect(said({ wordsGiven: ' ' })).toBe('Words as typed: none');
    expect(said({})).toBeUndefined();
  });

  it('says so where there was no face', () => {
    const empty = session();
    empty.items[0]!.readings = [];
    expect(textOf(reportHtml(empty, at))).toContain('No face was read.');
  });
});
