/** Whether files, a folder's or a ZIP's, are a model pack; and the paths by which its worker takes them. */
import { PACK_ZIP_LIMITS } from '../shared/packs.ts';
import { pathOf } from './labelled-folder.ts';
import { openZip } from './zip-reader.ts';

const MANIFEST = 'manifest.json';
/** Files that every repository of the hub with such a model has: it comes without a manifest of ours. */
const OF_THE_HUB = ['config.json', 'tokenizer.json'];

export const packFiles = (files: readonly File[]): { path: string; file: Blob }[] => files.map((file) => ({ path: pathOf(file), file }));

/** Whether these files are a pack. */
export const holdsManifest = (files: readonly File[]): boolean => isPack(files.map(pathOf));

/** Told by its directory alone: sessions of this page are ZIPs, too. */
export async function isPackZip(archive: File): Promise<boolean> {
  const zip = await openZip(archive, PACK_ZIP_LIMITS);
  if (!zip.ok) return false;
  const names = zip.value.entries.map(({ name }) => name);
  return !names.includes('session.json') && isPack(names);
}

/** The manifest lies at the top, or in the one folder that was packed. */
function isPack(paths: readonly string[]): boolean {
  const top = new Set(paths.filter((path) => path.split('/').length <= 2).map((path) => path.split('/').at(-1)));
  return top.has(MANIFEST) || (OF_THE_HUB.every((name) => top.has(name)) && paths.some((path) => /(^|\/)onnx\/[^/]+\.onnx$/.test(path)));
}
