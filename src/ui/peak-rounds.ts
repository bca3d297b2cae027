/**
 * Peaks of recordings that the user wants explained, many at once: one after another, whatever is on the stage. One waits while anything
 * else is being explained, and makes way for what is asked for. Knows no decoder, no worker and no components.
 */
import { type WireError, wireError } from '../shared/errors.ts';
import type { Task } from '../shared/labels.ts';
import { ok, type Result } from '../shared/result.ts';
import { type AnalysisState, type Item, isOpen, type Snapshot } from './analysis-state.ts';
import { messages } from './messages.ts';
import type { Peak } from './peaks.ts';
import type { StateStore } from './state-store.ts';
import { isExplained } from './unexplained-peaks.ts';

/** With more, a press of a button would be hours of work. */
export const MOST_PEAKS = 20;

/** The frame of a peak; whoever gets it closes the image. */
interface PeakStill {
  image: ImageBitmap;
  /** Media time in seconds. */
  time: number;
}

interface PeakRoundsOptions {
  store: StateStore;
  /** The item's frame of that time; null where none can be decoded there. Fails where the file cannot be opened. */
  still: (signal: AbortSignal, itemId: string, time: number) => Promise<Result<PeakStill | null>>;
  /** What was read from that very frame; null where it has to be read anew. */
  recorded: (item: Item, still: PeakStill) => Snapshot | null;
  newRun: () => string;
  /** Puts a run in the queue. Takes the image. */
  begin: (run: { runId: string; itemId: string; task: Task; snapshot: Snapshot | null }, still: PeakStill) => void;
  /** Ends a run that waits or is being written. */
  stopRun: (runId: string) => void;
  /** Ends it, and no trace of it stays: it is going to be begun again. */
  withdraw: (runId: string) => void;
}

interface Round {
  itemId: string;
  task: Task;
  /** Media times in seconds, in their turn. */
  waiting: number[];
  all: number;
}

interface Turn {
  round: Round;
  time: number;
  /** Ends the search for its frame. */
  abort: AbortController;
  /** Null until its frame is there. */
  runId: string | null;
}

export class PeakRounds {
  readonly #options: PeakRoundsOptions;
  readonly #rounds: Round[] = [];
  #turn: Turn | null = null;
  #isDue = false;

  constructor(options: PeakRoundsOptions) {
    this.#options = options;
    options.store.subscribe(() => this.#soon());
  }

  /** Explains peaks in their order, `MOST_PEAKS` of them at most; nothing where a round of that item goes on already. */
  explain(itemId: string, peaks: readonly Peak[], task: Task): void {
    if (peaks.length === 0 || this.#rounds.some((round) => round.itemId === itemId)) return;
    const waiting = peaks.slice(0, MOST_PEAKS).map(({ time }) => time);
    this.#rounds.push({ itemId, task, waiting, all: waiting.length });
    this.#tell();
    this.#soon();
  }

  /** What waits is given up, what is being written stops; what is done stays. */
  stop(itemId: string): void {
    const at = this.#rounds.findIndex((round) => round.itemId === itemId);
    if (at < 0) return;
    this.#rounds.splice(at, 1);
    const turn = this.#turn?.round.itemId === itemId ? this.#turn : null;
    if (turn) {
      this.#turn = null;
      turn.abort.abort();
      if (turn.runId !== null) this.#options.stopRun(turn.runId);
    }
    this.#tell();
  }

  stopAll(): void {
    for (const { itemId } of [...this.#rounds]) this.stop(itemId);
  }

  /** The peak whose turn it is goes back to where it was, and has it again as soon as nothing else is being explained. */
  makeWay(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#turn = null;
    turn.abort.abort();
    turn.round.waiting.unshift(turn.time);
    if (turn.runId !== null) this.#options.withdraw(turn.runId);
  }

  /** Not at once: whoever changes the state may be about to ask for something. */
  #soon(): void {
    if (this.#isDue || this.#rounds.length === 0) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#goOn();
    });
  }

  #goOn(): void {
    const state = this.#options.store.get();
    const turn = this.#turn;
    if (turn && (turn.runId === null || isOpenRun(state, turn.runId))) return;
    if (turn) this.#over(turn);
    const { phase } = state.model.parts['language-model'];
    const [round] = this.#rounds;
    if (!round || phase === 'loading' || isWriting(state)) return;
    // Each would fail alike, and the first has said why.
    if (phase === 'failed' && turn) this.stopAll();
    else void this.#begin(round);
  }

  async #begin(round: Round): Promise<void> {
    const { store, still, recorded, newRun, begin } = this.#options;
    const time = round.waiting.shift();
    const explained = this.#item(round.itemId)?.explanations ?? [];
    if (time === undefined) return this.stop(round.itemId);
    const turn: Turn = { round, time, abort: new AbortController(), runId: null };
    this.#turn = turn;
    // Somebody may have asked for this moment meanwhile.
    if (isExplained(explained, round.task, time)) return this.#over(turn);
    // A picture that there is no memory for is as one that cannot be decoded: the others have their turn.
    const found = await still(turn.abort.signal, round.itemId, time).catch(() => ok(null));
    const image = found.ok ? (found.value?.image ?? null) : null;
    const item = this.#item(round.itemId);
    // Stopped, or made way.
    if (this.#turn !== turn || !item) {
      image?.close();
      return;
    }
    const runId = newRun();
    turn.runId = runId;
    const { itemId, task } = round;
    const snapshot = found.ok && found.value ? recorded(item, found.value) : null;
    const at = found.ok ? (found.value?.time ?? time) : time;
    store.dispatch({ type: 'explain-asked', itemId, runId, task, time: at, snapshot, auto: true });
    if (found.ok && found.value) begin({ runId, itemId, task, snapshot }, found.value);
    else this.#failed(runId, found.ok ? wireError('video-broken', ...messages.peakRounds.noFrame) : found.error);
    // A file that cannot be opened will not open for the next one either.
    if (!found.ok) this.stop(itemId);
  }

  #failed(runId: string, error: WireError): void {
    this.#options.store.dispatch({ type: 'event', event: { type: 'failed', runId, error } });
  }

  #over({ round }: Turn): void {
    this.#turn = null;
    if (round.waiting.length === 0) this.stop(round.itemId);
    else this.#tell();
    this.#soon();
  }

  #item(itemId: string): Item | null {
    return this.#options.store.get().items.find(({ id }) => id === itemId) ?? null;
  }

  #tell(): void {
    const rounds = this.#rounds.map((round) => ({
      itemId: round.itemId,
      done: round.all - round.waiting.length - (this.#turn?.round === round ? 1 : 0),
      all: round.all,
    }));
    this.#options.store.dispatch({ type: 'peak-rounds', rounds });
  }
}

function isWriting({ items }: AnalysisState): boolean {
  return items.some((item) => item.explanations.some(isOpen));
}

function isOpenRun({ items }: AnalysisState, runId: string): boolean {
  return items.some((item) => item.explanations.some((run) => run.runId === runId && isOpen(run)));
}
