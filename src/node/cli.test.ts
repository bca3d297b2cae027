import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emotionOfWords } from '../engine/emotion-words.ts';
import { records } from '../export/csv.fixture.ts';
import { main } from './main.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const pack = ['--pack', join(root, 'public/models/tiny'), '--threads', '1'];
const portrait = join(root, 'public/samples/astronaut.jpg');

const run = (...args: string[]) => runUntil(new AbortController().signal, () => {}, args);

async function runUntil(
  signal: AbortSignal,
  onError: (piece: string) => void,
  args: string[],
): Promise<{ code: number; out: string; error: string }> {
  const text = { out: '', error: '' };
  const code = await main(signal, args, {
    out: (piece) => {
      text.out += piece;
    },
    error: (piece) => {
      text.error += piece;
      onError(piece);
    },
  });
  return { code, ...text };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emollm-'));
  // Four grey pictures: on `--cropped` each counts as one face.
  for (const [index, shade] of [30, 90, 150, 210].entries()) {
    const picture = sharp({ create: { width: 48, height: 48, channels: 3, background: { r: shade, g: shade, b: shade } } });
    await writeFile(join(folder, `${index}.png`), await picture.png().toBuffer());
  }
  await writeFile(join(folder, 'empty.jpg'), '');
  await writeFile(join(folder, 'notes.jpg'), 'not a picture');
  await writeFile(join(folder, 'broken.png'), (await readFile(join(folder, '0.png'))).subarray(0, 60));
  await writeFile(join(folder, 'clip.mp4'), 'x');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('emollm analyze', () => {
  it('prints the reading of a face and the four steps', async () => {
    const { code, out } = await run('analyze', portrait, ...pack);
    expect(code).toBe(0);
    expect(out).toMatch(/Face 1 at \d+,\d+ .*valence -?\d\.\d\d, arousal/);
    for (const head of ['Observe:', 'Cues:', 'Reason:', 'Answer:']) expect(out).toContain(`  ${head} `);
    expect(out).toMatch(/Answer: \w+ \(\d+ %\)\n$/);
  }, 120_000);

  it('goes on after files that cannot be read, each with its reason, and tells by its exit code', async () => {
    const names = ['empty.jpg', 'notes.jpg', 'broken.png', 'clip.mp4', 'missing.jpg'].map((name) => join(folder, name));
    const { code, out, error } = await run('analyze', ...names, portrait, '--json', ...pack);
    expect(code).toBe(1);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.error?.code)).toEqual([
      'file-empty',
      'file-unsupported',
      'picture-broken',
      'file-unsupported',
      'file-unreadable',
      undefined,
    ]);
    expect(lines[3].error.message).toContain('video');
    expect(lines[5]).toMatchObject({ file: portrait, task: 'emotion', pack: { id: 'tiny' }, readings: [{ faceId: 1 }] });
    expect(Object.keys(lines[5].steps)).toEqual(['observe', 'cues', 'reason', 'answer']);
    expect(lines[5].answer.text).toBe(lines[5].steps.answer);
    expect(error).toContain('empty.jpg');
  }, 120_000);

  it('writes an export into a folder and names its files', async () => {
    const to = join(folder, 'exports');
    const { code, out } = await run('analyze', portrait, '--format', 'fex', '--out', to, ...pack);
    expect(code).toBe(0);
    const [table = '', about = ''] = out.trim().split('\n');
    expect((await readFile(table, 'utf8')).split('\r\n')[1]).toContain('astronaut.jpg');
    const told = JSON.parse(await readFile(about, 'utf8'));
    expect(told.provenance).toMatchObject({ pack: { id: 'tiny' }, cueThreshold: 0.5, inputs: [{ name: 'astronaut.jpg' }] });
    expect(told.provenance.inputs[0].prompts[0].sha256).toMatch(/^[0-9a-f]{64}$/);
  }, 120_000);

  it('says how it was asked and what answered, and writes over nothing', async () => {
    const to = join(folder, 'bids');
    await mkdir(to, { recursive: true });
    await writeFile(join(to, 'participants.tsv'), 'mine');
    const refused = await run('analyze', portrait, '--format', 'bids', '--out', to, ...pack);
    expect([refused.code, await readFile(join(to, 'participants.tsv'), 'utf8'), existsSync(join(to, 'README.md'))]).toEqual([
      1,
      'mine',
      false,
    ]);
    expect(refused.error).toContain('participants.tsv is there already');
    // It was seen before the pack was looked for.
    const early = await run('analyze', portrait, '--format', 'bids', '--out', to, '--pack', join(folder, 'no-pack'));
    expect(early.error).toContain('participants.tsv is there already');
    const { out } = await run('analyze', portrait, '--prompt', 'plain', '--format', 'explanations-csv', '--out', to, ...pack);
    expect(records(await readFile(out.trim(), 'utf8'))).toMatchObject([{ prompting: 'plain', language_model: 'tiny 1.0.0' }]);
  }, 120_000);

  it('names pictures of one name in two folders by their paths, and takes a folder for its pictures', async () => {
    const twins = ['one', 'two'].map((name) => join(folder, 'twins', name));
    for (const twin of twins) {
      await mkdir(twin, { recursive: true });
      await copyFile(portrait, join(twin, 'astronaut.jpg'));
    }
    const { code, out } = await run('analyze', ...twins, '--format', 'fex', '--out', join(folder, 'twins'), ...pack);
    expect(code).toBe(0);
    const rows = records(await readFile(out.split('\n')[0] ?? '', 'utf8'));
    expect(rows.map(({ input }) => input)).toEqual(twins.map((twin) => join(twin, 'astronaut.jpg')));
  }, 120_000);

  it('tells the language model the words that are given, and says that they were', async () => {
    const asked = ['analyze', portrait, '--task', 'sarcasm', ...pack, '--words'];
    expect((await run(...asked, 'oh\n great')).out).toContain('  Words as given: oh great\n');
    expect((await run(...asked, '')).out).toContain('  Words as given: none\n');
    const line = JSON.parse((await run(...asked, 'oh great', '--json')).out);
    expect(line).toMatchObject({ wordsGiven: 'oh great', prompt: expect.stringContaining('Words: "oh great"') });
    expect(line).not.toHaveProperty('words');
    const to = join(folder, 'words');
    const { out } = await run(...asked, 'oh great', '--format', 'json', '--out', to);
    const [explanation] = JSON.parse(await readFile(out.trim(), 'utf8')).items[0].explanations;
    expect(explanation).toMatchObject({ words: [], wordsGiven: 'oh great' });
  }, 120_000);

  it('answers wrong usage with the right form and exit code 2', async () => {
    const { code, error } = await run('analyze', '--tusk', 'emotion');
    expect(code).toBe(2);
    expect(error).toContain('Usage: emollm analyze <files');
  });

  it('says which file of a pack is not there', async () => {
    const { code, error } = await run('analyze', portrait, '--pack', folder);
    expect(code).toBe(1);
    expect(error).toContain('manifest.json is not there');
  });
});

describe('emollm evaluate', () => {
  const out = () => join(folder, 'report.json');
  const evaluate = (...args: string[]) => run('evaluate', '--data', folder, '--out', out(), ...pack, ...args);
  const labels = (text: string) => writeFile(join(folder, 'labels.csv'), text);
  const report = async () => JSON.parse(await readFile(out(), 'utf8'));

  it('judges face crops by the affect head', async () => {
    await labels('file,label\n0.png,neutral\n1.png,fear\n2.png,neutral\n3.png,neutral\n');
    expect(await evaluate('--task', 'faces', '--cropped')).toMatchObject({ code: 0 });
    const value = await report();
    expect(value).toMatchObject({
      task: 'faces',
      by: 'affect-head',
      n: 4,
      majority_accuracy: 0.75,
      pack: { id: 'tiny' },
      cues: null,
      claims: null,
      without_face: 0,
    });
    expect(value).not.toHaveProperty('items');
    expect(value.pack.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(value.confusion.rows.flat().reduce((sum: number, count: number) => sum + count)).toBe(4);
    expect(value.expected_calibration_error).toBeGreaterThanOrEqual(0);
  }, 120_000);

  it('takes the first emotion word of a free answer for its class, and counts answers without any', async () => {
    await labels('file,label\n0.png,neutral\n1.png,fear\n');
    expect(await evaluate('--task', 'emotion-open', '--cropped', '--items')).toMatchObject({ code: 0 });
    const value = await report();
    expect(value).toMatchObject({ task: 'emotion-open', by: 'language-model', n: 2, expected_calibration_error: null });
    for (const item of value.items) expect(item).toMatchObject({ answer: emotionOfWords(item.text.answer), probabilities: null });
    expect(value.unmapped).toBe(value.items.filter((item: { answer: string | null }) => item.answer === null).length);
  }, 120_000);

  it('judges a task of words by the language model, with the words of the file, as many rows as asked', async () => {
    await labels('file,label,text\n0.png,yes,"a ""joke"""\n1.png,no,plain\n2.png,no,never\n');
    expect(await evaluate('--task', 'humor', '--limit', '2', '--items')).toMatchObject({ code: 0 });
    const value = await report();
    expect(value).toMatchObject({ task: 'humor', by: 'language-model', n: 2, options: ['yes', 'no'], majority_accuracy: 0.5 });
    expect(value.items.map((item: { file: string; label: string }) => [item.file, item.label])).toEqual([
      ['0.png', 'yes'],
      ['1.png', 'no'],
    ]);
    const [{ answer, probabilities, text }] = value.items;
    expect(text).toEqual({ observe: expect.any(String), cues: expect.any(String), reason: expect.any(String), answer });
    expect(probabilities.yes + probabilities.no).toBeCloseTo(1);
    expect(probabilities[answer]).toBeGreaterThanOrEqual(0.5);
  }, 120_000);

  it('asks with the emotions of pictures where the labels are those', async () => {
    await labels('file,label,text\n0.png,happiness,a\n1.png,love,b\n');
    expect(await evaluate('--task', 'emotion', '--limit', '1')).toMatchObject({ code: 0 });
    expect((await report()).options).toContain('sorrow');
  }, 120_000);

  it('measures how well scenes are felt', async () => {
    await labels('file,valence,arousal\n0.png,0.5,0\n1.png,-0.5,0.25\n');
    expect(await evaluate('--task', 'scene')).toMatchObject({ code: 0 });
    const value = await report();
    expect(value).toMatchObject({ task: 'scene', n: 2 });
    for (const axis of [value.valence, value.arousal]) {
      expect(Math.abs(axis.concordance)).toBeLessThanOrEqual(1);
      expect(axis.mae).toBeGreaterThan(0);
    }
  }, 120_000);

  it.each([
    ['file,label\n0.png,happy\n', 'line 2: "happy" is not a label of faces'],
    ['file,label\nbroken.png,fear\nnone.png,fear\n', 'line 3: none.png cannot be read'],
    ['file;label\n0.png;fear\n', 'line 1: the columns must be'],
  ])(
    'refuses %j',
    async (text, expected) => {
      await labels(text);
      const { code, error } = await evaluate('--task', 'faces', '--cropped');
      expect(code).toBe(1);
      expect(error).toContain(expected);
    },
    60_000,
  );

  it('writes the report of what was judged when it is stopped', async () => {
    await labels('file,label\n0.png,neutral\n1.png,fear\n2.png,neutral\n3.png,neutral\n');
    const stop = new AbortController();
    const { isTTY } = process.stderr;
    process.stderr.isTTY = true; // progress is told to a terminal alone
    try {
      const args = ['evaluate', '--data', folder, '--out', out(), ...pack, '--task', 'faces', '--cropped'];
      const stopped = await runUntil(stop.signal, (piece) => piece.includes('Judged 2 of 4') && stop.abort(), args);
      expect([stopped.code, stopped.error]).toEqual([130, expect.stringContaining('Stopped after 2 of 4 rows')]);
    } finally {
      process.stderr.isTTY = isTTY;
    }
    expect(await report()).toMatchObject({ n: 2, rows: 4, stopped: true });
  }, 120_000);

  it('writes the report of what was judged before a picture that cannot be read', async () => {
    await labels('file,label\n0.png,neutral\nbroken.png,fear\n2.png,neutral\n');
    const { code, error } = await evaluate('--task', 'faces', '--cropped');
    expect([code, error]).toEqual([1, expect.stringContaining('line 3: broken.png is damaged')]);
    expect(error).toContain(`The report of the 1 before it is in ${out()}.`);
    expect(await report()).toMatchObject({ n: 1, rows: 3, broken_off: expect.stringContaining('broken.png') });
  }, 120_000);

  it('says that the report cannot be written before anything is opened', async () => {
    const { code, error } = await run('evaluate', '--task', 'faces', '--data', 'nowhere', '--out', join(folder, '0.png', 'report.json'));
    expect([code, error]).toEqual([1, expect.stringContaining('The report cannot be written to')]);
    await evaluate('--task', 'faces', '--data', 'nowhere');
    expect(existsSync(out())).toBe(true); // an earlier one is left as it is
  });

  it('says where labels.csv is missing', async () => {
    await rm(join(folder, 'labels.csv'), { force: true });
    expect(await evaluate('--task', 'faces')).toMatchObject({ code: 1, error: expect.stringContaining('labels.csv cannot be read') });
  });
});
