/** What a thread that works on a video tells the page's watchdog. Knows neither decoder nor encoder. */
import type { Work } from '../shared/work.ts';
import type { PulseSender } from './pulse.ts';

/** Decoder and encoder answer when they like, and the thread answers with them or without: only steps tell that it goes on. */
export class VideoPulse {
  readonly #sender: Pick<PulseSender, 'work'>;

  constructor(sender: Pick<PulseSender, 'work'>) {
    this.#sender = sender;
  }

  /** The job may take minutes up to its first step: decoder and encoder are made, and what lies before a stretch is decoded first. */
  async during<T>(job: () => Promise<T>): Promise<T> {
    this.#begin('open');
    try {
      return await job();
    } finally {
      this.#sender.work(null);
    }
  }

  /** A frame or a piece of the file is done; the next one begins. */
  readonly step = (): void => this.#begin('run');

  /** What was written is put in its place, which may be slow, and be looked through by the browser first. */
  readonly closing = (): void => this.#begin('open');

  #begin(kind: Work['kind']): void {
    this.#sender.work(null);
    this.#sender.work({ graph: null, backend: null, kind, size: 'large' });
  }
}
