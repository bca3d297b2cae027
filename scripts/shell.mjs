/**
 * Writes the service worker of a built page: `node scripts/shell.mjs [folder]`. Bundles src/workers/shell.ts into one plain script
 * and puts the list of the page's own files into it, each with its hash.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { injectManifest } from '@serwist/build';
import { build } from 'vite';
import { isMain, ROOT } from './house.mjs';

/** Served beside the page, so that the whole of it is the worker's. */
export const SHELL = 'shell.js';

/** All that the page is made of; of the packs the manifests alone: page and pack are of one version. */
const SHELL_FILES = [
  '*.html',
  '*.{svg,png,webmanifest}',
  'icons/*.png',
  'assets/*.{js,css}',
  'ort/*.{mjs,wasm}',
  'samples/*.{jpg,png,webp}',
  'models/index.json',
  'models/*/manifest.json',
];
const MAX_FILE_BYTES = 48_000_000;

/**
 * @param {string} dist folder of the built page
 * @returns {Promise<{ files: number, bytes: number }>} what the worker will keep; rejects where something went wrong
 */
export async function buildShell(dist) {
  const folder = resolve(ROOT, dist);
  const made = mkdtempSync(join(tmpdir(), 'shell-'));
  try {
    await build({
      configFile: false,
      root: ROOT,
      publicDir: false,
      logLevel: 'error',
      define: { 'process.env.NODE_ENV': '"production"' },
      build: {
        target: 'es2023',
        outDir: made,
        rolldownOptions: {
          input: join(ROOT, 'src/workers/shell.ts'),
          // Not every browser takes a module for a service worker.
          output: { format: 'iife', entryFileNames: SHELL },
        },
      },
    });
    const { count, size, warnings } = await injectManifest({
      swSrc: join(made, SHELL),
      swDest: join(folder, SHELL),
      globDirectory: folder,
      globPatterns: SHELL_FILES,
      maximumFileSizeToCacheInBytes: MAX_FILE_BYTES,
      manifestTransforms: [
        (entries) => ({
          manifest: entries.map((entry) => ({ ...entry, integrity: integrityOf(join(folder, entry.url)) })),
          warnings: [],
        }),
      ],
    });
    if (warnings.length > 0) throw new Error(warnings.join('\n'));
    return { files: count, bytes: size };
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** @param {string} path */
const integrityOf = (path) => `sha256-${createHash('sha256').update(readFileSync(path)).digest('base64')}`;

if (isMain(import.meta.url)) {
  const { files, bytes } = await buildShell(process.argv[2] ?? 'dist');
  console.log(`${SHELL}: ${files} files, ${(bytes / 1e6).toFixed(1)} MB`);
}
