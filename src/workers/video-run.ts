/** One video analysed from end to end: frames in their order, each read before the next is asked for. Knows neither decoder nor graphs. */
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import type { Result } from '../shared/result.ts';
import type { TransferredFrame, VideoOptions } from './api.ts';
import type { VideoFrames } from './video-frames.ts';

export interface VideoRunParts {
  open: (file: Blob) => Promise<Result<VideoFrames>>;
  /** Resolves when nothing that somebody waits for is being computed. */
  calm: () => Promise<void>;
  /** The engine's events for one frame, which it takes. */
  read: (signal: AbortSignal, frame: TransferredFrame) => AsyncGenerator<AnalysisEvent>;
  /** Where it gives a promise, the page has handled the event once that resolves. */
  emit: (event: AnalysisEvent) => void | Promise<void>;
}

/**
 * `started`, `video-opened`, then `readings` and `video-lost` in the order of their times, then one `done` or `failed`. What was sent
 * before a failure stays good. The page is never more than a frame behind.
 */
export async function runVideo(signal: AbortSignal, file: Blob, options: VideoOptions, parts: VideoRunParts): Promise<void> {
  const { runId, from, framesPerSecond, begin } = options;
  await parts.emit({ type: 'started', runId, task: null, time: from });
  const error = await analyze();
  await parts.emit(error ? { type: 'failed', runId, error } : { type: 'done', runId });

  async function analyze(): Promise<WireError | null> {
    const opened = await parts.open(file);
    if (!opened.ok) return opened.error;
    const video = opened.value;
    try {
      const { facts } = video;
      const to = Math.min(options.to ?? facts.end, facts.end);
      await parts.emit({ type: 'video-opened', runId, video: facts });
      let heard = Promise.resolve();
      let frames = 0;
      let lostEnd = false;
      for await (const piece of video.pieces(signal, { from, to, framesPerSecond, begin })) {
        if (piece.kind === 'lost') {
          lostEnd = piece.to >= to;
          await parts.emit({ type: 'video-lost', runId, from: piece.from, to: piece.to });
          continue;
        }
        await parts.calm();
        if (signal.aborted) {
          piece.frame.image.close();
          break;
        }
        for await (const event of parts.read(signal, piece.frame)) {
          if (event.type === 'failed') return event.error;
          if (event.type !== 'readings') continue;
          await heard;
          heard = Promise.resolve(parts.emit(event));
        }
        frames += 1;
      }
      await heard;
      if (signal.aborted) return wireError('cancelled', 'Stopped.', 'What was read so far stays. Go on when you like.');
      if (lostEnd) return damaged(frames);
      return null;
    } finally {
      video.close();
    }
  }
}

/** Nothing behind the damaged place could be read. */
function damaged(frames: number): WireError {
  return frames === 0
    ? wireError('video-broken', 'This video is damaged: no picture of it could be read.', 'Get the file again, or open another video.')
    : wireError(
        'video-broken',
        'This video is damaged: the rest of it could not be read.',
        'What was read before the damaged place stays. Get the file again for the rest.',
      );
}
