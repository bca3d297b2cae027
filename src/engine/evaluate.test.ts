import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Frame } from '../model/image.ts';
import { packFolder } from '../node/pack-folder.ts';
import { readPicture } from '../node/picture.ts';
import { createNodeRuntime } from '../node/runtime.ts';
import { wireError } from '../shared/errors.ts';
import type { EvaluationCourse, EvaluationReport, JudgedRow, ReportFacts } from '../shared/evaluation.ts';
import { fail, ok } from '../shared/result.ts';
import { createEngine, type Engine } from './engine.ts';
import { type EvaluateOptions, type EvaluateSource, evaluate } from './evaluate.ts';
import { reportOf } from './evaluation-report.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const OPTIONS: EvaluateOptions = { task: 'faces', by: 'affect-head', cropped: true, limit: null, items: true };
const LABELS = 'file,label\n1.png,neutral\nbroken.png,fear\n2.png,anger\n';

let engine: Engine;
let portrait: Frame;

beforeAll(async () => {
  const read = await readPicture(join(root, 'public/samples/astronaut.jpg'));
  if (!read.ok) throw new Error(read.error.message);
  portrait = read.value;
  engine = createEngine(await createNodeRuntime('native', 1), packFolder(join(root, 'public/models/tiny')));
  for await (const event of engine.load(new AbortController().signal))
    if (event.type === 'load-failed') throw new Error(event.error.message);
}, 120_000);
afterAll(() => engine.dispose());

/** The portrait under every name, but for one. */
const source = (labels: string, broken: 'picture-broken' | 'file-unreadable' = 'picture-broken'): EvaluateSource => ({
  labels,
  decode: async (file) => (file.startsWith('broken') ? fail(wireError(broken, `${file} is damaged.`, '')) : ok(portrait)),
});
const judge = (labels: EvaluateSource, options: Partial<EvaluateOptions> = {}, signal = new AbortController().signal) =>
  evaluate(signal, engine, labels, { ...OPTIONS, ...options });

describe('a picture that cannot be decoded', () => {
  it('ends all, with its line, unless asked otherwise', async () => {
    expect(await judge(source(LABELS))).toMatchObject({
      ok: false,
      error: { code: 'picture-broken', message: 'labels.csv, line 3: broken.png is damaged.' },
    });
  });

  it('is listed and in no figure where it may be skipped', async () => {
    const told: number[] = [];
    const report = await judge(source(LABELS), { skipBroken: true, onProgress: (done) => told.push(done) });
    expect(report).toMatchObject({
      ok: true,
      value: {
        n: 2,
        rows: 3,
        stopped: false,
        skipped: [{ file: 'broken.png', line: 3, reason: 'labels.csv, line 3: broken.png is damaged.' }],
        items: [{ file: '1.png' }, { file: '2.png' }],
      },
    });
    expect(told).toEqual([1, 2, 3]);
    const without = await judge(source('file,label\n1.png,neutral\n2.png,anger\n'));
    if (!report.ok || !without.ok) throw new Error('no report');
    const { seconds: _a, rows: _b, skipped: _c, ...figures } = report.value;
    expect(without.value).toMatchObject(figures);
  });

  it('is no excuse for a file that is not there, nor for a folder of nothing else', async () => {
    expect(await judge(source(LABELS, 'file-unreadable'), { skipBroken: true })).toMatchObject({
      ok: false,
      error: { code: 'file-unreadable' },
    });
    expect(await judge(source('file,label\nbroken.png,fear\n'), { skipBroken: true })).toMatchObject({
      ok: false,
      error: { code: 'picture-broken', message: 'None of the pictures could be decoded.' },
    });
  });
});

describe('a stop', () => {
  const stopAfter = (count: number, options: Partial<EvaluateOptions>) => {
    const abort = new AbortController();
    const onProgress = (done: number) => done === count && abort.abort();
    return judge(source('file,label\n1.png,neutral\n2.png,anger\n3.png,fear\n'), { ...options, onProgress }, abort.signal);
  };

  it('gives the figures of what was judged, where they are wanted', async () => {
    expect(await stopAfter(2, { keepPartial: true })).toMatchObject({ ok: true, value: { n: 2, rows: 3, stopped: true } });
    expect(await stopAfter(2, {})).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('after the last row comes too late; before the first nothing is there to keep', async () => {
    expect(await stopAfter(3, { keepPartial: true })).toMatchObject({ ok: true, value: { n: 3, stopped: false } });
    const before = AbortSignal.abort();
    expect(await judge(source(LABELS), { keepPartial: true }, before)).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });
});

describe('an evaluation that was lost', () => {
  const labels = 'file,label\n1.png,neutral\nbroken.png,fear\n2.png,anger\n3.png,neutral\n';
  /** All of it; and what another one would know that was lost after so many rows. */
  const known = async (count: number) => {
    const rows: JudgedRow[] = [];
    const begun: ReportFacts[] = [];
    const report = await judge(source(labels), {
      skipBroken: true,
      onBegun: (facts) => begun.push(facts),
      onJudged: (row) => rows.push(row),
    });
    const [facts] = begun;
    if (!report.ok || !facts) throw new Error('no report');
    // As it crosses from thread to thread.
    const before: EvaluationCourse = structuredClone({ facts, rows: rows.slice(0, count), seconds: 100 });
    return { report: report.value, before };
  };
  const timeless = ({ seconds: _, ...report }: EvaluationReport) => report;

  it('is gone on with at the next picture, and comes out the same', async () => {
    const { report, before } = await known(2);
    const decoded: string[] = [];
    const told: number[] = [];
    const watched = source(labels);
    const decode: EvaluateSource['decode'] = (file) => {
      decoded.push(file);
      return watched.decode(file);
    };
    const whole = await judge({ labels, decode }, { skipBroken: true, before, onProgress: (done) => told.push(done) });
    if (!whole.ok) throw new Error('no report');
    expect(decoded).toEqual(['2.png', '3.png']);
    expect(told).toEqual([2, 3, 4]);
    expect(timeless(whole.value)).toEqual(timeless(report));
    expect(whole.value.seconds).toBeGreaterThan(100);
  });

  it('can be reported without an engine, with why there is no more of it', async () => {
    const { before } = await known(3);
    expect(reportOf(before, { labels, limit: null, items: true, brokenOff: 'It died.' })).toMatchObject({
      ok: true,
      value: { n: 2, rows: 4, seconds: 100, stopped: true, broken_off: 'It died.', skipped: [{ line: 3 }], items: [{}, {}] },
    });
    const scene = 'file,valence,arousal\n1.png,0.5,-0.5\n2.png,0,0\n';
    const begun: ReportFacts[] = [];
    const rows: JudgedRow[] = [];
    await judge(source(scene), { task: 'scene', onBegun: (facts) => begun.push(facts), onJudged: (row) => rows.push(row) });
    const [report] = begun.map((facts) => reportOf({ facts, rows: rows.slice(0, 1), seconds: 1 }, { labels: scene, limit: null }));
    expect(report).toMatchObject({ ok: true, value: { by: 'scene-encoder', n: 1, rows: 2, stopped: true } });
    expect(report?.ok && 'broken_off' in report.value).toBe(false);
  });
});

describe('a report', () => {
  it('says how many readings are sure enough to be named, and how many of those are right', async () => {
    const report = await judge(source('file,label\n1.png,neutral\n2.png,anger\n'));
    if (!report.ok || !('abstention' in report.value)) throw new Error('no report');
    const { abstention, items = [] } = report.value;
    const threshold = engine.manifest?.faceEncoder.uncertainBelow ?? Number.NaN;
    const sure = items.filter(({ answer, probabilities }) => answer !== null && (probabilities?.[answer] ?? 0) >= threshold);
    const right = sure.filter(({ answer, label }) => answer === label).length;
    expect(abstention).toEqual({ threshold, coverage: sure.length / 2, accuracy: sure.length === 0 ? null : right / sure.length });
  });

  it('holds the scenes, too', async () => {
    const report = await judge(source('file,valence,arousal\n1.png,0.5,-0.5\n'), { task: 'scene' });
    expect(report).toMatchObject({
      value: { items: [{ file: '1.png', label: { valence: 0.5, arousal: -0.5 }, answer: { valence: expect.any(Number) } }] },
    });
  });
});
