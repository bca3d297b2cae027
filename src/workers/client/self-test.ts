/** The page's side of the self-test's worker. */
import { wireError } from '../../shared/errors.ts';
import { fail, type Result } from '../../shared/result.ts';
import type { SelfTestApi, SelfTestOptions } from '../api.ts';
import { requestsLog } from '../requests-log.ts';
import { lossError, stopped } from './faults.ts';
import { oneJob } from './one-job.ts';

function startSelfTest(): Worker {
  return requestsLog.note('self-test', new Worker(new URL('../self-test.ts', import.meta.url), { type: 'module', name: 'self-test' }));
}

const loss = {
  died: (detail: string) => wireError('internal', 'The self-test stopped unexpectedly.', 'Run it again.', detail),
  silent: (detail: string) => wireError('internal', 'The self-test does not answer any more.', 'Run it again.', detail),
};

/** Runs a pack's goldens in a worker of their own: a line for each that does not hold. An abort ends it at once: `cancelled`. */
export async function runSelfTest(signal: AbortSignal, options: SelfTestOptions): Promise<Result<string[]>> {
  if (signal.aborted) return fail(stopped());
  const end = await oneJob<SelfTestApi, string[]>(startSelfTest(), (remote, ended) => {
    const aborted = new Promise<Result<string[]>>((resolve) => {
      signal.addEventListener('abort', () => resolve(fail(stopped())), { once: true, signal: ended });
    });
    return Promise.race([remote.run(options), aborted]);
  });
  return 'fault' in end ? fail(lossError(end.fault, loss)) : end.result;
}
