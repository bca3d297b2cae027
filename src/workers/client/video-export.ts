/** The page's side of the video export's worker. */
import { proxy, type Remote } from 'comlink';
import { wireError } from '../../shared/errors.ts';
import { fail, type Result } from '../../shared/result.ts';
import type { VideoExportApi, VideoExportOptions, VideoExportPlan, WrittenVideo } from '../api.ts';
import { requestsLog } from '../requests-log.ts';
import { lossError, stopped } from './faults.ts';
import { oneJob } from './one-job.ts';

/** An export that was stopped has so long, ms, to throw away what it wrote; one that hangs never would. */
const STOP_MS = 10_000;

function startVideoExport(): Worker {
  return requestsLog.note(
    'video-export',
    new Worker(new URL('../video-export.ts', import.meta.url), { type: 'module', name: 'video-export' }),
  );
}

const notLookedAt = (detail: string) =>
  wireError('internal', 'The video file could not be looked at.', 'Close this, then open it again.', detail);
const planLoss = { died: notLookedAt, silent: notLookedAt };

const TRY_SMALLER = 'Start it again. If it happens again, choose a smaller size.';
const writeLoss = {
  died: (detail: string) => wireError('internal', 'The writing of the video stopped unexpectedly.', TRY_SMALLER, detail),
  silent: (detail: string) => wireError('internal', 'The writing of the video does not go on any more.', TRY_SMALLER, detail),
};

/** For tests: who makes the worker, and milliseconds of a steady clock. */
interface ExportHost {
  start?: () => Worker;
  now?: () => number;
}

/** What a video file can be written as by this browser. @param maxSides longest sides in px; null: as it is */
export async function planVideoExport(
  file: Blob,
  maxSides: (number | null)[],
  { start = startVideoExport, now }: ExportHost = {},
): Promise<Result<VideoExportPlan>> {
  const end = await oneJob<VideoExportApi, VideoExportPlan>(start(), (remote) => remote.plan(file, maxSides), now);
  return 'fault' in end ? fail(lossError(end.fault, planLoss)) : end.result;
}

/**
 * Writes a video with what was read burned into it, in a worker of its own. An abort throws away what was written: `cancelled`; so does the
 * loss of the worker.
 * @param onProgress seconds of media time that are written
 */
export async function writeVideoExport(
  signal: AbortSignal,
  options: VideoExportOptions,
  onProgress: (seconds: number) => void,
  { start = startVideoExport, now }: ExportHost = {},
): Promise<Result<WrittenVideo>> {
  if (signal.aborted) return fail(stopped());
  const job = async (remote: Remote<VideoExportApi>, ended: AbortSignal): Promise<Result<WrittenVideo>> => {
    let patience: ReturnType<typeof setTimeout> | undefined;
    const hanging = new Promise<Result<never>>((resolve) => {
      const stop = (): void => {
        remote.cancel().catch(() => {});
        patience = setTimeout(() => resolve(fail(stopped())), STOP_MS);
      };
      signal.addEventListener('abort', stop, { once: true, signal: ended });
    });
    try {
      return await Promise.race([remote.write(options, proxy(onProgress)), hanging]);
    } finally {
      clearTimeout(patience);
    }
  };
  const end = await oneJob<VideoExportApi, WrittenVideo>(start(), job, now);
  return 'fault' in end ? fail(lossError(end.fault, writeLoss)) : end.result;
}
