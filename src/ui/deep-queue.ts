import type { MediaFrame } from '../media/frame.ts';
import type { Task } from '../shared/labels.ts';
import { type AnalysisState, isOpen, type Snapshot } from './analysis-state.ts';
import type { Analyzer } from './analyzer.ts';
import type { StateStore } from './state-store.ts';

/** The pack's own budget ends a text sooner; this is for a text that does not end. */
export const MAX_NEW_TOKENS = 200;

interface Job {
  runId: string;
  itemId: string;
  task: Task;
  snapshot: Snapshot | null;
  /** As the user typed them; null: they are read from the frame. */
  words: string | null;
  abort: AbortController;
  /** The frame to transfer; null where it could not be had. */
  frame: () => Promise<MediaFrame | null>;
}

/** Explanations, one after another; they wait here until the language model is there. */
export class DeepQueue {
  readonly #store: StateStore;
  readonly #jobs: Job[] = [];
  #busy = false;

  constructor(store: StateStore) {
    this.#store = store;
  }

  add(analyzer: Analyzer, job: Omit<Job, 'abort'>): void {
    this.#jobs.push({ ...job, abort: new AbortController() });
    void this.pump(analyzer);
  }

  /** Ends all that wait or run. The state says so at once; the worker follows. */
  stop(): void {
    for (const job of [...this.#jobs]) {
      this.#store.dispatch({ type: 'explain-stopped', runId: job.runId });
      job.abort.abort();
    }
  }

  /** Ends one run, whether it waits or is being written. */
  stopRun(runId: string): void {
    for (const job of this.#jobs) {
      if (job.runId !== runId) continue;
      this.#store.dispatch({ type: 'explain-stopped', runId });
      job.abort.abort();
    }
  }

  stopItem(itemId: string): void {
    for (const job of this.#jobs) if (job.itemId === itemId) job.abort.abort();
  }

  /** Call whenever something that a job waits for may be there. */
  async pump(analyzer: Analyzer): Promise<void> {
    if (this.#busy) return;
    const job = this.#jobs[0];
    if (!job || !(job.abort.signal.aborted || canBegin(this.#store.get()))) return;
    this.#busy = true;
    try {
      await this.#run(analyzer, job);
    } finally {
      this.#jobs.shift();
      this.#busy = false;
    }
    await this.pump(analyzer);
  }

  async #run(analyzer: Analyzer, job: Job): Promise<void> {
    const { signal } = job.abort;
    if (signal.aborted) return;
    // A picture that was closed meanwhile gives none; the queue goes on.
    const frame = await job.frame().catch(() => null);
    if (!frame) {
      this.#store.dispatch({ type: 'explain-stopped', runId: job.runId });
      return;
    }
    if (signal.aborted) {
      frame.image.close();
      return;
    }
    const { error } = this.#store.get().model.parts['language-model'];
    if (error) {
      frame.image.close();
      this.#store.dispatch({ type: 'event', event: { type: 'failed', runId: job.runId, error } });
      return;
    }
    const { runId, itemId, task, snapshot, words } = job;
    await analyzer.explain(signal, frame, {
      runId,
      sourceId: itemId,
      task,
      readings: snapshot?.readings ?? null,
      words,
      maxNewTokens: MAX_NEW_TOKENS,
    });
    // A run that the worker let end without a word would otherwise stay open for ever.
    if (this.#store.get().items.some((item) => item.explanations.some((run) => run.runId === runId && isOpen(run)))) {
      this.#store.dispatch({ type: 'explain-stopped', runId });
    }
  }
}

/** With the language model there, or its failure to tell. */
function canBegin(state: AnalysisState): boolean {
  return state.model.parts['language-model'].phase !== 'loading';
}
