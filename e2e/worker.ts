/** The threads behind the page, taken in hand from inside: a fast machine is done with short things between two looks of a test. */
import type { Page, Worker } from '@playwright/test';

/** The thread that has the graphs; where it was started again, the newest. */
export function analyzer(page: Page): Worker {
  const worker = page.workers().findLast((each) => /\/worker-[^/]*\.js/.test(each.url()));
  if (!worker) throw new Error('there is no analyzer');
  return worker;
}

/** Holds up every frame of the videos that are analysed from now on, so many ms. Gives what ends that, also for a frame that waits. */
export async function slowFrames(page: Page, ms: number): Promise<() => Promise<void>> {
  const worker = analyzer(page);
  await worker.evaluate((pause) => {
    const { copyTo } = VideoFrame.prototype;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    VideoFrame.prototype.copyTo = async function (...args) {
      await Promise.race([ended, new Promise((later) => setTimeout(later, pause))]);
      return copyTo.apply(this, args);
    };
    const quicken = () => {
      Object.assign(VideoFrame.prototype, { copyTo });
      end();
    };
    Object.assign(self, { quicken });
  }, ms);
  return () => worker.evaluate(() => void (self as unknown as { quicken: () => void }).quicken());
}

/** Holds up a thread before every run of its language model, from now on. Needs isolation. */
export const slowModel = (worker: Worker): Promise<void> =>
  worker.evaluate(() => {
    const clock = new Int32Array(new SharedArrayBuffer(4));
    const { postMessage } = MessagePort.prototype;
    // The page is told of each run before it begins.
    MessagePort.prototype.postMessage = function (this: MessagePort, message: { work?: { graph: string } | null }, ...rest: []) {
      postMessage.call(this, message, ...rest);
      if (message?.work?.graph === 'language-model') Atomics.wait(clock, 0, 0, 50);
    };
  });
