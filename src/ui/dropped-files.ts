/** What dropped, pasted or chosen files are: pictures and videos, labelled pictures, a pack, sessions. */

import { later } from './later.ts';

const labelledFolder = later(() => import('./labelled-folder.ts'));
const packFiles = later(() => import('./pack-files.ts'));

export interface SortedFiles {
  /** To be judged: all of a folder that holds labels.csv, or an archive that does. */
  labelled: readonly File[];
  /** Model packs, each its folder's files or one ZIP of it. */
  packs: readonly (readonly File[])[];
  sessions: readonly File[];
  /** Whatever they are: the page says what is none of its kinds. */
  others: File[];
}

const isArchive = (file: File): boolean => /\.zip$/i.test(file.name) || file.type === 'application/zip';

/** Archives are told by what is in them; the code that looks into them is fetched when there are some. */
export async function sortFiles(files: readonly File[]): Promise<SortedFiles> {
  const nothing: SortedFiles = { labelled: [], packs: [], sessions: [], others: [...files] };
  if (!files.some((file) => isArchive(file) || /^(labels\.csv|manifest\.json|config\.json)$/i.test(file.name))) return nothing;
  const [{ holdsLabels, isLabelledZip }, { packFolders, isPackZip }] = await Promise.all([labelledFolder(), packFiles()]);
  if (holdsLabels(files)) return { ...nothing, labelled: files, others: [] };
  const found = packFolders(files);
  const packs = [...found.packs];
  let labelled: File | null = null;
  for (const file of found.others.filter(isArchive)) {
    if (!labelled && (await isLabelledZip(file))) labelled = file;
    else if (await isPackZip(file)) packs.push([file]);
  }
  const taken = new Set<File | null>([labelled, ...packs.flat()]);
  const rest = found.others.filter((file) => !taken.has(file));
  return {
    labelled: labelled ? [labelled] : [],
    packs,
    sessions: rest.filter(isArchive),
    others: rest.filter((file) => !isArchive(file)),
  };
}
