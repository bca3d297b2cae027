/** Where a long file is written to without being held in memory: the place that the user chose, the browser's own storage, or memory at last. */
import { type WireError, wireError } from '../shared/errors.ts';

/** A piece at its place in the file; pieces may come out of order. */
export interface Piece {
  type: 'write';
  data: Uint8Array<ArrayBuffer>;
  position: number;
}

export interface ExportPlace {
  writable: WritableStream<Piece>;
  /** Once the stream is closed: the file, and null where it lies where the user wanted it. */
  file(): Promise<Blob | null>;
  /** Throws away what was written. */
  discard(): Promise<void>;
}

const PREFIX = 'emollm-export-';
/** A file of that age has been handed over long ago, or belongs to a page that is gone. */
const OLD_MS = 10 * 60_000;

export const unwritable = (detail: string): WireError =>
  wireError('file-unwritable', 'The video could not be written.', 'Check that there is space left, or choose another place.', detail);

/** May reject: what the user chose may have become unwritable. `chosen` null: a place of the page's own. */
export async function openPlace(chosen: FileSystemFileHandle | null, type: string): Promise<ExportPlace> {
  if (chosen) {
    const writable = await chosen.createWritable();
    return {
      writable: writable as WritableStream<Piece>,
      file: async () => null,
      // Aborting the stream leaves the chosen file as it was before: empty, where it is new.
      discard: async () => {},
    };
  }
  return (await openOwn(type).catch(() => null)) ?? inMemory(type);
}

/** In the browser's storage for this page. */
async function openOwn(type: string): Promise<ExportPlace> {
  const folder = await navigator.storage.getDirectory();
  await sweep(folder).catch(() => {}); // what is left over is swept the next time
  const name = `${PREFIX}${crypto.randomUUID()}`;
  const handle = await folder.getFileHandle(name, { create: true });
  const access = await handle.createSyncAccessHandle();
  const writable = new WritableStream<Piece>({
    write: ({ data, position }) => {
      if (access.write(data, { at: position }) < data.byteLength) throw new Error('fewer bytes were written than given');
    },
    close: () => {
      access.flush();
      access.close();
    },
    abort: () => access.close(),
  });
  return {
    writable,
    file: async () => {
      const file = await handle.getFile();
      return file.slice(0, file.size, type);
    },
    discard: () => folder.removeEntry(name).catch(() => {}),
  };
}

/** Files of earlier exports, which were handed over as downloads. */
async function sweep(folder: FileSystemDirectoryHandle): Promise<void> {
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind !== 'file' || !name.startsWith(PREFIX)) continue;
    const { lastModified } = await (handle as FileSystemFileHandle).getFile();
    // One that is being written elsewhere is locked.
    if (Date.now() - lastModified > OLD_MS) await folder.removeEntry(name).catch(() => {});
  }
}

/** Where the browser lends no storage: a private window. */
function inMemory(type: string): ExportPlace {
  const pieces: { data: Uint8Array<ArrayBuffer>; position: number }[] = [];
  return {
    writable: new WritableStream<Piece>({
      write: ({ data, position }) => {
        pieces.push({ data: data.slice(), position });
      },
    }),
    file: async () => new Blob([assembled(pieces)], { type }),
    discard: async () => {
      pieces.length = 0;
    },
  };
}

/** Later pieces lie over earlier ones. */
function assembled(pieces: readonly { data: Uint8Array<ArrayBuffer>; position: number }[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((end, { data, position }) => Math.max(end, position + data.byteLength), 0));
  for (const { data, position } of pieces) whole.set(data, position);
  return whole;
}
