/** Scales video frames down where nobody waits for it. Speaks to `shrink.ts` alone. */
import type { ShrinkWish } from './shrink.ts';

const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext('2d');

self.onmessage = ({ data: { frame, width, height } }: MessageEvent<ShrinkWish>) => {
  try {
    canvas.width = width;
    canvas.height = height;
    context?.drawImage(frame, 0, 0, width, height);
    const image = context && canvas.transferToImageBitmap();
    self.postMessage(image, { transfer: image ? [image] : [] });
  } catch {
    self.postMessage(null); // no memory for one, or the frame is not there any more
  } finally {
    frame.close();
  }
};
