/** Whatever names, notes and texts there are, other programs read the exports as they were meant. The readers here are written apart from the writers. */
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { holds } from '../../scripts/property.ts';
import { parseCsv, records } from './csv.fixture.ts';
import { explanationsCsv, readingsCsv } from './csv.ts';
import { elanText } from './elan.ts';
import { exportFiles } from './files.ts';
import { EXPORT_KINDS } from './kinds.ts';
import { reportHtml } from './report.ts';
import { explanation, marks, session, watched } from './session.fixture.ts';
import type { Session } from './session.ts';
import { csvTable, tsvTable } from './table.ts';
import { captionsVtt, metadataVtt } from './webvtt.ts';

const AT = new Date('2026-01-02T03:04:05Z');
const word = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '"',
    '""',
    '\n',
    '\r\n',
    '\r',
    '\t',
    ',',
    ';',
    '\u2028',
    '=1+1',
    '+1',
    '-1',
    '@x',
    '＝1',
    "'=1",
    ' =1',
    '-->',
    '<b>',
    '&amp;',
    '\u0000',
  ),
  fc.constantFrom(
    '<img src=x onerror=alert(1)>',
    '</script><script>alert(1)</script>',
    "' onload='x",
    'NOTE',
    'WEBVTT',
    '00:00.000 --> 00:01.000',
    '\uFEFF',
  ),
);
const text = fc.array(word, { maxLength: 5 }).map((words) => words.join(''));

/** The session of the other tests, said in these words. */
function saying(name: string, face: string, said: string): Session {
  const whole = watched();
  const [item] = whole.items;
  if (!item) throw new Error('no item');
  const run = explanation({
    ...{ time: 1, prompt: said, steps: { observe: said, cues: said, reason: said, answer: said }, words: [], wordsGiven: said },
    answer: { text: said, distribution: [{ option: said, probability: 0.75 }] },
  });
  const noted = marks.map((mark) => ({ ...mark, text: said }));
  return { ...session(), items: [{ ...item, name, names: { '1': face }, explanations: [run], marks: noted }] };
}

/** As a spreadsheet has it: what an apostrophe was put before is the text without it. */
const cell = (value: string) => (/^'[=+\-@＝＋－＠\t\r\n]/.test(value) ? value.slice(1) : value);

describe('tables', () => {
  holds('of any cells are read back, and no cell is a formula', [fc.array(fc.tuple(text, text, text), { maxLength: 6 })], (rows) => {
    const read = parseCsv(csvTable(['a', 'b', 'c'], rows));
    expect(read.slice(1).map((row) => row.map(cell))).toEqual(rows.map((row) => row.map((value) => cell(value))));
    for (const value of read.flat()) expect(value).not.toMatch(/^[=+\-@＝＋－＠\t\r\n]/);
  });

  holds('with tabs keep to their lines and columns', [fc.array(fc.tuple(text, text, text), { maxLength: 6 })], (rows) => {
    const lines = tsvTable(null, rows, 'n/a').split('\n').slice(0, -1);
    expect(lines).toHaveLength(rows.length);
    for (const line of lines) {
      const cells = line.split('\t');
      expect(cells).toHaveLength(3);
      for (const value of cells) expect(value).not.toMatch(/^[=+\-@＝＋－＠]/);
    }
  });
});

/** A WebVTT file's cues, by the rules of its parser: blocks between blank lines, a timing line first. */
function cuesOf(vtt: string): { from: number; to: number; text: string }[] {
  const [head, ...blocks] = vtt
    .replaceAll('\r\n', '\n')
    .replaceAll('\r', '\n')
    .split(/\n{2,}/);
  expect(head).toBe('WEBVTT');
  return blocks.flatMap((block) => {
    const [first = '', ...rest] = block.trimEnd().split('\n');
    if (first === 'NOTE') {
      expect(block).not.toContain('-->');
      return [];
    }
    const timing = /^(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3}) --> (\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})$/.exec(first);
    if (!timing) throw new Error(`no timing: ${first}`);
    const [h = 0, m = 0, s = 0, ms = 0, h2 = 0, m2 = 0, s2 = 0, ms2 = 0] = timing.slice(1).map(Number);
    return [{ from: h * 3600 + m * 60 + s + ms / 1000, to: h2 * 3600 + m2 * 60 + s2 + ms2 / 1000, text: rest.join('\n') }];
  });
}

/** Tags of a page with the names of their attributes, as a browser's tokenizer finds them. */
const tagsOf = (html: string): string[] =>
  [...html.matchAll(/<[a-z!/](?:"[^"]*"|'[^']*'|[^>"'])*>/gi)].map(([tag]) => tag.replaceAll(/"[^"]*"|'[^']*'/g, ''));

describe('a session in any words', () => {
  holds(
    'is one table row a reading and one an explanation',
    [text, text, text],
    (name, face, said) => {
      const whole = saying(name, face, said);
      const rows = records(readingsCsv(whole));
      expect(rows).toHaveLength(whole.items[0]?.readings.length ?? 0);
      expect(cell(rows[0]?.input ?? '')).toBe(cell(name));
      expect(cell(rows[0]?.face_name ?? '')).toBe(cell(face.trim()));
      const [run] = records(explanationsCsv(whole));
      expect([run?.observe, run?.answer, run?.prompt].map((value) => cell(value ?? ''))).toEqual([said, said, said].map(cell));
    },
    { runs: 30 },
  );

  holds(
    'is the same cues in WebVTT, no more and no fewer',
    [text, text, text],
    (name, face, said) => {
      const whole = saying(name, face, said);
      const [item] = whole.items;
      if (!item) throw new Error('no item');
      const answers = said.trim() === '' ? 0 : 1;
      const captions = cuesOf(captionsVtt(whole, item, AT));
      expect(captions).toHaveLength(4 + answers + marks.length);
      for (const { from, to, text: line } of captions) {
        expect(from).toBeLessThan(to);
        expect(line).not.toMatch(/[\n<>]|&(?!amp;|lt;|gt;)/);
      }
      const facts = cuesOf(metadataVtt(whole, item, AT)).map((cue): unknown => JSON.parse(cue.text));
      expect(facts).toHaveLength(captions.length);
      if (answers === 1)
        expect(facts).toContainEqual(expect.objectContaining({ type: 'explanation', answer: expect.objectContaining({ text: said }) }));
    },
    { runs: 30 },
  );

  holds('is four columns in ELAN, and no tier has two annotations at once', [text, text], (face, said) => {
    const [spoken] = saying('clip.mp4', face, said).items;
    if (!spoken) throw new Error('no item');
    // Asked again before the first answer's time is over.
    const again = spoken.explanations.map((run) => ({ ...run, runId: 'r2', time: run.time + 0.5 }));
    const item = { ...spoken, explanations: [...spoken.explanations, ...again] };
    const seconds = (clock = '') => clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    const ends = new Map<string, number>();
    for (const line of elanText(item).split('\n').slice(0, -1)) {
      const cells = line.split('\t');
      expect(cells).toHaveLength(4);
      const [tier = '', from, to] = cells;
      expect(seconds(from)).toBeGreaterThanOrEqual(ends.get(tier) ?? 0);
      expect(seconds(to)).toBeGreaterThanOrEqual(seconds(from));
      ends.set(tier, seconds(to));
    }
  });

  const plain = tagsOf(reportHtml(saying('a', 'b', 'c'), AT));
  holds('has no element in the report that is not the report’s own', [text, text, text], (name, face, said) => {
    fc.pre(said.trim() !== '');
    const html = reportHtml(saying(name, face, said), AT);
    expect(tagsOf(html)).toEqual(plain);
  });

  holds(
    'is a file of each kind, under a plain name',
    [text, text, text],
    (name, face, said) => {
      for (const kind of EXPORT_KINDS) {
        for (const { path, text: content, type } of exportFiles(saying(name, face, said), kind, AT)) {
          expect(path).toMatch(/^[\w./-]+$/);
          expect(path.split('/')).not.toContain('..');
          if (type === 'application/json') expect(() => JSON.parse(content)).not.toThrow();
        }
      }
    },
    { runs: 10 },
  );
});
