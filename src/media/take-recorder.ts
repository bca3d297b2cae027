/** A camera's stream → the pieces of a video, by MediaRecorder, and which moment lies where in it. Knows neither storage nor page. */
import { type WireError, wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { TakeSpan } from './take-time.ts';

export interface TakeOptions {
  stream: MediaStream;
  /** About every `PIECE_MS`, and the last one before `onEnd`. */
  onPiece: (piece: Blob) => void;
  /** A span began or ended. */
  onSpans: (spans: readonly TakeSpan[]) => void;
  /** Once: it was stopped, the camera went away (null), or the encoder failed. All pieces have come. */
  onEnd: (error: WireError | null) => void;
  /** Milliseconds, monotonic. */
  now?: () => number;
}

/** What a cut may cost. */
const PIECE_MS = 2000;
/** Enough for a face at 1280 × 720; a minute takes some 15 MB. */
const BITS_PER_SECOND = 2_000_000;
/** So that a moment is found without decoding much before it. Newer than TypeScript's DOM library, and left aside by some browsers. */
const KEY_FRAMES: object = { videoKeyFrameIntervalDuration: 2000 };
/**
 * WebM comes piece by piece. Chromium's MP4 holds all back until the end (14 s of H.264 in one piece, measured), so that a cut would cost
 * everything; it is for browsers that write nothing else. VP8 costs the least of the machine.
 */
const TYPES = ['video/webm;codecs=vp8', 'video/webm;codecs=vp9', 'video/webm', 'video/mp4'];

/** The type to record in; null where the browser records nothing. */
export function recordingType(): string | null {
  if (typeof MediaRecorder === 'undefined') return null;
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

export class TakeRecorder {
  /** MIME type without its codecs. */
  readonly type: string;
  readonly #recorder: MediaRecorder;
  readonly #options: TakeOptions;
  readonly #now: () => number;
  #spans: TakeSpan[] = [];
  #lastFrame: number | null = null;
  #pausedAt: number | null = null;
  /** Milliseconds. */
  #pausedFor = 0;
  #error: WireError | null = null;

  private constructor(recorder: MediaRecorder, type: string, options: TakeOptions) {
    this.#recorder = recorder;
    this.type = type.split(';')[0] ?? type;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    recorder.addEventListener('dataavailable', ({ data }) => {
      if (data.size > 0) options.onPiece(data);
    });
    recorder.addEventListener('error', (event) => {
      this.#error = recordingFailed('error' in event ? String(event.error) : 'the encoder failed');
      this.stop();
    });
    recorder.addEventListener('stop', () => {
      this.#closeSpan();
      options.onEnd(this.#error);
    });
  }

  /** Begins at once. Error: recording-failed. */
  static start(options: TakeOptions): Result<TakeRecorder> {
    const type = recordingType();
    if (type === null) {
      return fail(
        wireError('recording-failed', 'This browser cannot record video.', 'Readings are kept all the same. Another browser may record.'),
      );
    }
    try {
      const recorder = new MediaRecorder(options.stream, { ...KEY_FRAMES, mimeType: type, videoBitsPerSecond: BITS_PER_SECOND });
      const take = new TakeRecorder(recorder, type, options);
      recorder.start(PIECE_MS);
      return ok(take);
    } catch (error) {
      return fail(recordingFailed(String(error)));
    }
  }

  /** Seconds that were recorded so far. */
  get seconds(): number {
    const last = this.#spans.at(-1);
    if (!last) return 0;
    return last.at + Math.max(0, (last.to ?? this.#lastFrame ?? last.from) - last.from);
  }

  /** Call with the media time, in seconds, of every frame of the stream. The first one after a start is where the recording begins. */
  frame(mediaTime: number): void {
    if (this.#recorder.state !== 'recording') return;
    this.#lastFrame = mediaTime;
    const [first] = this.#spans;
    const last = this.#spans.at(-1);
    if (last && last.to === null) return;
    // It begins with its first frame: pauses before that are none of it.
    if (!first) this.#pausedFor = 0;
    // Encoders leave pauses out by the clock, not by frames.
    this.#spans = [...this.#spans, { from: mediaTime, to: null, at: first ? mediaTime - first.from - this.#pausedFor / 1000 : 0 }];
    this.#options.onSpans(this.#spans);
  }

  pause(): void {
    if (this.#recorder.state !== 'recording') return;
    this.#recorder.pause();
    this.#pausedAt = this.#now();
    this.#closeSpan();
  }

  resume(): void {
    if (this.#recorder.state !== 'paused') return;
    this.#recorder.resume();
    this.#pausedFor += this.#now() - (this.#pausedAt ?? this.#now());
    this.#pausedAt = null;
  }

  /** For good; `onEnd` follows. */
  stop(): void {
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
  }

  #closeSpan(): void {
    const last = this.#spans.at(-1);
    if (!last || last.to !== null) return;
    this.#spans = [...this.#spans.slice(0, -1), { ...last, to: Math.max(last.from, this.#lastFrame ?? last.from) }];
    this.#options.onSpans(this.#spans);
  }
}

function recordingFailed(detail: string): WireError {
  return wireError(
    'recording-failed',
    'The video could not be recorded any further.',
    'What was recorded is kept. Press Record video to begin anew; readings go on.',
    detail,
  );
}
