/** A place of the browser's that keeps files in folders, chunk by chunk. One file a kind of place; knows nothing of packs. */
import type { StorageFacts } from '../shared/packs.ts';

/**
 * Names are free; a name that is not there is null. What fails otherwise rejects, a full place with a `QuotaExceededError`.
 * Two writers of one file at the same time are the caller's to prevent.
 */
export interface BytePlace {
  readonly kind: StorageFacts['place'];
  folders(): Promise<string[]>;
  names(folder: string): Promise<string[]>;
  /** Small texts. Cut off while it is written, the text before it is still there. */
  readText(folder: string, name: string): Promise<string | null>;
  writeText(folder: string, name: string, text: string): Promise<void>;
  /** The whole of a file that has exactly so many bytes, else null. */
  readFile(folder: string, name: string, bytes: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Null where less than `length` is there of it. */
  readChunk(folder: string, name: string, index: number, length: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** In order; the last again where it has become longer. */
  writeChunk(folder: string, name: string, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** A file or a text; nothing where there is none. */
  remove(folder: string, name: string): Promise<void>;
  removeFolder(folder: string): Promise<void>;
}
