/** Reads all frames of a set, over and over, one after the other. Knows nobody's engine. */
import { frameFigures } from './statistics.js';

export const SIZES = ['large', 'small'];
const WARM_UP = 10;

/** @param {string} url of the set's folder, ending in `/` @param {number} count */
export async function loadFrames(url, count) {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const response = await fetch(`${url}${String(index).padStart(3, '0')}.jpg`);
      return createImageBitmap(await response.blob());
    }),
  );
}

/**
 * @param {ImageBitmap[]} frames
 * @param {{ repeat: number, seconds: number }} limits passes over all frames; after these seconds none is begun anew
 * @param {(frame: ImageBitmap) => void} prepare before the clock starts
 * @param {(frame: ImageBitmap) => Promise<number>} read says how many faces it has found
 */
export async function timeFrames(frames, { repeat, seconds }, prepare, read) {
  const times = [];
  const faces = [];
  for (let index = 0; index < WARM_UP; index += 1) {
    const frame = frames[index % frames.length];
    prepare(frame);
    await read(frame);
  }
  const began = performance.now();
  for (let pass = 0; pass < repeat; pass += 1) {
    if (pass > 0 && performance.now() - began > seconds * 1000) break;
    for (const frame of frames) {
      prepare(frame);
      const start = performance.now();
      faces.push(await read(frame));
      times.push(performance.now() - start);
    }
  }
  return frameFigures(times, faces);
}

/**
 * All sets of frames, drawn on a canvas before the clock starts.
 * @param {URLSearchParams} query count, repeat, seconds
 * @param {(canvas: HTMLCanvasElement) => Promise<number>} read says how many faces it has found
 */
export async function timeSetsOnCanvas(query, read) {
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 360;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const limits = { repeat: Number(query.get('repeat')), seconds: Number(query.get('seconds')) };
  const rows = [];
  for (const size of SIZES) {
    const frames = await loadFrames(`/made/frames/${size}/`, Number(query.get('count')));
    const draw = (frame) => context.drawImage(frame, 0, 0);
    rows.push({ size, ...(await timeFrames(frames, limits, draw, () => read(canvas))) });
  }
  return rows;
}
