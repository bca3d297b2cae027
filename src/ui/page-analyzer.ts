/**
 * The page's one analyzer: with which packs and on which backend it is loaded, and how the next one is when its worker is lost. Knows neither
 * the state nor what is open.
 */
import type { AnalysisEvent } from '../shared/events.ts';
import type { Fault } from '../shared/faults.ts';
import type { BackendChoice } from '../shared/labels.ts';
import type { LoadOptions } from '../workers/api.ts';
import type { Analyzer, StartAnalyzer } from './analyzer.ts';
import { OWN_PACK, type PackChoice } from './pack-choice.ts';
import { type Interruption, Recovery } from './recovery.ts';
import { type AddressOptions, loadChoices } from './settings.ts';

interface PageAnalyzerOptions {
  start: StartAnalyzer;
  address: AddressOptions;
  /** What the settings say; the address wins. */
  backend: BackendChoice;
  /** Those in use from the start. */
  packs: PackChoice;
  /** Everything is found relative to this: the pack, the wasm files. */
  baseUrl: string;
  hear: (event: AnalysisEvent) => void;
  /** The worker is lost, and the next one is about to be loaded. */
  onLost: (interruption: Interruption) => void;
  /** The user loads anew: the worker before is gone, the next one not there yet. */
  onRestart: () => void;
}

export class PageAnalyzer {
  readonly #options: PageAnalyzerOptions;
  readonly #recovery = new Recovery();
  #backend: BackendChoice;
  #packs: PackChoice;
  #current: Analyzer;
  #loaded: Promise<void> = Promise.resolve();

  constructor(options: PageAnalyzerOptions) {
    this.#options = options;
    this.#backend = options.address.backend ?? options.backend;
    this.#packs = options.packs;
    this.#current = this.#start();
  }

  /** Another one after each restart. */
  get current(): Analyzer {
    return this.#current;
  }

  /** Resolves when the current one has loaded, or has failed to, and has written what the browser keeps of its pack. */
  get loaded(): Promise<void> {
    return this.#loaded;
  }

  get backend(): BackendChoice {
    return this.#backend;
  }

  /** Packs of this browser's store that are in use. */
  get packs(): PackChoice {
    return this.#packs;
  }

  /** Of the folder under `models/`. */
  get packName(): string {
    return this.#options.address.pack;
  }

  /** What it takes to load a pack beside this page, as it is used here, or stored ones in its place. */
  loadOptions(pack: string, packs: PackChoice = OWN_PACK): LoadOptions {
    const { address, baseUrl } = this.#options;
    return this.#recovery.adjusted({
      packUrl: new URL(`models/${pack}/`, baseUrl).href,
      wasmUrl: new URL('ort/', baseUrl).href,
      backend: this.#backend,
      graphBackends: address.graphBackends,
      threads: 0,
      choices: loadChoices(),
      ...packs,
    });
  }

  /** Ends the worker and loads the packs anew; all is tried again, whatever was left out after a loss. */
  restart(backend: BackendChoice, packs: PackChoice): void {
    this.#current.dispose();
    this.#backend = backend;
    this.#packs = packs;
    this.#recovery.forget();
    this.#options.onRestart();
    this.#current = this.#start();
  }

  #start(): Analyzer {
    const { start, hear } = this.#options;
    const analyzer = start(hear, (fault) => this.#recover(fault));
    this.#loaded = analyzer.load(this.#own());
    return analyzer;
  }

  #own(): LoadOptions {
    return this.loadOptions(this.packName, this.#packs);
  }

  /** How the next worker is loaded; null where the user has to say so. */
  #recover(fault: Fault): LoadOptions | null {
    const interruption = this.#recovery.after(fault, this.#packs.foundation !== null);
    if (!interruption) return null;
    this.#options.onLost(interruption);
    return this.#own();
  }
}
