/**
 * A video file's frames by going from time to time in a `<video>` element: for browsers that play what they do not decode for scripts.
 * Slower than a decoder, and of a frame's time it knows what the browser tells.
 */
import type { WireError } from '../shared/errors.ts';
import { ok, type Result } from '../shared/result.ts';
import type { MediaFrame } from './frame.ts';
import { grabFrame } from './live-frames.ts';
import { openVideo } from './video-file.ts';

export interface SeekOptions {
  /** Seconds of media time; `to` null: to the end. */
  from: number;
  to: number | null;
  /** Null: as many as there are, up to 60 a second. */
  framesPerSecond: number | null;
  /** Where to begin among those, in seconds; null: with the first. */
  begin: number | null;
}

export interface SeekableVideo {
  /** Seconds. */
  duration: number;
  /** px, upright. */
  width: number;
  height: number;
  /** In order of their time, none twice. Whoever takes a frame closes it. Ends early where the signal says so or the file breaks. */
  frames(signal: AbortSignal, options: SeekOptions): AsyncGenerator<MediaFrame>;
  /** Why the frames ended early: the file turned out to be damaged. Null where it did not. */
  failure(): WireError | null;
  close(): void;
}

/** What an element is asked for where every frame is wanted, since it does not say how many there are. */
const MOST_A_SECOND = 60;
/** The browser is asked for a moment within the frame, in seconds: at its very beginning some show the one before. */
const WITHIN = 0.001;
/** Browsers that tell a frame's own time do so about when they have found it, ms. */
const TELLING_MS = 100;

/** Errors: those of `openVideo`. */
export async function openSeekable(signal: AbortSignal, file: Blob): Promise<Result<SeekableVideo>> {
  const element = document.createElement('video');
  let failure: WireError | null = null;
  const opened = await openVideo(signal, file, element, (error) => {
    failure = error;
  });
  if (!opened.ok) return opened;
  const { width, height, close } = opened.value;
  const duration = await lengthOf(signal, element);
  async function* frames(ended: AbortSignal, { from, to, framesPerSecond, begin }: SeekOptions): AsyncGenerator<MediaFrame> {
    const end = Math.min(to ?? duration, duration);
    const step = framesPerSecond ?? MOST_A_SECOND;
    const first = begin === null ? 0 : Math.max(0, Math.ceil((begin - from - WITHIN) * step));
    let last = Number.NEGATIVE_INFINITY;
    for (let k = first; from + k / step < end - WITHIN; k += 1) {
      if (ended.aborted || failure) return;
      const asked = from + k / step + WITHIN;
      const told = await seek(ended, element, asked);
      // Where every frame is wanted, one that is not told is the one before.
      const isSame = told === 'untold' && framesPerSecond === null && Number.isFinite(last);
      const time = told === 'untold' ? asked : told;
      if (time === null || time <= last || isSame) continue;
      const frame = await grabFrame(element, time);
      if (!frame) continue;
      last = time;
      yield frame;
    }
  }
  return ok({ duration, width, height, frames, failure: () => failure, close });
}

/** Beyond the end of any video, seconds. */
const FAR = 1e6;

/** Seconds. What was recorded in a browser may not say how long it is: where going beyond its end leads to is that. */
async function lengthOf(signal: AbortSignal, element: HTMLVideoElement): Promise<number> {
  if (Number.isFinite(element.duration)) return element.duration;
  await seek(signal, element, FAR);
  return Number.isFinite(element.duration) ? element.duration : element.currentTime;
}

/** A file that shows no frame for so long, ms, has none there. */
const PATIENCE_MS = 15_000;

/**
 * The one frame that a file shows at a time, upright, at most 1920 px on a side; null where none can be decoded there. Errors: those of
 * `openVideo`.
 * @param time media time in seconds at which the frame begins
 * @returns an image that the caller closes, and the frame's own time
 */
export async function stillAt(signal: AbortSignal, file: Blob, time: number): Promise<Result<{ image: ImageBitmap; time: number } | null>> {
  const opened = await openSeekable(signal, file);
  if (!opened.ok) return opened;
  const patience = new AbortController();
  const giveUp = (): void => patience.abort();
  const timer = setTimeout(giveUp, PATIENCE_MS);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    // As short as the shortest of frames: where this one cannot be had, no other one will do.
    const options = { from: time, to: time + 1 / MOST_A_SECOND, framesPerSecond: null, begin: null };
    const { value } = await opened.value.frames(patience.signal, options).next();
    return ok(value ? upright(value) : null);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    opened.value.close();
  }
}

/** Closes the frame. */
function upright({ image, time }: MediaFrame): { image: ImageBitmap; time: number } | null {
  try {
    const { width, height } = 'displayWidth' in image ? { width: image.displayWidth, height: image.displayHeight } : image;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    if (!context) return null; // there is no memory for one
    context.drawImage(image, 0, 0, width, height);
    return { image: canvas.transferToImageBitmap(), time };
  } finally {
    image.close();
  }
}

/** Resolves with the media time of the frame that is shown then, in seconds, where the browser tells it; null where there is none. */
function seek(signal: AbortSignal, element: HTMLVideoElement, to: number): Promise<number | 'untold' | null> {
  return new Promise((resolve) => {
    const over = new AbortController();
    let told: number | null = null;
    let callback = 0;
    const settle = (time: number | 'untold' | null): void => {
      if (over.signal.aborted) return;
      over.abort();
      if (callback !== 0) element.cancelVideoFrameCallback(callback);
      resolve(time);
    };
    const once = { once: true, signal: over.signal };
    let found = false;
    const tells = 'requestVideoFrameCallback' in element;
    if (tells) {
      callback = element.requestVideoFrameCallback((_now, { mediaTime }) => {
        callback = 0;
        told = mediaTime;
        if (found) settle(told);
      });
    }
    element.addEventListener(
      'seeked',
      () => {
        found = true;
        if (told !== null) settle(told);
        // The same frame as before is not told again, nor is any by a browser that tells none.
        else setTimeout(() => settle(told ?? (tells ? 'untold' : to)), tells ? TELLING_MS : 0);
      },
      once,
    );
    element.addEventListener('error', () => settle(null), once);
    signal.addEventListener('abort', () => settle(null), once);
    element.currentTime = to;
  });
}
