/** A video file in a `<video>` element, and why it would not play. */
import { type WireError, wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { fileKind, readBytes, type VideoFormat } from './kinds.ts';
import { videoCodec } from './video-codec.ts';

export interface OpenedVideo {
  element: HTMLVideoElement;
  /** Seconds; Infinity where the file does not say. */
  duration: number;
  /** px, upright. */
  width: number;
  height: number;
  /** Empties the element and frees the file. */
  close(): void;
}

const INDEX_BYTES = 1 << 20;

/**
 * Opens a file in the element and waits for its first frame. Errors: file-empty, file-unreadable,
 * file-unsupported (not a video, or sound alone), video-codec, video-broken, cancelled.
 * @param onBroken the file turned out to be damaged while it played
 */
export async function openVideo(
  signal: AbortSignal,
  file: Blob,
  element: HTMLVideoElement,
  onBroken: (error: WireError) => void,
): Promise<Result<OpenedVideo>> {
  const kind = await fileKind(file);
  if (!kind.ok) return kind;
  if (kind.value.kind !== 'video')
    return fail(wireError('file-unsupported', 'This file is a picture, not a video.', 'Open it as a picture.'));
  const { format } = kind.value;

  const url = URL.createObjectURL(file);
  const release = (): void => {
    element.removeAttribute('src');
    element.load();
    URL.revokeObjectURL(url);
  };
  element.muted = true; // or else browsers refuse to play without a click
  element.playsInline = true;
  element.preload = 'auto';
  element.src = url;
  const outcome = await firstFrame(signal, element);

  if (outcome === 'cancelled') {
    release();
    return fail(wireError('cancelled', 'Opening the video was stopped.', 'Open it again.'));
  }
  if (outcome === 'failed' || element.videoWidth === 0) {
    const words = element.error?.message ?? '';
    const error = await explainFailure(file, format, element, outcome === 'failed', words);
    release();
    return fail(error);
  }

  const failed = (): void => onBroken(broken(element.error?.message ?? ''));
  element.addEventListener('error', failed);
  return ok({
    element,
    duration: element.duration,
    width: element.videoWidth,
    height: element.videoHeight,
    close: () => {
      element.removeEventListener('error', failed);
      element.pause();
      release();
    },
  });
}

function firstFrame(signal: AbortSignal, element: HTMLVideoElement): Promise<'shown' | 'failed' | 'cancelled'> {
  if (signal.aborted) return Promise.resolve('cancelled');
  return new Promise((resolve) => {
    const listeners = new AbortController();
    const settle = (outcome: 'shown' | 'failed' | 'cancelled'): void => {
      listeners.abort();
      resolve(outcome);
    };
    const once = { signal: listeners.signal };
    element.addEventListener('loadeddata', () => settle('shown'), once);
    element.addEventListener('error', () => settle('failed'), once);
    signal.addEventListener('abort', () => settle('cancelled'), once);
  });
}

function broken(detail: string): WireError {
  return wireError('video-broken', 'This video is damaged and cannot be played.', 'Get the file again, or open another video.', detail);
}

/** The browser's error does not tell a broken file from a missing codec: the file's own index does. */
async function explainFailure(
  file: Blob,
  format: VideoFormat,
  element: HTMLVideoElement,
  refused: boolean,
  words: string,
): Promise<WireError> {
  const head = await readBytes(file, 0, INDEX_BYTES);
  const tail = await readBytes(file, Math.max(0, file.size - INDEX_BYTES), INDEX_BYTES);
  if (!head.ok) return head.error;
  if (!tail.ok) return tail.error;
  const codec = videoCodec([head.value, tail.value], format);
  if (codec !== null && element.canPlayType(codec.mime) === '') {
    return wireError(
      'video-codec',
      `This browser cannot play ${codec.name} video.`,
      'Save the video as MP4 with H.264 or as WebM, then open that. Another browser may play it, too.',
      words,
    );
  }
  if (codec === null && !refused) {
    return wireError('file-unsupported', 'This file has sound but no picture.', 'Open a video with a picture, or a picture.', words);
  }
  return broken(words);
}
