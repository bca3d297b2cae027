/**
 * What the queue is fed with: pictures and short videos made from what lies in the repository, no two alike, and of every ten one
 * that is broken in some way. Made the same every time.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { makeLongClip } from '../clips.mjs';
import { ROOT, SAMPLE, WORK } from '../places.mjs';

const FIXTURES = join(ROOT, 'e2e/fixtures');
/** Frames of the fixture clip, which longer clips hold over and over. */
const CLIP_FRAMES = 50;

/**
 * `pictures` are read as they come, `videos` analysed as files, every frame; `broken` must come to a message.
 * @typedef {{ path: string, name: string, kind: 'picture' | 'video' | 'broken', frames: number }} SoakFile
 */

/** Ways to be broken: a fixture as it is, or the first bytes of a good file. @type {{ from: string, keep?: number, as: string }[]} */
const BROKEN = [
  { from: 'broken.jpg', as: 'jpg' },
  { from: 'cut-off.jpg', as: 'jpg' },
  { from: 'empty.png', as: 'png' },
  { from: 'huge.png', as: 'png' },
  { from: 'not-a-picture.txt', as: 'jpg' },
  { from: 'broken.mp4', as: 'mp4' },
  { from: 'codec-h265.mp4', as: 'mp4' },
  { from: 'codec-mpeg4.mp4', as: 'mp4' },
  { from: 'clip.mp4', keep: 700, as: 'mp4' },
  { from: 'clip.webm', keep: 200, as: 'webm' },
];

/** @param {number} index @param {string} path */
async function makePicture(index, path) {
  const several = index % 3 === 2;
  const source = several ? join(FIXTURES, 'several-faces.jpg') : SAMPLE;
  const width = 320 + ((index * 37) % 900);
  let picture = sharp(source).resize({ width }).modulate({ brightness: 0.8 + (index % 5) * 0.1, saturation: 0.6 + (index % 4) * 0.2 });
  if (index % 2 === 1) picture = picture.flop();
  const format = /** @type {const} */ (['jpeg', 'png', 'webp'])[index % 3] ?? 'jpeg';
  await picture.toFormat(format).toFile(path);
}

/** @param {number} count @returns {Promise<SoakFile[]>} in the order in which they are opened */
export async function makeFiles(count) {
  const folder = join(WORK, 'soak');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  /** @type {Map<number, Buffer>} */
  const clips = new Map();
  for (const seconds of [2, 4, 6]) {
    const clip = await makeLongClip(seconds);
    clips.set(seconds, readFileSync(clip));
    rmSync(clip, { force: true });
  }
  /** @type {SoakFile[]} */
  const files = [];
  for (let index = 0; index < count; index += 1) {
    const number = String(index).padStart(3, '0');
    if (index % 10 === 9) {
      const { from, keep, as } = BROKEN[Math.floor(index / 10) % BROKEN.length] ?? { from: 'empty.png', as: 'png' };
      const name = `${number}-broken.${as}`;
      const path = join(folder, name);
      writeFileSync(path, readFileSync(join(FIXTURES, from)).subarray(0, keep));
      files.push({ path, name, kind: 'broken', frames: 0 });
    } else if (index % 4 === 3) {
      const seconds = 2 * (1 + (index % 3));
      const name = `${number}-video.mp4`;
      const path = join(folder, name);
      writeFileSync(path, clips.get(seconds) ?? Buffer.alloc(0));
      files.push({ path, name, kind: 'video', frames: (CLIP_FRAMES * seconds) / 2 });
    } else {
      const name = `${number}-picture.${['jpg', 'png', 'webp'][index % 3]}`;
      const path = join(folder, name);
      await makePicture(index, path);
      files.push({ path, name, kind: 'picture', frames: 1 });
    }
  }
  return files;
}
