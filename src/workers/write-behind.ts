/** Work that nobody waits for, piece after piece, once it is its time. Knows not what is done. */
import { SerialQueue } from '../shared/serial-queue.ts';

/** Whatever goes on has had its head start by then. */
const PATIENCE_MS = 10_000;

export class WriteBehind {
  readonly #queue = new SerialQueue();
  readonly #begun: Promise<void>;
  #begin: () => void = () => {};
  readonly #patienceMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param patienceMs it begins by itself so long after the first piece. Default 10,000 ms */
  constructor(patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
    this.#begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  /** Resolves when the piece and all before it are done; rejects with what it rejects with itself. */
  push(work: () => Promise<void>): Promise<void> {
    this.#timer ??= setTimeout(() => this.#begin(), this.#patienceMs);
    return this.#queue.run(async () => {
      await this.#begun;
      await work();
    });
  }

  /** From now on it is its time. Resolves when all that there is so far is done. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#begin();
    return this.#queue.run(async () => {});
  }
}
