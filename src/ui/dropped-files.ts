/** What dropped, pasted or chosen files are: pictures and videos, labelled pictures, a pack, sessions. */

export interface SortedFiles {
  /** To be judged: all of a folder that holds labels.csv, or an archive that does. */
  labelled: readonly File[];
  /** A model pack's folder, or one ZIP of it. */
  pack: readonly File[];
  sessions: readonly File[];
  /** Whatever they are: the page says what is none of its kinds. */
  others: File[];
}

const isArchive = (file: File): boolean => /\.zip$/i.test(file.name) || file.type === 'application/zip';

/** Archives are told by what is in them; the code that looks into them is fetched when there are some. */
export async function sortFiles(files: readonly File[]): Promise<SortedFiles> {
  const nothing: SortedFiles = { labelled: [], pack: [], sessions: [], others: [...files] };
  if (!files.some((file) => isArchive(file) || /^(labels\.csv|manifest\.json|config\.json)$/i.test(file.name))) return nothing;
  const [{ holdsLabels, isLabelledZip }, { holdsManifest, isPackZip }] = await Promise.all([
    import('./labelled-folder.ts'),
    import('./pack-files.ts'),
  ]);
  if (holdsLabels(files)) return { ...nothing, labelled: files, others: [] };
  if (holdsManifest(files)) return { ...nothing, pack: files, others: [] };
  let labelled: File | null = null;
  let pack: File | null = null;
  for (const file of files) {
    if (!labelled && isArchive(file) && (await isLabelledZip(file))) labelled = file;
    else if (!pack && isArchive(file) && (await isPackZip(file))) pack = file;
  }
  const rest = files.filter((file) => file !== labelled && file !== pack);
  return {
    labelled: labelled ? [labelled] : [],
    pack: pack ? [pack] : [],
    sessions: rest.filter(isArchive),
    others: rest.filter((file) => !isArchive(file)),
  };
}
