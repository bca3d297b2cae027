/**
 * The page's side of the evaluation's worker. One that is lost takes nothing with it: what it judged is known here, and the next one goes on
 * at the same picture.
 */
import { proxy, type Remote, transfer } from 'comlink';
import { type WireError, wireError } from '../../shared/errors.ts';
import type { EvaluationCourse, JudgedRow, ReportFacts } from '../../shared/evaluation.ts';
import { fail, type Result } from '../../shared/result.ts';
import type { EvaluationApi, EvaluationNews, EvaluationOptions, EvaluationProgress, TransferredFrame } from '../api.ts';
import { requestsLog } from '../requests-log.ts';
import { faultOfError, lossError, stopped } from './faults.ts';
import { type JobEnd, oneJob } from './one-job.ts';

/** A picture that so many workers were lost at is left out. */
const MOST_AT_ONE = 2;
/** After so many pictures in a row that were left out for it, or so many workers that were lost before they judged any, all is given up. */
const MOST_IN_VAIN = 2;

function startEvaluation(): Worker {
  return requestsLog.note('evaluation', new Worker(new URL('../evaluate.ts', import.meta.url), { type: 'module', name: 'evaluate' }));
}

const AGAIN = 'Start it again. If it happens again, choose another backend or fewer pictures.';
const loss = {
  died: (detail: string) => wireError('internal', 'The evaluation stopped unexpectedly.', AGAIN, detail),
  silent: (detail: string) => wireError('internal', 'The evaluation does not answer any more.', AGAIN, detail),
};

const resultOf = (end: JobEnd<string>): Result<string> => ('fault' in end ? fail(lossError(end.fault, loss)) : end.result);

/** For tests. */
interface EvaluationHost {
  start?: () => Worker;
  /** Milliseconds of a steady clock. */
  now?: () => number;
}

/** What is known of an evaluation on this side, whatever becomes of its workers. */
class Ledger {
  readonly #rows: JudgedRow[] = [];
  #facts: ReportFacts | null = null;
  #seconds = 0;
  /** Workers lost since the last row. */
  #lost = 0;
  /** Rows left out since the last one that was judged. */
  #leftOut = 0;

  /** What another worker goes on with; null until the first row is done with. */
  get course(): EvaluationCourse | null {
    return this.#facts && this.#rows.length > 0 ? { facts: this.#facts, rows: this.#rows, seconds: this.#seconds } : null;
  }

  /** Likewise, where there is something in it to report. */
  get judged(): EvaluationCourse | null {
    return this.#rows.some((row) => 'value' in row) ? this.course : null;
  }

  begin(facts: ReportFacts): void {
    this.#facts = facts;
  }

  add(row: JudgedRow, seconds: number): void {
    this.#rows.push(row);
    this.#seconds = seconds;
    this.#lost = 0;
    this.#leftOut = 0;
  }

  /**
   * A worker was lost. Gives whether another is worth trying.
   * @param isJudging it was loaded, so the next picture may be what took it
   * @param reason why that picture is left out; null where none may be
   */
  lose(isJudging: boolean, reason: string | null): boolean {
    this.#lost += 1;
    if (this.#lost < MOST_AT_ONE) return isJudging || this.judged !== null;
    if (!isJudging || reason === null) return false;
    this.#rows.push({ skipped: reason });
    this.#lost = 0;
    this.#leftOut += 1;
    return this.#leftOut < MOST_IN_VAIN;
  }
}

/**
 * Judges a pack on labelled pictures in a worker of its own; the report is JSON text. An abort gives the report of what was judged so far, as
 * soon as the worker is done with its graph run; `cancelled` where nothing was. Where the worker is lost, another goes on at the same
 * picture; one that takes two of them is listed as skipped, where pictures may be (`skipBroken`). Where that leads nowhere, the report is of
 * what was judged until then, and says so (`broken_off`).
 * @param picture decodes a file, named as in labels.csv; what it gives is transferred
 */
export async function runEvaluation(
  signal: AbortSignal,
  options: EvaluationOptions,
  picture: (file: string) => Promise<Result<TransferredFrame>>,
  onProgress: (progress: EvaluationProgress) => void,
  { start = startEvaluation, now }: EvaluationHost = {},
): Promise<Result<string>> {
  if (signal.aborted) return fail(stopped());
  const ledger = new Ledger();
  const transferred = async (file: string): Promise<Result<TransferredFrame>> => {
    const opened = await picture(file);
    return opened.ok ? transfer(opened, [opened.value.image]) : opened;
  };
  const reported = async (brokenOff: WireError | null, course: EvaluationCourse): Promise<Result<string>> => {
    const why = brokenOff?.message ?? null;
    return resultOf(await oneJob<EvaluationApi, string>(start(), (remote) => remote.report(options, course, why), now));
  };
  for (let again = false; ; again = true) {
    let isJudging = false;
    const job = (remote: Remote<EvaluationApi>, ended: AbortSignal): Promise<Result<string>> => {
      const hear = (news: EvaluationNews): void => {
        // What a lost worker had still to say is judged again by the next one.
        if (ended.aborted) return;
        if (news.phase === 'judged') ledger.add(news.row, news.seconds);
        else if (news.phase === 'begun') ledger.begin(news.facts);
        else onProgress(news.phase === 'loading' ? { ...news, again } : news);
        isJudging = news.phase !== 'loading';
      };
      const stop = (): void => void remote.stop().catch(() => {});
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true, signal: ended });
      return remote.run(options, ledger.course, proxy(transferred), proxy(hear));
    };
    if (again) onProgress({ phase: 'loading', loadedBytes: 0, totalBytes: 0, again });
    const end = await oneJob<EvaluationApi, string>(start(), job, now);
    const result = resultOf(end);
    if (result.ok) return result;
    const { error } = result;
    if (signal.aborted) return ledger.judged ? reported(null, ledger.judged) : fail('fault' in end ? stopped() : error);
    const isLost = 'fault' in end || faultOfError(error) !== null;
    if (!isLost) return result;
    if (ledger.lose(isJudging, options.skipBroken ? error.message : null)) continue;
    return ledger.judged && options.skipBroken ? reported(error, ledger.judged) : result;
  }
}
