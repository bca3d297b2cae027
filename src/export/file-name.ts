/** A name for an export that sorts by time and keeps its source recognisable: `emollm-portrait-20260102-030405.csv`. */
import type { Session } from './session.ts';

/** @param extension with or without a part before it: `json`, `readings.csv` */
export function exportFileName(session: Session, extension: string, at: Date): string {
  const first = session.items.length === 1 ? (session.items[0]?.name ?? '') : '';
  const source = first
    .replace(/\.[A-Za-z0-9]+$/, '')
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  const stamp = at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${['emollm', source, stamp].filter((part) => part !== '').join('-')}.${extension}`;
}

/** A name for each item's own file, as `exportFileName` makes it; items that are called alike, also but for case, are numbered. */
export function itemFileNames(session: Session, extension: string, at: Date): string[] {
  const names = session.items.map((item) => exportFileName({ ...session, items: [item] }, '', at).slice(0, -1));
  return names.map((name, index) => {
    // macOS and Windows take names of another case for the same.
    const before = names.slice(0, index).filter((other) => other.toLowerCase() === name.toLowerCase()).length;
    return `${before === 0 ? name : `${name}-${before + 1}`}.${extension}`;
  });
}
