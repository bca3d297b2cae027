/** A place that keeps nobody waiting for ever. Knows nothing of what is kept. */
import type { BytePlace } from './byte-place.ts';

const PATIENCE_MS = 30_000;
/** A disk slower than this is taken for one that does not answer. */
const SLOWEST_BYTES_PER_MS = 1000;

/** What is not there in time rejects with a `TimeoutError`. */
export async function inTime<T>(work: Promise<T>, ms = PATIENCE_MS): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('the browser’s storage does not answer', 'TimeoutError')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The same place, but what it has not answered in time rejects with a `TimeoutError`: whoever holds a lock meanwhile lets it go.
 * @param patienceMs for each call; reading a whole file has longer, by its size. Default 30,000 ms
 */
export function patientPlace(place: BytePlace, patienceMs = PATIENCE_MS): BytePlace {
  const within = <T>(work: Promise<T>, moreMs = 0): Promise<T> => inTime(work, patienceMs + moreMs);
  return {
    kind: place.kind,
    folders: () => within(place.folders()),
    names: (folder) => within(place.names(folder)),
    readText: (folder, name) => within(place.readText(folder, name)),
    writeText: (folder, name, text) => within(place.writeText(folder, name, text)),
    readFile: (folder, name, bytes) => within(place.readFile(folder, name, bytes), bytes / SLOWEST_BYTES_PER_MS),
    readChunk: (folder, name, index, length) => within(place.readChunk(folder, name, index, length)),
    writeChunk: (folder, name, index, bytes) => within(place.writeChunk(folder, name, index, bytes)),
    remove: (folder, name) => within(place.remove(folder, name)),
    removeFolder: (folder) => within(place.removeFolder(folder)),
  };
}
