/** Makes the icons of the installed page from public/icon.svg: `node scripts/icons.mjs`. They are committed. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { ROOT } from './house.mjs';

const BLUE = '#3b5bdb';
const svg = readFileSync(join(ROOT, 'public', 'icon.svg'));
const out = join(ROOT, 'public', 'icons');
mkdirSync(out, { recursive: true });

/** @param {number} size px @param {string} name */
async function plain(size, name) {
  await sharp(svg, { density: 72 * (size / 32) })
    .resize(size, size)
    .png({ compressionLevel: 9, palette: true })
    .toFile(join(out, name));
}

/** Systems cut it to a shape of their own, and keep the middle: it has no corners, and the face is smaller. @param {number} size @param {number} share of the icon @param {string} name */
async function full(size, share, name) {
  const inner = Math.round(size * share);
  const face = await sharp(svg, { density: 72 * (inner / 32) })
    .resize(inner, inner)
    .png()
    .toBuffer();
  await sharp({ create: { width: size, height: size, channels: 3, background: BLUE } })
    .composite([{ input: face }])
    .png({ compressionLevel: 9, palette: true })
    .toFile(join(out, name));
}

await plain(192, 'icon-192.png');
await plain(512, 'icon-512.png');
await full(512, 0.8, 'icon-maskable-512.png');
await full(180, 0.9, 'apple-touch-icon.png');
