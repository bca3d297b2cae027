import { type Action, type AnalysisState, initialState, reduce } from './analysis-state.ts';

/**
 * A view renders at most so often, ms: no display shows more. A flood of events (each a message of its own) that rendered one by one
 * would also keep React's other work waiting, which it takes for an endless loop ("Maximum update depth exceeded").
 */
const VIEW_MS = 8;

/** Holds the state: React subscribes, the controller reads it without waiting for a render. */
export class StateStore {
  #state: AnalysisState = initialState;
  readonly #listeners = new Set<() => void>();
  readonly #views = new Set<() => void>();
  #viewedAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | null = null;

  get = (): AnalysisState => this.#state;

  dispatch = (action: Action): void => {
    const next = reduce(this.#state, action);
    if (next === this.#state) return;
    this.#state = next;
    for (const listener of this.#listeners) listener();
    if (this.#timer !== null) return;
    const wait = this.#viewedAt + VIEW_MS - performance.now();
    if (wait <= 0) this.#show();
    else this.#timer = setTimeout(this.#show, wait);
  };

  /** Told of every change, at once. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Told at once of a change after a pause, of many together a little later. */
  subscribeView = (view: () => void): (() => void) => {
    this.#views.add(view);
    return () => this.#views.delete(view);
  };

  readonly #show = (): void => {
    this.#timer = null;
    this.#viewedAt = performance.now();
    for (const view of this.#views) view();
  };
}
