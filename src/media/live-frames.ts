/** Frames of a `<video>` element with their media time: a camera's and a file's alike. */
import type { MediaFrame } from './frame.ts';
import { fitSize } from './picture-file.ts';
import { shrunk } from './shrink.ts';

/** Larger frames are scaled down: faces are read from crops of a few dozen px, and copying pixels costs time. */
const MAX_SIDE = 1920;

/**
 * The frame that the element shows now, at most 1920 px on a side; null before there is one.
 * The same moment gives the same px whether it is asked for by a reading or an explanation.
 * @param time media time in seconds, where the caller knows it better than `currentTime`
 * @param takenAt when the camera took it, where that is known
 */
export async function grabFrame(
  element: HTMLVideoElement,
  time: number = element.currentTime,
  takenAt: number = performance.now(),
): Promise<MediaFrame | null> {
  const { videoWidth: width, videoHeight: height } = element;
  if (width === 0 || height === 0 || element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
  const fitted = fitSize({ width, height }, MAX_SIDE);
  const fits = fitted.width === width && fitted.height === height;
  try {
    // A VideoFrame is a handle, so that taking one that the pacer then drops costs nothing.
    if (typeof VideoFrame !== 'undefined') {
      const frame = new VideoFrame(element, { timestamp: Math.round(time * 1e6) });
      const image = fits ? frame : await shrunk(frame, fitted);
      return image && { image, time, takenAt };
    }
    const image = await (fits
      ? createImageBitmap(element)
      : createImageBitmap(element, { resizeWidth: fitted.width, resizeHeight: fitted.height, resizeQuality: 'medium' }));
    return { image, time, takenAt };
  } catch {
    return null; // the element was emptied or its source replaced meanwhile: there is no frame
  }
}

/**
 * Calls with every new frame that is shown, also after a seek while paused, until the returned function
 * is called. By requestVideoFrameCallback with the frame's own media time, else by animation frames.
 * The listener takes the frame and must close it.
 */
export function followFrames(element: HTMLVideoElement, onFrame: (frame: MediaFrame) => void): () => void {
  let active = true;
  let handle = 0;
  let lastTime = Number.NaN;
  let isGrabbing = false;
  let missed = false;
  const deliver = async (time: number, takenAt?: number): Promise<void> => {
    if (time === lastTime) return; // asked for twice: as the frame that stood there and as a new one
    // Of frames so large that they take longer than they are shown, those in between are let go.
    missed = isGrabbing;
    if (isGrabbing) return;
    isGrabbing = true;
    lastTime = time;
    const frame = await grabFrame(element, time, takenAt);
    isGrabbing = false;
    if (frame === null) lastTime = Number.NaN;
    else if (active) onFrame(frame);
    else frame.image.close();
    // The one that stands still is not.
    if (missed && active && element.paused) void deliver(element.currentTime);
  };

  if ('requestVideoFrameCallback' in element) {
    const step: VideoFrameRequestCallback = (_now, metadata) => {
      if (!active) return;
      handle = element.requestVideoFrameCallback(step);
      // Of a camera, browsers tell when it took the frame; of a file, when it was shown is what counts.
      void deliver(metadata.mediaTime, metadata.captureTime ?? metadata.presentationTime);
    };
    handle = element.requestVideoFrameCallback(step);
    // A frame that is shown already fires no callback.
    void deliver(element.currentTime);
    return () => {
      active = false;
      element.cancelVideoFrameCallback(handle);
    };
  }

  const video: HTMLVideoElement = element;
  const step = (): void => {
    if (!active) return;
    handle = requestAnimationFrame(step);
    void deliver(video.currentTime);
  };
  handle = requestAnimationFrame(step);
  return () => {
    active = false;
    cancelAnimationFrame(handle);
  };
}
