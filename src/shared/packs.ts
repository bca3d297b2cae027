/** Which packs there are and how much of each lies on this device: told by the packs' worker, shown by the page. */

import type { WireError } from './errors.ts';

/** `own`: everything from faces to text, our graphs. `foundation`: a model from elsewhere that takes the language model's place. */
export type PackKind = 'own' | 'foundation';

/** Where a pack's files come from: beside the page, the Hugging Face hub (or a mirror of it), or the user's own disk. */
export type PackOrigin = 'site' | 'hub' | 'imported';

export interface PackEntry {
  id: string;
  kind: PackKind;
  origin: PackOrigin;
  title: string;
  licence: string;
  /** Null unless it comes from a hub. `revision` is a commit, 40 hex digits. */
  hub: { repo: string; revision: string } | null;
  /** What this device would fetch of it in all; null where only the hub knows and has not been asked. */
  totalBytes: number | null;
  /** How many of those lie here already. */
  storedBytes: number;
  state: 'absent' | 'partial' | 'stored';
  /** Peak memory as the manifest states it for this device's dtypes; null where nobody measured it. */
  memoryBytes: number | null;
  /** What a user of its numbers must know, a sentence each, as the pack has them. */
  notes: readonly string[];
  /** Why this device cannot run it; null where it can. */
  cannotRun: WireError | null;
}

export interface StorageFacts {
  /** Where packs are kept: the origin private file system, Cache Storage, or memory, which a reload empties. */
  place: 'opfs' | 'cache' | 'memory';
  usedBytes: number;
  /** What the browser grants this site; null where it does not tell. */
  quotaBytes: number | null;
  /** The browser has promised not to clear it on its own. */
  persisted: boolean;
}

/** What a download would take, before it is begun. */
export interface DownloadPlan {
  totalBytes: number;
  /** Still to come. */
  missingBytes: number;
  files: number;
  /** Null where the browser does not tell; below `missingBytes` there is no room. */
  freeBytes: number | null;
  /** Dtype by graph, chosen by what this device has. */
  dtypes: Record<string, string>;
}

export interface DownloadProgress {
  loadedBytes: number;
  totalBytes: number;
  /** The file that is coming, or being checked. */
  path: string;
  /** Nothing is written yet: files from disk whose hashes nobody states are read first, to know them by. */
  checking?: true;
}

/** What a pack's archive may hold: the largest model that runs in a page, many times over. */
export const PACK_ZIP_LIMITS = { files: 10_000, fileBytes: 4e9, bytes: 20e9 };
