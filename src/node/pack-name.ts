/** Which pack a figure is of. */
import type { ModelInfo } from '../shared/events.ts';

export interface NamedPack {
  /** Id of the pack, or of the foundation pack in its language model's place. */
  pack: string;
  /** Of a foundation pack the commit. Not in files of earlier versions. */
  pack_version?: string;
  /** sha256 of the pack's manifest; null of a foundation pack, whose commit stands for its files. Not in files of earlier versions. */
  pack_hash?: string | null;
}

export function nameOf(own: { id: string; version: string; hash: string }, foundation: ModelInfo['foundation']): Required<NamedPack> {
  return foundation
    ? { pack: foundation.id, pack_version: foundation.revision, pack_hash: null }
    : { pack: own.id, pack_version: own.version, pack_hash: own.hash };
}

/** What each is called: its id; `id version hash` where another pack has that id, too. */
export function packLabels(packs: readonly NamedPack[]): string[] {
  const long = packs.map(({ pack, pack_version: version = '', pack_hash: hash }) =>
    [pack, isCommit(version) ? version.slice(0, 8) : version, hash?.slice(0, 8)].filter(Boolean).join(' '),
  );
  return packs.map(({ pack }, index) => {
    const isShared = packs.some((other, at) => other.pack === pack && long[at] !== long[index]);
    return (isShared ? long[index] : pack) ?? pack;
  });
}

const isCommit = (version: string): boolean => /^[0-9a-f]{40}$/.test(version);
