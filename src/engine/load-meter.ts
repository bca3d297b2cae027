/** How far loading is, over everything that is read: told in steps that a bar shows, never backwards within one total. */
import type { Pack, PackPart, PartFiles } from '../model/pack.ts';
import type { AnalysisEvent, ReadyPart } from '../shared/events.ts';
import type { Result } from '../shared/result.ts';

/** Progress is told this often, in bytes: the page draws a bar, not a counter. */
const PROGRESS_BYTES = 400_000;

export class LoadMeter {
  #total: number;
  #before = 0;
  readonly #emit: (event: AnalysisEvent) => void;

  constructor(totalBytes: number, emit: (event: AnalysisEvent) => void) {
    this.#total = totalBytes;
    this.#emit = emit;
  }

  /** More is to be read than was thought. */
  grow(bytes: number): void {
    this.#total += bytes;
  }

  /** Reads the files of a part of the pack, which count for `part`. */
  readPart(pack: Pack, name: PackPart, part: ReadyPart): Promise<Result<PartFiles>> {
    return this.count(part, (onBytes) => pack.readPart(name, onBytes));
  }

  /** @param read tells how many bytes of its own have come so far. */
  async count<T>(part: ReadyPart, read: (onBytes: (bytes: number) => void) => Promise<T>): Promise<T> {
    let told = Number.NEGATIVE_INFINITY;
    let loaded = 0;
    const tell = (): void => {
      told = loaded;
      // Parts may share a file, which is then counted twice: the bar must not go beyond its end.
      this.#emit({ type: 'load-progress', loadedBytes: Math.min(this.#before + loaded, this.#total), totalBytes: this.#total, part });
    };
    const result = await read((bytes) => {
      loaded = Math.max(loaded, bytes);
      if (loaded - told >= PROGRESS_BYTES) tell();
    });
    tell();
    this.#before += loaded;
    return result;
  }
}
