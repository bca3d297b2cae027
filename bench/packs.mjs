/**
 * The pack as the page has it, and two that differ from it: without drafts, and without the language model's files. Files
 * are copied: onnx refuses to read a pack of which a file has a second name.
 */
import { constants, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIST, PACK, ROOT } from './places.mjs';

/**
 * @param {string} name under models/
 * @param {(file: string) => boolean} keeps
 * @param {((manifest: Record<string, any>) => void) | null} change what is changed in the manifest
 */
function makePack(name, keeps, change = null) {
  const folder = join(DIST, 'models', name);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(PACK)) {
    if (file === 'manifest.json' && change !== null) {
      const manifest = JSON.parse(readFileSync(join(PACK, file), 'utf8'));
      change(manifest);
      writeFileSync(join(folder, file), JSON.stringify(manifest));
    } else if (keeps(file)) copyFileSync(join(PACK, file), join(folder, file), constants.COPYFILE_FICLONE);
  }
}

/** Into the built page's folder. */
export function placePacks() {
  makePack('emollm-s', () => true);
  makePack(
    'no-drafts',
    () => true,
    (manifest) => {
      // The file stays in the list of files: what nobody names is not read.
      delete manifest.languageModel.drafts;
    },
  );
  // A language model that cannot be had leaves the fast path usable, so that nothing waits for it and nothing runs beside.
  makePack('faces-alone', (file) => !file.startsWith('language-model'));
  cpSync(join(ROOT, 'public/samples'), join(DIST, 'samples'), { recursive: true });
  copyFileSync(join(ROOT, 'public/icon.svg'), join(DIST, 'icon.svg'));
}
