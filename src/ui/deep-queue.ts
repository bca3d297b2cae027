import type { MediaFrame } from '../media/frame.ts';
import type { Task } from '../shared/labels.ts';
import { type AnalysisState, isOpen, itemOfRun, type Snapshot } from './analysis-state.ts';
import type { Analyzer } from './analyzer.ts';
import type { StateStore } from './state-store.ts';

/** The pack's own budget ends a text sooner; this is for a text that does not end. */
export const MAX_NEW_TOKENS = 200;

export interface DeepRun {
  runId: string;
  itemId: string;
  task: Task;
  snapshot: Snapshot | null;
  /** As the user typed them; null: they are read from the frame. */
  words: string | null;
  /** The frame to transfer; null where it could not be had. */
  frame: () => Promise<MediaFrame | null>;
}

interface Job extends DeepRun {
  abort: AbortController;
  /** Its worker is gone: `due` as long as it waits to be begun once more, and `used` when it was. */
  anew: 'unused' | 'due' | 'used';
}

/** Explanations, one after another; they wait here until the language model is there. */
export class DeepQueue {
  readonly #store: StateStore;
  readonly #jobs: Job[] = [];
  #busy = false;

  constructor(store: StateStore) {
    this.#store = store;
  }

  add(analyzer: Analyzer, run: DeepRun): void {
    this.#jobs.push({ ...run, abort: new AbortController(), anew: 'unused' });
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

  /** Whether a run whose worker is gone is begun anew by itself, from its first word on: once. */
  beginAnew(runId: string): boolean {
    const job = this.#jobs.find((each) => each.runId === runId);
    if (job?.anew !== 'unused' || job.abort.signal.aborted) return false;
    job.anew = 'due';
    this.#store.dispatch({ type: 'explain-anew', runId });
    return true;
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
      if (job.anew === 'due') job.anew = 'used';
      else this.#jobs.shift();
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
    const asked = itemOfRun(this.#store.get(), runId)?.explanations.find((run) => run.runId === runId);
    await analyzer.explain(signal, frame, {
      runId,
      sourceId: itemId,
      task,
      readings: snapshot?.readings ?? null,
      words,
      maxNewTokens: MAX_NEW_TOKENS,
      prompting: asked?.prompting ?? 'emoprompt',
    });
    if (job.anew === 'due') return;
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
