/**
 * The frames that everybody reads: 60 of 640 × 360, once with one large face, once with two small ones of about 75 px. Made of
 * the sample portrait, which everybody has, and moved by a few px from frame to frame, so that no two are the same.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { SAMPLE, WORK } from './places.mjs';

export const FRAME_COUNT = 60;
const WIDTH = 640;
const HEIGHT = 360;
/** One sway takes this many frames and goes so many px to each side. */
const SWAY_FRAMES = 30;
const SWAY = { x: 12, y: 6 };

/** px of the square portrait, how many stand side by side, and what is seen of it from the top. @type {Record<string, { side: number, count: number, top: number }>} */
const SETS = {
  large: { side: 900, count: 1, top: 40 },
  small: { side: 384, count: 2, top: 12 },
};

/** @param {number} index */
export const frameName = (index) => `${String(index).padStart(3, '0')}.jpg`;

/** @param {{ side: number, count: number, top: number }} set @param {number} index */
async function drawFrame({ side, count, top }, index) {
  const turn = (2 * Math.PI * index) / SWAY_FRAMES;
  const width = WIDTH / count;
  const pieces = Array.from({ length: count }, async (_, piece) => {
    // The second is the first in a mirror, and so is its way.
    const portrait = sharp(SAMPLE).resize(side, side);
    const turned = await (piece % 2 === 0 ? portrait : portrait.flop()).toBuffer();
    const left = Math.round((side - width) / 2 + (piece % 2 === 0 ? 1 : -1) * SWAY.x * Math.sin(turn));
    const seen = { left, top: Math.round(top + SWAY.y * Math.cos(turn)), width, height: Math.min(HEIGHT, side - top - SWAY.y) };
    return { input: await sharp(turned).extract(seen).toBuffer(), left: piece * width, top: 0 };
  });
  return sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#808890' } }).composite(await Promise.all(pieces));
}

/** Makes both sets anew. @returns {Promise<string>} their folder */
export async function makeFrames() {
  const folder = join(WORK, 'frames');
  rmSync(folder, { recursive: true, force: true });
  for (const [name, set] of Object.entries(SETS)) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let index = 0; index < FRAME_COUNT; index += 1) {
      const frame = await drawFrame(set, index);
      await frame.jpeg({ quality: 92 }).toFile(join(folder, name, frameName(index)));
    }
  }
  return folder;
}
