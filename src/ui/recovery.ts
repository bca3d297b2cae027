/**
 * What is done when the analysis' worker, its device or its memory is gone: started again, on less where it happened before, and not for ever.
 * Lasts for one visit. Knows no worker and no state.
 */
import type { Fault } from '../shared/faults.ts';
import type { GraphName } from '../shared/labels.ts';
import { assertNever } from '../shared/result.ts';
import type { LoadOptions } from '../workers/api.ts';

/** So many times in `WITHIN_MS` it is started again by itself; then the user is asked. */
const MOST_RESTARTS = 3;
const WITHIN_MS = 600_000;
/** The second loss of a device, the second hang of a graph: there is no third on WebGPU. */
const TOO_OFTEN = 2;

/** What is other than before from now on. */
type Change =
  | { kind: 'none' | 'all-on-wasm' | 'without-foundation' | 'without-language-model' }
  | { kind: 'graph-on-wasm'; graph: GraphName };

export interface Interruption {
  fault: Fault['kind'];
  change: Change;
}

export class Recovery {
  readonly #now: () => number;
  #restarts: number[] = [];
  #losses = 0;
  readonly #hangs = new Map<GraphName, number>();
  #allOnWasm = false;
  readonly #onWasm = new Set<GraphName>();
  #withoutFoundation = false;
  #withoutLanguageModel = false;

  /** @param now milliseconds of a steady clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * How it goes on; null where it does not by itself.
   * @param hasFoundation a foundation pack was asked for in the language model's place: the pack's own, which is smaller, has its turn first
   */
  after(fault: Fault, hasFoundation: boolean): Interruption | null {
    const now = this.#now();
    this.#restarts = this.#restarts.filter((at) => now - at < WITHIN_MS);
    // Without the language model there is nothing more to save memory on.
    if (this.#restarts.length >= MOST_RESTARTS || (fault.kind === 'out-of-memory' && this.#withoutLanguageModel)) return null;
    this.#restarts.push(now);
    return { fault: fault.kind, change: this.#changeAfter(fault, hasFoundation) };
  }

  /** As it is to be loaded after what has happened. */
  adjusted(options: LoadOptions): LoadOptions {
    const graphBackends = { ...options.graphBackends };
    for (const graph of this.#onWasm) graphBackends[graph] = 'wasm';
    const notes: string[] = [];
    if (this.#allOnWasm) {
      notes.push('The graphics device was lost twice in this visit, so everything runs on WebAssembly, which is slower.');
    } else {
      for (const graph of this.#onWasm)
        notes.push(`The ${graph} graph hung twice on WebGPU in this visit, so it runs on WebAssembly, which is slower.`);
    }
    if (this.#withoutFoundation && options.foundation)
      notes.push('The pack’s own language model answers, since this device ran out of memory in this visit.');
    if (this.#withoutLanguageModel) notes.push('This device ran out of memory in this visit, so the language model was left out.');
    return {
      ...options,
      ...(this.#allOnWasm ? { backend: 'wasm', graphBackends: {} } : { graphBackends }),
      ...(this.#withoutFoundation && options.foundation && { foundation: null }),
      ...(this.#withoutLanguageModel && { without: ['language-model'] }),
      ...(notes.length > 0 && { notes }),
    };
  }

  /** The user loads anew himself: all is tried again as it was asked for. */
  forget(): void {
    this.#restarts = [];
    this.#losses = 0;
    this.#hangs.clear();
    this.#allOnWasm = false;
    this.#onWasm.clear();
    this.#withoutFoundation = false;
    this.#withoutLanguageModel = false;
  }

  #changeAfter(fault: Fault, hasFoundation: boolean): Change {
    switch (fault.kind) {
      case 'device-lost':
        this.#losses += 1;
        if (this.#losses < TOO_OFTEN) return { kind: 'none' };
        this.#allOnWasm = true;
        return { kind: 'all-on-wasm' };
      case 'hang': {
        const { graph, onGpu } = fault;
        if (graph === null || !onGpu) return { kind: 'none' };
        const hangs = (this.#hangs.get(graph) ?? 0) + 1;
        this.#hangs.set(graph, hangs);
        if (hangs < TOO_OFTEN) return { kind: 'none' };
        this.#onWasm.add(graph);
        return { kind: 'graph-on-wasm', graph };
      }
      case 'out-of-memory':
        if (hasFoundation && !this.#withoutFoundation) {
          this.#withoutFoundation = true;
          return { kind: 'without-foundation' };
        }
        this.#withoutLanguageModel = true;
        return { kind: 'without-language-model' };
      case 'worker-died':
        return { kind: 'none' };
      default:
        return assertNever(fault);
    }
  }
}
