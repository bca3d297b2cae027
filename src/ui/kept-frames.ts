const KEPT = 12;

/** Frames kept by id, as they are: the last that were explained or looked at; where cameras stood. The oldest go first. */
export class KeptFrames {
  readonly #frames = new Map<string, ImageBitmap>();

  keep(runId: string, image: ImageBitmap): void {
    const before = this.#frames.get(runId);
    if (before !== image) before?.close();
    // Put in again, it is the newest.
    this.#frames.delete(runId);
    this.#frames.set(runId, image);
    for (const [oldest, frame] of this.#frames) {
      if (this.#frames.size <= KEPT) break;
      frame.close();
      this.#frames.delete(oldest);
    }
  }

  get(runId: string): ImageBitmap | null {
    return this.#frames.get(runId) ?? null;
  }

  forget(runIds: string[]): void {
    for (const runId of runIds) {
      this.#frames.get(runId)?.close();
      this.#frames.delete(runId);
    }
  }
}
