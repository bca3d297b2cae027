/** The packs of this browser: which there are, what one would take, what is being fetched, one at a time. Knows no components. */
import type { WireError } from '../shared/errors.ts';
import type { DownloadPlan, DownloadProgress, PackEntry, StorageFacts } from '../shared/packs.ts';
import type { Result } from '../shared/result.ts';
import type { PacksOptions } from '../workers/api.ts';
import type { PacksClient } from '../workers/client.ts';

/** What the page needs of the packs' worker. */
export type PacksWorker = Omit<PacksClient, 'requests'>;

export interface PacksHost {
  /** Where packs come from now. */
  options(): PacksOptions;
  /** It has a worker only while it is asked something. */
  start(options: PacksOptions): PacksWorker;
}

/** A download, or the opening of a pack from disk (`id` null: it is not known yet which). */
export interface Fetching {
  id: string | null;
  /** Null until the first bytes came. */
  progress: DownloadProgress | null;
  stopping: boolean;
}

/** What a download would take; `plan` null while that is asked. */
export interface Planned {
  id: string;
  plan: DownloadPlan | null;
}

export interface PacksState {
  /** Null until they were listed. */
  entries: PackEntry[] | null;
  storage: StorageFacts | null;
  planned: Planned | null;
  fetching: Fetching | null;
  /** By the pack that it is about; `null` where it is about none. */
  failure: { id: string | null; error: WireError } | null;
  /** The pack that was fetched or opened last in this visit, by id. */
  arrived: string | null;
  /** `everOpen`: what the dialog is made of is fetched when it is opened first. */
  view: { open: boolean; everOpen: boolean };
}

export class Packs {
  readonly #host: PacksHost;
  readonly #listeners = new Set<() => void>();
  #state: PacksState = {
    entries: null,
    storage: null,
    planned: null,
    fetching: null,
    failure: null,
    arrived: null,
    view: { open: false, everOpen: false },
  };
  #worker: PacksWorker | null = null;
  /** The worker looks where packs came from before. */
  #isMoved = false;
  /** Another question was asked since, or it was taken back. */
  #questions = 0;

  constructor(host: PacksHost) {
    this.#host = host;
  }

  readonly get = (): PacksState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Shows the dialog, with what lies here now. */
  async open(): Promise<void> {
    this.#set({ view: { open: true, everOpen: true } });
    if (!this.#state.fetching) await this.refresh();
  }

  /** What is being fetched goes on; what failed has been seen. */
  close(): void {
    this.cancelPlan();
    this.#set({ view: { ...this.#state.view, open: false }, arrived: null, failure: null });
  }

  /** Lists the packs anew, and the room they take. */
  async refresh(): Promise<void> {
    const [listed, storage] = await Promise.all([this.#ask().list(), this.#ask().storage()]);
    this.#set({
      ...(listed.ok ? { entries: listed.value } : { failure: this.#state.failure ?? { id: null, error: listed.error } }),
      ...(storage.ok && { storage: storage.value }),
    });
  }

  /** Asks what a download would take. Nothing of the pack is fetched yet. */
  async plan(id: string): Promise<void> {
    this.#questions += 1;
    const question = this.#questions;
    this.#set({ planned: { id, plan: null }, failure: null });
    const plan = await this.#ask().plan(id);
    if (question !== this.#questions) return;
    this.#set(plan.ok ? { planned: { id, plan: plan.value } } : { planned: null, failure: { id, error: plan.error } });
  }

  cancelPlan(): void {
    this.#questions += 1;
    this.#set({ planned: null });
  }

  /** Resolves when the pack is here, or why it is not stands in `failure`. One at a time: a second call does nothing. */
  async download(id: string): Promise<void> {
    await this.#fetch(id, (worker, hear) => worker.download(id, hear));
  }

  /** A pack's folder, or one ZIP of it, from disk: shows the dialog. As `download`. */
  async bring(files: readonly File[]): Promise<void> {
    this.#set({ view: { open: true, everOpen: true } });
    const { packFiles } = await import('./pack-files.ts');
    await this.#fetch(null, (worker, hear) => worker.importFiles(packFiles(files), hear));
  }

  /** What came stays, for the next time. */
  stop(): void {
    const { fetching } = this.#state;
    if (!fetching || fetching.id === null) return;
    this.#set({ fetching: { ...fetching, stopping: true } });
    this.#ask().stop(fetching.id);
  }

  async remove(id: string): Promise<void> {
    this.#set({ failure: null, arrived: null });
    const removed = await this.#ask().remove(id);
    if (!removed.ok) this.#set({ failure: { id, error: removed.error } });
    await this.refresh();
  }

  /** As the pack brings it, not checked any further. */
  manifest(id: string): Promise<Result<unknown>> {
    return this.#ask().manifest(id);
  }

  /** To be called when packs come from elsewhere than before, or are for another backend. What is being fetched is fetched first. */
  async moved(): Promise<void> {
    if (!this.#worker) return;
    this.cancelPlan();
    this.#isMoved = true;
    if (this.#state.fetching) return;
    this.#set({ failure: null });
    await this.refresh();
  }

  dismissFailure(): void {
    this.#set({ failure: null });
  }

  /** What came, or did not, has been seen. */
  dismiss(): void {
    this.#set({ failure: null, arrived: null });
  }

  async #fetch(
    id: string | null,
    work: (worker: PacksWorker, hear: (progress: DownloadProgress) => void) => Promise<Result<PackEntry> | Result<void>>,
  ): Promise<void> {
    if (this.#state.fetching) return;
    this.#questions += 1;
    this.#set({ fetching: { id, progress: null, stopping: false }, planned: null, failure: null, arrived: null });
    const done = await work(this.#ask(), (progress) => this.#hear(progress));
    const arrived = done.ok ? (done.value?.id ?? id) : null;
    const failed = !done.ok && done.error.code !== 'cancelled';
    this.#set({ fetching: null, arrived, ...(failed && { failure: { id, error: done.error } }) });
    await this.refresh();
  }

  #hear(progress: DownloadProgress): void {
    const { fetching } = this.#state;
    if (fetching && !looksSame(fetching.progress, progress)) this.#set({ fetching: { ...fetching, progress } });
  }

  #ask(): PacksWorker {
    if (this.#isMoved && !this.#state.fetching) {
      this.#worker?.move(this.#host.options());
      this.#isMoved = false;
    }
    this.#worker ??= this.#host.start(this.#host.options());
    return this.#worker;
  }

  #set(change: Partial<PacksState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** Chunks come faster than anybody reads: a bar shows no more than thousandths. */
function looksSame(a: DownloadProgress | null, b: DownloadProgress): boolean {
  const thousandths = ({ loadedBytes, totalBytes }: DownloadProgress) => Math.floor((1000 * loadedBytes) / Math.max(1, totalBytes));
  return a !== null && a.path === b.path && a.totalBytes === b.totalBytes && thousandths(a) === thousandths(b);
}
