/**
 * Our fast path, frames handed over as VideoFrame as src/media/live-frames.ts does it; the time holds the way into the worker
 * and back. Twice: as the page runs it on a camera, where faces are looked for a few times a second and followed in between, and
 * with the detector on every frame, as the peers are made to run.
 */
import { loadFrames, SIZES, timeFrames } from './frame-loop.js';
import { loadEngine } from './ours-engine.js';

/** The page's default. */
const SMOOTHING = 0.3;
/** Seconds between a camera's frames. */
const FRAME_SECONDS = 1 / 30;

/**
 * A reader of frames that follow each other as a camera's do, as the page hands them over.
 * @param {URLSearchParams} query pack, threads
 */
export async function openReader(query) {
  const { client, listeners, info } = await loadEngine(query, ['faces', 'reader']);
  const { signal } = new AbortController();
  let run = 0;
  let found = 0;
  let failure = null;
  listeners.add((event) => {
    if (event.type === 'readings') found = event.readings.length;
    if (event.type === 'failed') failure ??= event.error;
  });

  let time = 0;
  /** @param {ImageBitmap} bitmap @param {string} sourceId */
  const read = async (bitmap, sourceId) => {
    run += 1;
    found = 0;
    const start = performance.now();
    const image = new VideoFrame(bitmap, { timestamp: Math.round(time * 1e6) });
    await client.read(signal, { image, time }, { runId: `run-${run}`, sourceId, mode: 'live', smoothing: SMOOTHING });
    if (failure) throw new Error(`${failure.message} ${failure.detail ?? ''}`);
    // Stamped as a camera's frames are, without waiting for one: the next is the first that comes after this has been read.
    time += FRAME_SECONDS * Math.max(1, Math.ceil((performance.now() - start) / 1000 / FRAME_SECONDS));
    return found;
  };
  return { read, threads: info.threads };
}

/** @param {URLSearchParams} query */
export async function measure(query) {
  const { read, threads } = await openReader(query);
  const limits = { repeat: Number(query.get('repeat')), seconds: Number(query.get('seconds')) };
  let anewId = 0;
  const rows = [];
  for (const size of SIZES) {
    const frames = await loadFrames(`/evaluation-data/${size}/`, Number(query.get('count')));
    const nothing = () => {};
    const live = await timeFrames(frames, limits, nothing, (frame) => read(frame, `live-${size}`));
    rows.push({ size, variant: 'as the page runs it', ...live });
    // Another source has other faces: each frame begins anew.
    const anew = await timeFrames(frames, limits, nothing, (frame) => read(frame, `anew-${size}-${(anewId += 1)}`));
    rows.push({ size, variant: 'detector on every frame', ...anew });
  }
  return { rows, threads };
}
