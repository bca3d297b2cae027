import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wireError } from '../../shared/errors.ts';
import type { EvaluationCourse, ReportFacts } from '../../shared/evaluation.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { EvaluationApi, EvaluationNews, EvaluationOptions, EvaluationProgress } from '../api.ts';
import { runEvaluation } from './evaluation.ts';
import { FakeWorker, fakeTime } from './worker.fixture.ts';

const OPTIONS: EvaluationOptions = {
  packUrl: 'http://localhost/pack/',
  wasmUrl: 'http://localhost/ort/',
  backend: 'auto',
  graphBackends: {},
  threads: 0,
  task: 'faces',
  labels: 'file,label\na.png,fear\n',
  by: 'affect-head',
  cropped: true,
  limit: null,
  items: true,
  skipBroken: true,
};
const FACTS: ReportFacts = {
  head: { task: 'faces', by: 'affect-head', cropped: true, pack: { id: 'tiny', version: '1', hash: 'h' }, backends: {} },
  classes: ['fear'],
  threshold: 0.5,
};
const ROWS = 5;
const missing = fail(wireError('file-unreadable', 'a.png is not there.', 'Look again.'));
const value = { valence: 0, arousal: 0 };

type Fate =
  /** Judges to the end, but dies, falls silent or says so at these rows. */
  | { dies?: number; silent?: number; full?: number; broken?: number }
  /** Dies while it loads, or loads until it is stopped. */
  | 'unloadable'
  | 'slow';

/** Workers in their turn, as their fates have it; a report names what it is of. */
function begin(
  fates: Fate[],
  change: Partial<EvaluationOptions> = {},
  onProgress: (told: EvaluationProgress, user: { abort: AbortController }) => void = () => {},
) {
  const workers: FakeWorker<Partial<EvaluationApi>>[] = [];
  const before: (number | null)[] = [];
  const progress: EvaluationProgress[] = [];
  const abort = new AbortController();
  const judge = async (fate: Fate, course: EvaluationCourse | null, news: (news: EvaluationNews) => void, isStopped: () => boolean) => {
    before.push(course?.rows.length ?? null);
    news({ phase: 'loading', loadedBytes: 1, totalBytes: 2 });
    await time.settle();
    const worker = workers.at(-1);
    if (fate === 'unloadable') {
      worker?.crash('Out of memory');
      return new Promise<never>(() => {});
    }
    if (fate === 'slow') {
      while (!isStopped()) await time.settle();
      return fail(wireError('cancelled', 'Stopped.', ''));
    }
    news({ phase: 'begun', facts: FACTS });
    for (let row = course?.rows.length ?? 0; row < ROWS; row += 1) {
      if (isStopped()) return ok(`partial of ${row}`);
      await time.settle();
      if (fate.full === row) return fail(wireError('out-of-memory', 'No memory.', 'Close tabs.'));
      if (fate.broken === row) return fail(wireError('file-unreadable', 'No such file.', 'Look.'));
      if (fate.dies === row) worker?.crash('dead');
      if (fate.silent === row && worker) worker.isSilent = true;
      if (fate.dies === row || fate.silent === row) return new Promise<never>(() => {});
      news({ phase: 'judged', row: { value }, seconds: row + 1 });
      news({ phase: 'judging', done: row + 1, total: ROWS });
      await time.settle();
    }
    return ok('whole');
  };
  const start = () => {
    const fate = fates[workers.length] ?? {};
    let stopped = false;
    const worker = new FakeWorker<Partial<EvaluationApi>>({
      run: (_options, course, _picture, news) => judge(fate, course, news, () => stopped),
      stop: () => {
        stopped = true;
      },
      report: async (_options, { rows, seconds }, brokenOff) => {
        const names = rows.map((row) => ('skipped' in row ? row.skipped : 'judged'));
        return ok(JSON.stringify({ rows: names, seconds, brokenOff }));
      },
    });
    workers.push(worker);
    return worker.asWorker;
  };
  const end = runEvaluation(
    abort.signal,
    { ...OPTIONS, ...change },
    async () => missing,
    (told) => {
      progress.push(told);
      onProgress(told, { abort });
    },
    { start, now: time.now },
  );
  return { end, workers, before, progress, abort };
}

let time: ReturnType<typeof fakeTime>;
beforeEach(() => {
  time = fakeTime();
});
afterEach(() => time.end());

describe('runEvaluation', () => {
  it('asks for pictures, tells how far it is, and gives what was judged before a stop', async () => {
    let asked: unknown = null;
    let stops = 0;
    let end: (text: Result<string>) => void = () => {};
    const worker = new FakeWorker<Partial<EvaluationApi>>({
      run: async (_options, _before, picture, onNews) => {
        asked = await picture('a.png');
        onNews({ phase: 'judging', done: 1, total: 2 });
        return new Promise((resolve) => {
          end = resolve;
        });
      },
      stop: () => {
        stops += 1;
        end(ok('partial'));
      },
    });
    const abort = new AbortController();
    const stopAtFirst = () => abort.abort();
    const host = { start: () => worker.asWorker, now: time.now };
    expect(await runEvaluation(abort.signal, OPTIONS, async () => missing, stopAtFirst, host)).toEqual(ok('partial'));
    expect([stops, worker.terminated, asked]).toEqual([1, true, missing]);
  });

  it('starts no worker where it was stopped before', async () => {
    const start = (): Worker => {
      throw new Error('started');
    };
    expect(
      await runEvaluation(
        AbortSignal.abort(),
        OPTIONS,
        async () => missing,
        () => {},
        { start },
      ),
    ).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('goes on at the same picture in another worker where one dies, falls silent or has no memory left, and says that it does', async () => {
    const { end, workers, before, progress } = begin([{ dies: 2 }, { full: 3 }, { silent: 4 }]);
    for (let minute = 0; minute < 3; minute += 1) await time.pass(60_000);
    expect(await end).toEqual(ok('whole'));
    expect(before).toEqual([null, 2, 3, 4]);
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, true, true, true]);
    const judged = progress.flatMap((told) => (told.phase === 'judging' ? [told.done] : []));
    expect(judged).toEqual([1, 2, 3, 4, 5]);
    expect(progress.filter((told) => told.phase === 'loading' && told.again).length).toBeGreaterThanOrEqual(3);
    expect(progress[0]).toMatchObject({ phase: 'loading', again: false });
  });

  it('does not count what a lost worker had still to say', async () => {
    let late: (news: EvaluationNews) => void = () => {};
    const workers: FakeWorker<Partial<EvaluationApi>>[] = [];
    const start = () => {
      const worker = new FakeWorker<Partial<EvaluationApi>>({
        run: async (_options, before, _picture, news) => {
          news({ phase: 'begun', facts: FACTS });
          await time.settle();
          if (workers.length === 2) {
            late({ phase: 'judged', row: { value }, seconds: 1 });
            await time.settle();
            worker.crash('dead');
          }
          if (workers.length === 3) return ok(JSON.stringify(before?.rows));
          late = news;
          if (workers.length === 1) worker.crash('dead');
          return new Promise(() => {});
        },
      });
      workers.push(worker);
      return worker.asWorker;
    };
    const host = { start, now: time.now };
    // Left out after two workers, and nothing else.
    expect(
      await runEvaluation(
        new AbortController().signal,
        OPTIONS,
        async () => missing,
        () => {},
        host,
      ),
    ).toEqual(ok(JSON.stringify([{ skipped: 'The evaluation stopped unexpectedly.' }])));
  });

  it('leaves out a picture that took two workers, with the reason', async () => {
    const { end, before } = begin([{ dies: 2 }, { dies: 2 }]);
    expect(await end).toEqual(ok('whole'));
    expect(before).toEqual([null, 2, 3]);
  });

  it('where that leads nowhere, gives the report of what was judged until then, and why there is no more', async () => {
    const { end, workers } = begin([{ dies: 2 }, { dies: 2 }, { dies: 3 }, { dies: 3 }]);
    const report = await end;
    const why = 'The evaluation stopped unexpectedly.';
    expect(report.ok && JSON.parse(report.value)).toEqual({ rows: ['judged', 'judged', why, why], seconds: 2, brokenOff: why });
    expect(workers).toHaveLength(5);
  });

  it('likewise where the pack cannot be loaded any more', async () => {
    const { end } = begin([{ dies: 2 }, 'unloadable']);
    const report = await end;
    expect(report.ok && JSON.parse(report.value)).toMatchObject({
      rows: ['judged', 'judged'],
      brokenOff: 'This device ran out of memory.',
    });
  });

  it('fails with what to do where nothing was judged', async () => {
    const unloadable = begin(['unloadable']);
    expect(await unloadable.end).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
    expect(unloadable.workers).toHaveLength(1);
    const vain = begin([{ dies: 0 }, { dies: 0 }, { dies: 1 }, { dies: 1 }]);
    expect(await vain.end).toMatchObject({ ok: false, error: { code: 'internal', message: 'The evaluation stopped unexpectedly.' } });
    expect(vain.workers).toHaveLength(4);
  });

  it('leaves nothing out where nothing may be', async () => {
    const { end, workers } = begin([{ dies: 2 }, { dies: 2 }], { skipBroken: false });
    expect(await end).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(workers).toHaveLength(2);
  });

  it('ends at once with a fault of the folder, which another worker would find, too', async () => {
    const { end, workers } = begin([{ broken: 2 }]);
    expect(await end).toMatchObject({ ok: false, error: { code: 'file-unreadable' } });
    expect(workers).toHaveLength(1);
  });

  it('gives what was judged before a stop, also where the worker hangs or the next one is still loading', async () => {
    const judged = { rows: ['judged', 'judged', 'judged'], seconds: 3, brokenOff: null };
    const hanging = begin([{ silent: 3 }]);
    await time.pass(20_000);
    hanging.abort.abort();
    await time.pass(100_000);
    const report = await hanging.end;
    expect(report.ok && JSON.parse(report.value)).toEqual(judged);

    const loading = begin([{ dies: 3 }, 'slow']);
    await time.pass(20_000);
    loading.abort.abort();
    const partial = await loading.end;
    expect(partial.ok && JSON.parse(partial.value)).toEqual(judged);

    const between = begin([{ dies: 3 }, 'slow'], {}, (told, { abort }) => told.phase === 'loading' && told.again && abort.abort());
    const last = await between.end;
    expect(last.ok && JSON.parse(last.value)).toEqual(judged);
  });
});
