/**
 * Runs in the page, before it: what the page hands to its workers, and what comes back. It listens on the wire itself, so that
 * the page's own counters need not be believed. Bounded: hours of it take no memory that grows.
 */

/**
 * Sent to the browser as text: nothing outside of the function is known in it. Leaves `soak` on the window: `figures()`, and
 * `restart()` for the frame ages and long tasks.
 */
export function watchPage() {
  /** Ages in whole milliseconds; the last bin holds all that are older. */
  const AGE_BINS = 20_000;
  const ages = new Uint32Array(AGE_BINS + 1);
  /** When the camera took a frame, by its media time; as the page's own performance log has it. @type {Map<number, number>} */
  const takenAt = new Map();
  const KEPT_TIMES = 600;
  const tasks = { count: 0, totalMs: 0, longestMs: 0 };

  const newKind = () => ({ begun: 0, done: 0, failed: 0, cancelled: 0, withoutReadings: 0, frames: 0, faces: 0, liveFaces: 0 });
  /** @type {Record<string, ReturnType<typeof newKind>>} */
  const kinds = { read: newKind(), explain: newKind(), analyzeVideo: newKind() };
  /** @type {Map<string, { kind: string, live: boolean, readings: number, file: string | null }>} */
  const open = new Map();
  /** How each video ended, by its name. @type {Record<string, { frames: number, outcome: string }>} */
  const videos = {};

  /** @param {any} event of the worker */
  function hear(event) {
    const run = open.get(event?.runId);
    if (!run) return;
    const kind = kinds[run.kind];
    if (!kind) return;
    if (event.type === 'readings') {
      run.readings += 1;
      kind.frames += 1;
      kind.faces += event.readings.length;
      if (run.live) kind.liveFaces += event.readings.length;
      const taken = run.live ? takenAt.get(event.time) : undefined;
      if (taken !== undefined) {
        const bin = Math.min(AGE_BINS, Math.max(0, Math.round(performance.now() - taken)));
        ages[bin] = (ages[bin] ?? 0) + 1;
      }
    }
    if (event.type !== 'done' && event.type !== 'failed') return;
    open.delete(event.runId);
    const outcome = event.type === 'done' ? 'done' : event.error.code === 'cancelled' ? 'cancelled' : 'failed';
    kind[outcome] += 1;
    if (outcome === 'done' && run.readings === 0) kind.withoutReadings += 1;
    if (run.file !== null) videos[run.file] = { frames: run.readings, outcome: outcome === 'failed' ? event.error.code : outcome };
  }

  /** @param {any} message Comlink's, of a call @returns {{ path: string, values: any[] } | null} */
  function callOf(message) {
    if (message?.type !== 'APPLY' || !Array.isArray(message.argumentList)) return null;
    return { path: message.path.join('.'), values: message.argumentList.map((/** @type {any} */ each) => each?.value) };
  }

  const NativeWorker = window.Worker;
  window.Worker = class extends NativeWorker {
    /** @param {any} message @param {any} rest */
    postMessage(message, rest) {
      const call = callOf(message);
      const [subject, options] = call?.values ?? [];
      const kind = call && kinds[call.path];
      if (kind && options?.runId !== undefined) {
        kind.begun += 1;
        open.set(options.runId, {
          kind: call.path,
          live: options.mode === 'live',
          readings: 0,
          file: subject instanceof File ? subject.name : null,
        });
      }
      super.postMessage(message, rest);
    }
  };

  // The worker's events come as calls of the page's function, over a channel of their own.
  const NativeChannel = window.MessageChannel;
  window.MessageChannel = class extends NativeChannel {
    constructor() {
      super();
      for (const port of [this.port1, this.port2]) {
        port.addEventListener('message', (/** @type {MessageEvent} */ event) => hear(callOf(event.data)?.values[0]));
      }
    }
  };

  const { requestVideoFrameCallback } = HTMLVideoElement.prototype;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
    return requestVideoFrameCallback.call(this, (now, metadata) => {
      takenAt.set(metadata.mediaTime, metadata.captureTime ?? metadata.presentationTime);
      for (const oldest of takenAt.keys()) {
        if (takenAt.size <= KEPT_TIMES) break;
        takenAt.delete(oldest);
      }
      callback(now, metadata);
    });
  };

  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      tasks.count += 1;
      tasks.totalMs += duration;
      tasks.longestMs = Math.max(tasks.longestMs, duration);
    }
  }).observe({ type: 'longtask' });

  /** @param {number} share @param {number} count */
  function ageAt(share, count) {
    let seen = 0;
    for (let bin = 0; bin <= AGE_BINS; bin += 1) {
      seen += ages[bin] ?? 0;
      if (seen > share * count) return bin;
    }
    return null;
  }

  /** @type {any} */ (window).soak = {
    figures() {
      const count = ages.reduce((sum, each) => sum + each, 0);
      const age = count === 0 ? null : { count, p50: ageAt(0.5, count), p95: ageAt(0.95, count), p99: ageAt(0.99, count), most: ageAt(0.999999, count) };
      return { kinds, open: open.size, videos, age, tasks };
    },
    restart() {
      ages.fill(0);
      Object.assign(tasks, { count: 0, totalMs: 0, longestMs: 0 });
    },
  };
}
