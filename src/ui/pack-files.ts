/** Whether files, a folder's or a ZIP's, are a model pack; and the paths by which its worker takes them. */
import { PACK_ZIP_LIMITS } from '../shared/packs.ts';
import { pathOf } from './labelled-folder.ts';
import { openZip } from './zip-reader.ts';

const MANIFEST = 'manifest.json';
/** Files that every repository of the hub with such a model has: it comes without a manifest of ours. */
const OF_THE_HUB = ['config.json', 'tokenizer.json'];

export const packFiles = (files: readonly File[]): { path: string; file: Blob }[] => files.map((file) => ({ path: pathOf(file), file }));

/** What the user calls them: the archive, or the folder that they are in. */
export function packName(files: readonly File[]): string {
  const path = files[0] ? pathOf(files[0]) : '';
  return path.split('/')[0] ?? path;
}

export interface FoundPacks {
  /** The files of each. */
  packs: File[][];
  others: File[];
}

/** Each folder that is a pack, as it was dropped or chosen. A manifest that lies in none makes one pack of all. */
export function packFolders(files: readonly File[]): FoundPacks {
  const folders = new Map<string, File[]>();
  for (const file of files) {
    const [first = '', ...rest] = pathOf(file).split('/');
    const folder = rest.length === 0 ? '' : first;
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  const isLoose = (folders.get('') ?? []).some((file) => file.name === MANIFEST || OF_THE_HUB.includes(file.name));
  if (isLoose && isPack(files.map(pathOf))) return { packs: [[...files]], others: [] };
  const isPackFolder = ([folder, inside]: [string, File[]]): boolean => folder !== '' && isPack(inside.map(pathOf));
  const packs = [...folders].filter(isPackFolder).map(([, inside]) => inside);
  const taken = new Set(packs.flat());
  return { packs, others: files.filter((file) => !taken.has(file)) };
}

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
