import { describe, expect, it, vi } from 'vitest';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { EvaluationOptions } from '../workers/api.ts';
import type { EvaluationProgress } from '../workers/client.ts';
import { facesReport, judged } from './evaluation.fixture.ts';
import { Evaluation, type EvaluationHost, type RunChoice } from './evaluation.ts';
import { readReport } from './evaluation-file.ts';
import { OWN_PACK } from './pack-choice.ts';

const CHOICE: RunChoice = {
  task: 'faces',
  by: 'affect-head',
  cropped: true,
  limit: null,
  pack: 'tiny',
  packs: OWN_PACK,
  prompting: 'emoprompt',
  backend: 'wasm',
};
const LOAD = { packUrl: 'http://x/tiny/', wasmUrl: 'http://x/ort/', backend: 'auto', graphBackends: {}, threads: 0 } as const;
const REPORT = `${JSON.stringify(facesReport([judged('a.png', 'anger', 'fear')]))}\n`;
const FILES = [new File(['file,label\na.png,anger\n'], 'labels.csv'), new File(['pixels'], 'a.png')];

/** A worker that ends when the test says so. */
function setUp() {
  const calls: {
    signal: AbortSignal;
    options: EvaluationOptions;
    tell: (progress: EvaluationProgress) => void;
    end: (text: Result<string>) => void;
  }[] = [];
  const clock = { now: 0 };
  const host: EvaluationHost = {
    run: (signal, options, _picture, tell) => new Promise((end) => calls.push({ signal, options, tell, end })),
    loadOptions: (_pack, packs) => ({ ...LOAD, ...packs }),
    showFile: vi.fn((_file: File, itemId: string | null) => itemId ?? 'item-1'),
    now: () => clock.now,
    readReport,
  };
  const call = (index: number) => {
    const found = calls[index];
    if (!found) throw new Error(`no call ${index}`);
    return found;
  };
  return { evaluation: new Evaluation(host), host, calls, call, clock };
}

async function started() {
  const set = setUp();
  await set.evaluation.take(FILES);
  const end = set.evaluation.start(CHOICE);
  return { ...set, end };
}

describe('Evaluation', () => {
  it('opens with what was dropped, or with what is wrong with it', async () => {
    const { evaluation } = setUp();
    await evaluation.take([]);
    expect(evaluation.get()).toMatchObject({ folder: null, error: null, view: { open: true } });
    await evaluation.take([new File(['x'], 'a.png')]);
    expect(evaluation.get()).toMatchObject({ folder: null, error: { code: 'labels-invalid' } });
    await evaluation.take(FILES);
    expect(evaluation.get()).toMatchObject({ folder: { labels: 'file,label\na.png,anger\n' }, error: null });
  });

  it('judges all items, skips broken pictures, and runs where it was told to', async () => {
    const { call, evaluation, end } = await started();
    expect(call(0).options).toMatchObject({ ...LOAD, backend: 'wasm', task: 'faces', items: true, skipBroken: true, cropped: true });
    call(0).end(ok(REPORT));
    await end;
    expect(evaluation.get()).toMatchObject({ running: null, runs: [{ id: 1, text: REPORT, report: { accuracy: 0 } }], view: { shown: 1 } });
  });

  it('judges the foundation pack that was chosen, asked as it was chosen', async () => {
    const { call, evaluation } = setUp();
    await evaluation.take(FILES);
    void evaluation.start({
      ...CHOICE,
      task: 'emotion',
      by: 'language-model',
      packs: { ...OWN_PACK, foundation: 'smol' },
      prompting: 'plain',
    });
    expect(call(0).options).toMatchObject({ foundation: 'smol', storedPack: null, prompting: 'plain' });
  });

  it('does one at a time', async () => {
    const { calls, evaluation } = await started();
    await evaluation.start(CHOICE);
    expect(calls).toHaveLength(1);
  });

  it('tells the time left from the pictures after the first', async () => {
    const { call, clock, evaluation } = await started();
    const left = () => evaluation.get().running?.secondsLeft;
    call(0).tell({ phase: 'loading', loadedBytes: 1, totalBytes: 2 });
    clock.now = 100;
    call(0).tell({ phase: 'judging', done: 1, total: 11 });
    expect(left()).toBeNull();
    clock.now = 104;
    call(0).tell({ phase: 'judging', done: 3, total: 11 });
    expect(left()).toBe(16);
    // Loaded again in the middle of it: how long that took says nothing about the pictures.
    call(0).tell({ phase: 'loading', loadedBytes: 0, totalBytes: 0, again: true });
    clock.now = 200;
    call(0).tell({ phase: 'judging', done: 3, total: 11 });
    expect(left()).toBeNull();
    clock.now = 201;
    call(0).tell({ phase: 'judging', done: 4, total: 11 });
    expect(left()).toBe(7);
  });

  it('keeps the partial report of a run that was stopped', async () => {
    const { call, evaluation, end } = await started();
    evaluation.stop();
    expect(call(0).signal.aborted).toBe(true);
    expect(evaluation.get().running?.stopping).toBe(true);
    call(0).end(ok(JSON.stringify({ ...JSON.parse(REPORT), stopped: true, rows: 5 })));
    await end;
    expect(evaluation.get()).toMatchObject({ running: null, error: null, runs: [{ report: { stopped: true, rows: 5 } }] });
  });

  it('has nothing to say of one that was stopped before its first picture, and says what failed', async () => {
    const { call, evaluation, end } = await started();
    call(0).end(fail(wireError('cancelled', 'Stopped.', '')));
    await end;
    expect(evaluation.get()).toMatchObject({ running: null, error: null, runs: [] });
    const again = evaluation.start(CHOICE);
    call(1).end(fail(wireError('out-of-memory', 'No memory.', 'Close tabs.')));
    await again;
    expect(evaluation.get()).toMatchObject({ running: null, error: { code: 'out-of-memory' }, runs: [] });
  });

  it('sets a second report beside the first', async () => {
    const { call, evaluation, end } = await started();
    call(0).end(ok(REPORT));
    await end;
    evaluation.look({ cell: { label: 'anger', answer: 'fear' }, page: 3 });
    await evaluation.import(new File([REPORT], 'other.json'));
    expect(evaluation.get()).toMatchObject({
      view: { shown: 2, against: 1, cell: null, page: 0 },
      runs: [{}, { file: 'other.json', folder: null }],
    });
    await evaluation.import(new File(['{}'], 'none.json'));
    expect(evaluation.get()).toMatchObject({ error: { code: 'file-unreadable' }, runs: [{}, {}] });
  });

  it('opens a picture on the stage, and the same one no second time', async () => {
    const { call, evaluation, host, end } = await started();
    call(0).end(ok(REPORT));
    await end;
    const [run] = evaluation.get().runs;
    if (!run) throw new Error('no run');
    await evaluation.showPicture(run, 'a.png');
    expect(evaluation.get().view.open).toBe(false);
    await evaluation.showPicture(run, 'a.png');
    expect(vi.mocked(host.showFile).mock.calls.map(([file, itemId]) => [file.name, itemId])).toEqual([
      ['a.png', null],
      ['a.png', 'item-1'],
    ]);
    await evaluation.showPicture(run, 'gone.png');
    expect(evaluation.get().error).toMatchObject({ code: 'file-unreadable' });
  });
});
