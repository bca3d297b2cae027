/**
 * Video files put together and looked into in a worker, which is ended where it does not answer any more: there are files whose index leads
 * in a circle.
 */
import { wireError } from '../shared/errors.ts';
import { fail, type Result } from '../shared/result.ts';
import type { Remuxed } from './remux.ts';

export interface RemuxWish {
  kind: 'remux' | 'index';
  file: Blob;
}

/** Milliseconds without a sign of life. A machine that is busy with other things is slow to give one. */
const PATIENCE_MS = 20_000;

/** As `remuxed`. */
export async function remuxedApart(recording: Blob): Promise<Result<Remuxed>> {
  const answer = await asked({ kind: 'remux', file: recording });
  if (answer !== null) return answer as Result<Remuxed>;
  return fail(wireError('video-broken', 'The recording could not be put together.', 'Its readings are kept. Record again.', 'no answer'));
}

/** Whether a file's index can be gone through to its end. */
export async function hasEnd(file: Blob): Promise<boolean> {
  return (await asked({ kind: 'index', file })) !== null;
}

/** What the worker answers; null where it does not. */
function asked(wish: RemuxWish): Promise<unknown> {
  const worker = new Worker(new URL('./remux-worker.ts', import.meta.url), { type: 'module', name: 'remux' });
  return new Promise((resolve) => {
    const end = (answer: unknown): void => {
      clearTimeout(timer);
      worker.terminate();
      resolve(answer);
    };
    const wait = () => setTimeout(() => end(null), PATIENCE_MS);
    let timer = wait();
    worker.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data !== 'alive') return end(data);
      clearTimeout(timer);
      timer = wait();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end(null);
    };
    worker.postMessage(wish);
  });
}
