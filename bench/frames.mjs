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

/** How the work grows with the faces: so many of about 70 px in 1920 × 1080, side by side and in rows. */
export const FACE_COUNTS = [1, 2, 4, 8, 12];
const CROWD = { width: 1920, height: 1080, side: 360 };
/** How it grows with the frame: one face that takes the same share of it, in frames of this height, 16:9. The page hands over none that is larger. */
export const FRAME_HEIGHTS = [360, 720, 1080];
/** Few: each is a large file, and a pass over them long. */
export const GROWTH_FRAMES = 20;

/** @param {number} count @param {number} index */
async function drawCrowd(count, index) {
  const { width, height, side } = CROWD;
  const columns = Math.floor(width / side);
  const turn = (2 * Math.PI * index) / GROWTH_FRAMES;
  const pieces = Array.from({ length: count }, async (_, piece) => {
    const portrait = sharp(SAMPLE).resize(side, side);
    const sway = { x: Math.round(4 * Math.sin(turn + piece)), y: Math.round(4 * Math.cos(turn + piece)) };
    const turned = await (piece % 2 === 0 ? portrait : portrait.flop()).toBuffer();
    const seen = { left: 8 + sway.x, top: 8 + sway.y, width: side - 16, height: side - 16 };
    const place = { left: (piece % columns) * side, top: Math.floor(piece / columns) * side };
    return { input: await sharp(turned).extract(seen).toBuffer(), ...place };
  });
  return sharp({ create: { width, height, channels: 3, background: '#808890' } }).composite(await Promise.all(pieces));
}

/** The large set's frame, enlarged. @param {number} height @param {number} index */
async function drawSize(height, index) {
  const frame = await (await drawFrame(/** @type {any} */ (SETS.large), index)).png().toBuffer();
  return sharp(frame).resize(Math.round((height * WIDTH) / HEIGHT), height);
}

/** @param {string} folder @param {number} count @param {(index: number) => Promise<import('sharp').Sharp>} draw */
async function writeSet(folder, count, draw) {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < count; index += 1) {
    const frame = await draw(index);
    await frame.jpeg({ quality: 92 }).toFile(join(folder, frameName(index)));
  }
}

/** Makes the sets of the growth suite anew: `faces-<count>` and `height-<px>`. @returns {Promise<string>} their folder */
export async function makeGrowthFrames() {
  const folder = join(WORK, 'growth');
  rmSync(folder, { recursive: true, force: true });
  for (const count of FACE_COUNTS) await writeSet(join(folder, `faces-${count}`), GROWTH_FRAMES, (index) => drawCrowd(count, index));
  for (const height of FRAME_HEIGHTS) await writeSet(join(folder, `height-${height}`), GROWTH_FRAMES, (index) => drawSize(height, index));
  return folder;
}

/** Makes both sets anew. @returns {Promise<string>} their folder */
export async function makeFrames() {
  const folder = join(WORK, 'frames');
  rmSync(folder, { recursive: true, force: true });
  for (const [name, set] of Object.entries(SETS)) {
    await writeSet(join(folder, name), FRAME_COUNT, (index) => drawFrame(set, index));
  }
  return folder;
}
