import { type Action, type AnalysisState, initialState, reduce } from './analysis-state.ts';

/** Holds the state: React subscribes, the controller reads it without waiting for a render. */
export class StateStore {
  #state: AnalysisState = initialState;
  readonly #listeners = new Set<() => void>();

  get = (): AnalysisState => this.#state;

  dispatch = (action: Action): void => {
    const next = reduce(this.#state, action);
    if (next === this.#state) return;
    this.#state = next;
    for (const listener of this.#listeners) listener();
  };

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}
