/**
 * The pack's whole self-test, in the background: once where the machine's GPU, the browser, the app or the pack is another than at the last
 * one (each start checks each graph with one run only). It waits until nothing else is computed, and makes way. Knows no components.
 */
import * as v from 'valibot';
import type { ModelInfo } from '../shared/events.ts';
import type { Result } from '../shared/result.ts';
import { VERSION } from '../shared/version.ts';
import type { LoadOptions, SelfTestOptions } from '../workers/api.ts';
import { type AnalysisState, isOpen, selectedItem } from './analysis-state.ts';
import type { StateStore } from './state-store.ts';

const KEY = 'emollm-self-test';
/** Nothing was computed for so long, ms: somebody who looks around is not to be slowed down. */
const IDLE_MS = 20_000;
/** GB, below which the language model is not loaded a second time beside the one in use: its probe at each start has to do. */
const ENOUGH_MEMORY = 4;

const recordSchema = v.object({ identity: v.string(), at: v.number(), seconds: v.number(), faults: v.array(v.string()) });

/** What the last one found: a line for each number that is off. `at`: milliseconds since 1970. */
export type SelfTestRecord = v.InferOutput<typeof recordSchema>;

interface FullSelfTestOptions {
  store: Pick<StateStore, 'get' | 'subscribe'>;
  run: (signal: AbortSignal, options: SelfTestOptions) => Promise<Result<string[]>>;
  loadOptions: () => LoadOptions;
  /** Whether something is computed beside what the state tells of. Who begins or ends it calls `heed`. Default: never. */
  isBusyElsewhere?: () => boolean;
  userAgent: string;
  /** GB, as the browser tells; undefined where it does not, which may be a phone. */
  memory: number | undefined;
  storage: Pick<Storage, 'getItem' | 'setItem'>;
  /** Milliseconds since 1970. */
  now?: () => number;
}

export class FullSelfTest {
  readonly #options: FullSelfTestOptions;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  #record: SelfTestRecord | null;
  /** What `get` gave when it was told last. */
  #told: SelfTestRecord | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #running: AbortController | null = null;
  /** It could not be run: it is not tried again in this visit. */
  #failedFor = '';

  constructor(options: FullSelfTestOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => Date.now());
    this.#record = this.#load();
    options.store.subscribe(() => this.heed());
  }

  /** Of this very machine, browser, app and pack; null where it was not run yet. */
  get = (): SelfTestRecord | null => {
    const { info } = this.#options.store.get().model;
    return info && this.#record?.identity === this.#identity(info) ? this.#record : null;
  };

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Looks whether it is due, or has to make way. */
  heed(): void {
    this.#tell();
    const state = this.#options.store.get();
    const { info } = state.model;
    const isQuiet = isIdle(state) && !this.#options.isBusyElsewhere?.();
    const isDue = info !== null && isQuiet && this.get() === null && this.#failedFor !== this.#identity(info);
    if (isDue && this.#timer === null && this.#running === null) {
      this.#timer = setTimeout(() => void this.#run(info), IDLE_MS);
    } else if (!isDue) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      this.#running?.abort();
    }
  }

  async #run(info: ModelInfo): Promise<void> {
    this.#timer = null;
    const { run, loadOptions, memory } = this.#options;
    const running = new AbortController();
    this.#running = running;
    const began = this.#now();
    // Each graph where it runs now, and no other backend.
    const graphBackends: LoadOptions['graphBackends'] = {};
    for (const { graph, backend } of info.graphs) graphBackends[graph] = backend === 'webgpu' ? 'webgpu' : 'wasm';
    // Nor a graph that is not in use: beside a foundation pack the language model is not even fetched.
    const used = info.graphs.map(({ graph }) => graph);
    const graphs = (memory ?? 0) < ENOUGH_MEMORY ? used.filter((name) => name !== 'language-model') : used;
    const result = await run(running.signal, { ...loadOptions(), backend: 'wasm', graphBackends, graphs, newTokens: null });
    this.#running = null;
    if (running.signal.aborted) return this.heed();
    const identity = this.#identity(info);
    if (!result.ok) {
      this.#failedFor = identity;
      return;
    }
    this.#record = { identity, at: began, seconds: (this.#now() - began) / 1000, faults: result.value };
    this.#save(this.#record);
    this.#tell();
  }

  #tell(): void {
    const record = this.get();
    if (record === this.#told) return;
    this.#told = record;
    for (const listener of this.#listeners) listener();
  }

  #identity({ adapter, packHash, graphs }: ModelInfo): string {
    const backends = graphs.map(({ graph, backend }) => `${graph}=${backend}`).join(' ');
    return [VERSION, this.#options.userAgent, adapter, packHash, backends].join(' · ');
  }

  #load(): SelfTestRecord | null {
    try {
      const parsed = v.safeParse(recordSchema, JSON.parse(this.#options.storage.getItem(KEY) ?? 'null'));
      return parsed.success ? parsed.output : null;
    } catch {
      return null;
    }
  }

  #save(record: SelfTestRecord): void {
    try {
      this.#options.storage.setItem(KEY, JSON.stringify(record));
    } catch {
      // Refused storage: it is run again at the next visit.
    }
  }
}

/** Nothing is being read, written or watched. */
function isIdle(state: AnalysisState): boolean {
  const { model, items, camera, paused, peakRounds } = state;
  return (
    Object.values(model.parts).every(({ phase }) => phase === 'ready') &&
    camera === 'off' &&
    (selectedItem(state)?.kind !== 'video' || paused) &&
    peakRounds.length === 0 &&
    items.every(
      (item) =>
        item.phase !== 'reading' &&
        !item.explanations.some(isOpen) &&
        !item.jobs?.some(({ phase }) => phase === 'queued' || phase === 'running'),
    )
  );
}
