/**
 * Video frames made smaller in a worker. Turning one frame of 7680 × 4320 px into pixels takes far longer than it is shown where there is no
 * graphics card to do it: too long for the page.
 */
import { SerialQueue } from '../shared/serial-queue.ts';

export interface ShrinkWish {
  /** Transferred; the worker closes it. */
  frame: VideoFrame;
  /** px of the result. */
  width: number;
  height: number;
}

const queue = new SerialQueue();
let worker: Worker | null = null;

/** Takes the frame and closes it. In their order; null where it cannot be done. */
export function shrunk(frame: VideoFrame, { width, height }: { width: number; height: number }): Promise<ImageBitmap | null> {
  return queue.run(
    () =>
      new Promise((resolve) => {
        worker ??= new Worker(new URL('./shrink-worker.ts', import.meta.url), { type: 'module', name: 'shrink' });
        worker.onmessage = ({ data }: MessageEvent<ImageBitmap | null>) => resolve(data);
        worker.onerror = (event) => {
          event.preventDefault();
          worker = null; // the next frame gets another one
          resolve(null);
        };
        const wish: ShrinkWish = { frame, width, height };
        worker.postMessage(wish, [frame]);
      }),
  );
}
