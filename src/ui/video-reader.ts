/**
 * Reads a video file from end to end: in the worker where the browser decodes for scripts, else in the page, from frame to frame of a
 * `<video>`. The caller sees no difference. Knows no queue and keeps nothing.
 */
import { openSeekable } from '../media/video-seek.ts';
import { type ErrorCode, type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { VideoOptions } from '../workers/client.ts';
import type { Analyzer } from './analyzer.ts';

export type VideoEvent = Extract<AnalysisEvent, { type: 'video-opened' | 'readings' | 'video-lost' }>;

export type ReadVideo = (
  signal: AbortSignal,
  file: Blob,
  options: Omit<VideoOptions, 'runId'>,
  hear: (event: VideoEvent) => void,
) => Promise<Result<void>>;

interface ReaderOptions {
  /** The one there is now. */
  analyzer: () => Analyzer;
  newId: (prefix: string) => string;
  /** Whether a file's index can be gone through to its end: the analyzer would never come back from one that cannot. Absent: it is taken for granted. */
  hasEnd?: (file: Blob) => Promise<boolean>;
}

/** Not decoded for scripts; a `<video>` may yet play it. */
const PERHAPS_PLAYED: readonly ErrorCode[] = ['video-codec', 'file-unsupported', 'video-broken'];

export class VideoReader {
  readonly #options: ReaderOptions;
  /** Who waits for the events of a run. */
  readonly #listeners = new Map<string, (event: AnalysisEvent) => void>();

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Whether the event belongs to a video that is read here. */
  hear(event: AnalysisEvent): boolean {
    const listener = 'runId' in event ? this.#listeners.get(event.runId) : undefined;
    listener?.(event);
    return listener !== undefined;
  }

  readonly read: ReadVideo = async (signal, file, options, hear) => {
    const { hasEnd } = this.#options;
    if (hasEnd && !(await hasEnd(file))) {
      return fail(
        wireError(
          'video-broken',
          'This video is damaged and cannot be read.',
          'Get the file again, or open another video.',
          'an index without end',
        ),
      );
    }
    let begun = false;
    const failure = await this.#run(
      'video',
      hear,
      (runId) => this.#options.analyzer().analyzeVideo(signal, file, { ...options, runId }),
      () => {
        begun = true;
      },
    );
    if (failure === null) return ok(undefined);
    if (begun || signal.aborted || !PERHAPS_PLAYED.includes(failure.code)) return fail(failure);
    return this.#readPlayed(signal, file, options, hear);
  };

  async #readPlayed(
    signal: AbortSignal,
    file: Blob,
    options: Omit<VideoOptions, 'runId'>,
    hear: (event: VideoEvent) => void,
  ): Promise<Result<void>> {
    const opened = await openSeekable(signal, file);
    if (!opened.ok) return opened;
    const { duration, width, height, frames, failure: damage, close } = opened.value;
    const sourceId = this.#options.newId('source');
    try {
      hear({
        type: 'video-opened',
        runId: sourceId,
        video: {
          decoder: 'video-element',
          start: 0,
          end: duration,
          width,
          height,
          codec: '',
          rotation: 0,
          frameRate: null,
          hasSound: null,
        },
      });
      const { smoothing } = options;
      for await (const frame of frames(signal, options)) {
        const failure = await this.#run('frame', hear, (runId) =>
          this.#options.analyzer().read(signal, frame, { runId, sourceId, mode: 'live', smoothing, background: true, cuts: true }),
        );
        if (failure) return fail(failure);
      }
      const ended = signal.aborted ? wireError('cancelled', 'Stopped.', 'What was read so far stays. Go on when you like.') : damage();
      return ended ? fail(ended) : ok(undefined);
    } finally {
      close();
    }
  }

  /** One run of the analyzer. Gives why it failed; null where it did not. */
  async #run(
    prefix: string,
    hear: (event: VideoEvent) => void,
    start: (runId: string) => Promise<void>,
    onReadings: () => void = () => {},
  ): Promise<WireError | null> {
    const runId = this.#options.newId(prefix);
    let failure: WireError | null = null;
    this.#listeners.set(runId, (event) => {
      if (event.type === 'readings') onReadings();
      if (event.type === 'failed') failure = event.error;
      if (event.type === 'video-opened' || event.type === 'readings' || event.type === 'video-lost') hear(event);
    });
    try {
      await start(runId);
    } finally {
      this.#listeners.delete(runId);
    }
    return failure;
  }
}
