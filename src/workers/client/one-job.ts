/** A worker that is made for one job and ended with it. */
import type { Remote } from 'comlink';
import type { Fault } from '../../shared/faults.ts';
import type { Result } from '../../shared/result.ts';
import type { WatchedApi } from '../api.ts';
import { connect } from './connection.ts';
import { crashFault } from './faults.ts';

/** What the job gave, or what took its worker. */
export type JobEnd<T> = { result: Result<T> } | { fault: Fault };

/**
 * Takes the worker. One that dies or does not answer any more is not waited for.
 * @param job its `ended` is aborted when nothing may be asked of the worker any more, however that came
 * @param now milliseconds of a steady clock; for tests
 */
export async function oneJob<Api extends WatchedApi, T>(
  worker: Worker,
  job: (remote: Remote<Api>, ended: AbortSignal) => Promise<Result<T>>,
  now?: () => number,
): Promise<JobEnd<T>> {
  let lose: (end: JobEnd<T>) => void = () => {};
  const lost = new Promise<JobEnd<T>>((resolve) => {
    lose = resolve;
  });
  const ended = new AbortController();
  const connection = connect<Api>(worker, { onFault: (fault) => lose({ fault }), isWaited: () => true, ...(now && { now }) });
  const done = async (): Promise<JobEnd<T>> => {
    try {
      return { result: await job(connection.remote, ended.signal) };
    } catch (error) {
      return { fault: crashFault(String(error)) };
    }
  };
  try {
    return await Promise.race([done(), lost]);
  } finally {
    ended.abort();
    connection.close();
  }
}
