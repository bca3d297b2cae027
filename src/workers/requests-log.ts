/** What the page's other workers have asked for, each as it tells (own-requests.ts): also what one asked for that has ended since. */
import { isRequestNews, joinedRequests, type ThreadRequests } from '../shared/requests.ts';

/** Workers beside the analysis, which is asked by itself. */
export type JobThread = 'evaluation' | 'self-test' | 'video-export' | 'packs';

export class RequestsLog {
  readonly #threads = new Map<JobThread, ThreadRequests>();

  /** From now on. The worker, as it came. */
  note(thread: JobThread, worker: Worker): Worker {
    worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (isRequestNews(data)) this.#threads.set(thread, joinedRequests(this.#threads.get(thread) ?? null, data.news));
    });
    return worker;
  }

  /** Of the threads that have asked for anything. */
  all(): Partial<Record<JobThread, ThreadRequests>> {
    return Object.fromEntries(this.#threads);
  }
}

/** Of this page. */
export const requestsLog = new RequestsLog();

/** What the workers beside the analysis have asked for so far, those that have ended included; of those alone that asked for anything. */
export const workerRequests = (): Partial<Record<JobThread, ThreadRequests>> => requestsLog.all();
