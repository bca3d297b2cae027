/**
 * Two packs, or two ways to ask one, on the same picture: one after the other, each loaded beside the page's own and given back before the next,
 * so that no more than one is in memory. Knows no components.
 */
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import type { Prompting, Task } from '../shared/labels.ts';
import type { LoadOptions } from '../workers/client.ts';
import { type Action, type AnalysisState, type Explanation, initialState, reduce } from './analysis-state.ts';
import type { Analyzer, StartAnalyzer } from './analyzer.ts';
import { MAX_NEW_TOKENS } from './deep-queue.ts';
import type { FrozenFrame } from './frozen-frame.ts';
import { messages } from './messages.ts';
import type { PackChoice } from './pack-choice.ts';

/** What answers, and how it is asked. */
export interface Side {
  packs: PackChoice;
  prompting: Prompting;
}

export interface SideOutcome {
  side: Side;
  /** As it is written; its error is the side's. */
  run: Explanation;
  /** Null until it is loaded. */
  info: ModelInfo | null;
  /** Null until it is loaded, and where it was loaded already for the side before. */
  loadSeconds: number | null;
  /** From the question to the end of the answer; null until then. */
  seconds: number | null;
  /** Of the files that were loaded for it, the faces' among them; null until it is loaded. */
  filesBytes: number | null;
  /** Of the page with its workers while this side was loaded, in bytes; null where it was not measured, or the browser does not tell. */
  memoryBytes: number | null;
}

export interface ComparingState {
  open: boolean;
  /** What the dialog is made of is fetched when it is opened first. */
  everOpen: boolean;
  /** Null while the stage is empty. */
  frame: FrozenFrame | null;
  /** What was asked last. */
  task: Task;
  /** Whether the memory is measured with what was asked last. */
  measures: boolean;
  /** `measuring`: it has answered, and the browser has not told the memory yet. */
  running: { at: 0 | 1; phase: 'loading' | 'answering' | 'measuring'; loadedBytes: number; totalBytes: number } | null;
  outcomes: readonly [SideOutcome | null, SideOutcome | null];
}

export interface ComparisonHost {
  startAnalyzer: StartAnalyzer;
  loadOptions(packs: PackChoice): LoadOptions;
  frame(): Promise<FrozenFrame | null>;
  /** Bytes of the page with its workers; null where the browser does not tell. It may take a minute: browsers measure when they next collect garbage. */
  memory(): Promise<number | null>;
  /** In milliseconds. */
  now(): number;
}

interface Loaded {
  packs: PackChoice;
  analyzer: Analyzer;
  info: ModelInfo | null;
  error: WireError | null;
  seconds: number;
  filesBytes: number | null;
}

const ITEM = 'compared';

export class PackComparison {
  readonly #host: ComparisonHost;
  readonly #listeners = new Set<() => void>();
  #state: ComparingState = {
    open: false,
    everOpen: false,
    frame: null,
    task: 'emotion',
    measures: false,
    running: null,
    outcomes: [null, null],
  };
  #abort: AbortController | null = null;
  /** Where the events of the analyzer at work go. */
  #hear: (event: AnalysisEvent) => void = () => {};
  #ids = 0;

  constructor(host: ComparisonHost) {
    this.#host = host;
  }

  readonly get = (): ComparingState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Shows the dialog, with what stands on the stage now; a comparison that runs goes on with its own. */
  async open(): Promise<void> {
    this.#set({ open: true, everOpen: true });
    if (this.#state.running) return;
    const frame = await this.#host.frame();
    this.#state.frame?.image.close();
    this.#set({ frame, outcomes: [null, null] });
  }

  close(): void {
    this.stop();
    this.#set({ open: false });
  }

  /**
   * Resolves when both have answered, failed, or were stopped. One at a time: a second call does nothing.
   * @param measures each side stays loaded until the browser has told the memory
   */
  async start(sides: readonly [Side, Side], task: Task, measures = false): Promise<void> {
    const { frame, running } = this.#state;
    if (!frame || running) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#set({ task, measures, outcomes: [null, null] });
    let loaded: Loaded | null = null;
    try {
      for (const at of [0, 1] as const) {
        const side = sides[at];
        const isThere: boolean = loaded !== null && loaded.error === null && samePacks(loaded.packs, side.packs);
        if (!isThere) {
          loaded?.analyzer.dispose();
          loaded = await this.#load(abort.signal, at, side.packs);
        }
        if (!abort.signal.aborted && loaded) await this.#answer(abort.signal, at, side, loaded, isThere, frame);
        if (abort.signal.aborted) break;
      }
    } finally {
      loaded?.analyzer.dispose();
      this.#hear = () => {};
      this.#set({ running: null });
    }
  }

  /** What was written so far stays. */
  stop(): void {
    this.#abort?.abort();
  }

  async #load(signal: AbortSignal, at: 0 | 1, packs: PackChoice): Promise<Loaded> {
    this.#set({ running: { at, phase: 'loading', loadedBytes: 0, totalBytes: 0 } });
    const started = this.#host.now();
    const loaded: Omit<Loaded, 'analyzer'> = { packs, info: null, error: null, seconds: 0, filesBytes: null };
    this.#hear = (event) => {
      if (event.type === 'ready') loaded.info = event.info;
      if (event.type === 'load-failed' && (event.part === 'language-model' || !loaded.error)) loaded.error = event.error;
      if (event.type === 'load-progress') {
        loaded.filesBytes = event.totalBytes;
        this.#set({ running: { at, phase: 'loading', loadedBytes: event.loadedBytes, totalBytes: event.totalBytes } });
      }
    };
    const analyzer = this.#host.startAnalyzer((event) => this.#hear(event));
    const end = () => analyzer.dispose();
    signal.addEventListener('abort', end, { once: true });
    await analyzer.load(this.#host.loadOptions(packs));
    signal.removeEventListener('abort', end);
    const { info } = loaded;
    // Then the pack's own language model went on in its place, and would answer under another's name.
    const isReplaced = packs.foundation !== null && info !== null && !info.foundation;
    const error = loaded.error ?? (isReplaced ? wireError('model-not-ready', ...messages.compare.replaced, info.notes.join(' ')) : null);
    return { ...loaded, analyzer, error, seconds: (this.#host.now() - started) / 1000 };
  }

  async #answer(signal: AbortSignal, at: 0 | 1, side: Side, loaded: Loaded, wasThere: boolean, frame: FrozenFrame): Promise<void> {
    const { info, error, analyzer, filesBytes } = loaded;
    this.#set({ running: { at, phase: 'answering', loadedBytes: 0, totalBytes: 0 } });
    this.#ids += 1;
    const runId = `compare-${this.#ids}`;
    const { task, measures } = this.#state;
    let written = asked(frame, { runId, task, prompting: side.prompting });
    const show = (action: Action, more: Partial<SideOutcome> = {}) => {
      written = reduce(written, action);
      const [run] = written.items[0]?.explanations ?? [];
      if (!run) return;
      const before = this.#state.outcomes[at];
      const fresh = { side, run, info, loadSeconds: wasThere ? null : loaded.seconds, seconds: null, filesBytes, memoryBytes: null };
      this.#setOutcome(at, { ...(before ?? fresh), run, ...more });
    };
    this.#hear = (event) => show({ type: 'event', event });
    if (info) show({ type: 'event', event: { type: 'ready', part: 'language-model', info } });
    if (error) {
      show({ type: 'event', event: { type: 'failed', runId, error } });
      return;
    }
    // Asked while the model is at work: it is then that garbage is collected soonest.
    const memory = measures ? this.#host.memory() : null;
    const started = this.#host.now();
    await analyzer.explain(
      signal,
      { image: await createImageBitmap(frame.image), time: frame.time },
      {
        runId,
        sourceId: ITEM,
        task,
        readings: null,
        words: frame.words,
        maxNewTokens: MAX_NEW_TOKENS,
        prompting: side.prompting,
      },
    );
    const seconds = (this.#host.now() - started) / 1000;
    const outcome = this.#state.outcomes[at];
    if (!outcome) return;
    this.#setOutcome(at, { ...outcome, seconds });
    if (!memory || signal.aborted || outcome.run.phase !== 'done') return;
    this.#set({ running: { at, phase: 'measuring', loadedBytes: 0, totalBytes: 0 } });
    this.#setOutcome(at, { ...outcome, seconds, memoryBytes: await unlessAborted(signal, memory) });
  }

  #setOutcome(at: 0 | 1, outcome: SideOutcome): void {
    const [a, b] = this.#state.outcomes;
    this.#set({ outcomes: at === 0 ? [outcome, b] : [a, outcome] });
  }

  #set(change: Partial<ComparingState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function unlessAborted<T>(signal: AbortSignal, told: Promise<T>): Promise<T | null> {
  return Promise.race([told, new Promise<null>((end) => signal.addEventListener('abort', () => end(null), { once: true }))]);
}

export const samePacks = (a: PackChoice, b: PackChoice): boolean => a.foundation === b.foundation && a.storedPack === b.storedPack;

/** The page's own state, of one picture and one question: what is said of it is put together as everywhere. */
function asked(frame: FrozenFrame, { runId, task, prompting }: { runId: string; task: Task; prompting: Prompting }): AnalysisState {
  const actions: Action[] = [
    { type: 'prompting-chosen', prompting },
    { type: 'item-added', item: { id: ITEM, kind: frame.kind, name: frame.name }, select: true },
    { type: 'explain-asked', itemId: ITEM, runId, task, time: frame.time, snapshot: null, wordsGiven: frame.words },
  ];
  return actions.reduce(reduce, initialState);
}
