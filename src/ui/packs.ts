/** The packs of this browser: which there are, what one would take, what is being fetched, and what comes after it. Knows no components. */
import type { WireError } from '../shared/errors.ts';
import type { DownloadPlan, DownloadProgress, PackEntry, StorageFacts } from '../shared/packs.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { PacksOptions } from '../workers/api.ts';
import type { PacksClient } from '../workers/client.ts';
import { later, partMissing } from './later.ts';

const packFilesScript = later(() => import('./pack-files.ts'));

/** What the page needs of the packs' worker. */
export type PacksWorker = Omit<PacksClient, 'requests'>;

export interface PacksHost {
  /** Where packs come from now. */
  options(): PacksOptions;
  /** It has a worker only while it is asked something. */
  start(options: PacksOptions): PacksWorker;
}

/** A download; or a pack from disk, of which it is not known yet which it is (`id` null), by the name of its folder or archive. */
export type Wanted = { id: string; name: null } | { id: null; name: string };

/** One that has its turn after others. */
export type Waiting = Wanted & { key: number };

export type Fetching = Wanted & {
  /** Null until the first bytes came. */
  progress: DownloadProgress | null;
  stopping: boolean;
};

/** What did not come, and why; where `id` and `name` are null, the packs could not be listed. */
export type PackFailure = (Wanted | { id: null; name: null }) & { error: WireError };

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
  /** In the order in which it was asked for. */
  waiting: readonly Waiting[];
  /** Those that nobody has put away; of each pack no more than the last. */
  failures: readonly PackFailure[];
  /** What was fetched or opened and nobody has seen yet, by id. */
  arrived: readonly string[];
  /** `everOpen`: what the dialog is made of is fetched when it is opened first. */
  view: { open: boolean; everOpen: boolean };
}

type Work = (worker: PacksWorker, hear: (progress: DownloadProgress) => void) => Promise<Result<PackEntry> | Result<void>>;

interface Job {
  wanted: Waiting;
  work: Work;
  ended: Promise<void>;
  end(): void;
}

export class Packs {
  readonly #host: PacksHost;
  readonly #listeners = new Set<() => void>();
  #state: PacksState = {
    entries: null,
    storage: null,
    planned: null,
    fetching: null,
    waiting: [],
    failures: [],
    arrived: [],
    view: { open: false, everOpen: false },
  };
  #worker: PacksWorker | null = null;
  /** The one at work first. */
  readonly #jobs: Job[] = [];
  #keys = 0;
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
    await this.refresh();
  }

  /** What is being fetched goes on; what came or failed has been seen. */
  close(): void {
    this.cancelPlan();
    this.#set({ view: { ...this.#state.view, open: false } });
    this.dismiss();
  }

  /** Lists the packs anew, and the room they take. */
  async refresh(): Promise<void> {
    const [listed, storage] = await Promise.all([this.#ask().list(), this.#ask().storage()]);
    const others = this.#state.failures.filter((failure) => !isOfList(failure));
    this.#set({
      ...(listed.ok
        ? { entries: listed.value, failures: others }
        : { failures: [...others, { id: null, name: null, error: listed.error }] }),
      ...(storage.ok && { storage: storage.value }),
    });
  }

  /** Asks what a download would take. Nothing of the pack is fetched yet. */
  async plan(id: string): Promise<void> {
    this.#questions += 1;
    const question = this.#questions;
    this.#set({ planned: { id, plan: null }, failures: this.#failuresBut({ id, name: null }) });
    const plan = await this.#ask().plan(id);
    if (question !== this.#questions) return;
    if (plan.ok) this.#set({ planned: { id, plan: plan.value } });
    else {
      this.#set({ planned: null });
      this.#fail({ id, name: null, error: plan.error });
    }
  }

  cancelPlan(): void {
    this.#questions += 1;
    this.#set({ planned: null });
  }

  /**
   * Resolves when the pack is here, or why it is not stands in `failures`, or it was stopped or given up. One at a time: it has its turn when
   * what was asked for before has had its own. What is wanted already is not wanted twice.
   */
  async download(id: string): Promise<void> {
    const same = this.#jobs.find(({ wanted }) => wanted.id === id);
    if (same) return same.ended;
    if (this.#state.planned?.id === id) this.cancelPlan();
    await this.#want({ id, name: null }, (worker, hear) => worker.download(id, hear));
  }

  /** A pack's folder, or one ZIP of it, from disk: shows the dialog. As `download`. */
  async bring(files: readonly File[]): Promise<void> {
    this.#set({ view: { open: true, everOpen: true } });
    if (!this.#state.entries) void this.refresh();
    const script = await packFilesScript().then(ok, (error: unknown) => fail(partMissing(error)));
    if (!script.ok) return this.#fail({ id: null, name: files[0]?.name ?? '', error: script.error });
    const { packFiles, packName } = script.value;
    await this.#want({ id: null, name: packName(files) }, (worker, hear) => worker.importFiles(packFiles(files), hear));
  }

  /** Of a download, what came stays for the next time; of a pack from disk, nothing does. What waits has its turn then. */
  stop(): void {
    const { fetching } = this.#state;
    if (!fetching || fetching.stopping) return;
    this.#set({ fetching: { ...fetching, stopping: true } });
    if (fetching.id === null) this.#ask().stopImports();
    else this.#ask().stop(fetching.id);
  }

  /** Takes one off the list of what waits. */
  giveUp(key: number): void {
    const at = this.#jobs.findIndex(({ wanted }) => wanted.key === key);
    if (at < 1) return;
    const [job] = this.#jobs.splice(at, 1);
    this.#set({ waiting: this.#waiting() });
    job?.end();
  }

  async remove(id: string): Promise<void> {
    this.#set({ failures: this.#failuresBut({ id, name: null }), arrived: this.#state.arrived.filter((each) => each !== id) });
    const removed = await this.#ask().remove(id);
    if (!removed.ok) this.#fail({ id, name: null, error: removed.error });
    await this.refresh();
  }

  /** As the pack brings it, not checked any further. */
  manifest(id: string): Promise<Result<unknown>> {
    return this.#ask().manifest(id);
  }

  /** To be called when packs come from elsewhere than before, or are for another backend. What is being fetched goes on as it began. */
  async moved(): Promise<void> {
    if (!this.#worker) return;
    this.cancelPlan();
    this.#set({ failures: [] });
    this.#worker.move(this.#host.options());
    await this.refresh();
  }

  dismissFailure(seen: PackFailure): void {
    this.#set({ failures: this.#state.failures.filter((failure) => failure !== seen) });
  }

  /** What came, or did not, has been seen. */
  dismiss(): void {
    this.#set({ failures: [], arrived: [] });
  }

  #want(wanted: Wanted, work: Work): Promise<void> {
    this.#keys += 1;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#jobs.push({ wanted: { ...wanted, key: this.#keys }, work, ended, end });
    this.#set({
      waiting: this.#waiting(),
      failures: this.#failuresBut(wanted),
      arrived: this.#state.arrived.filter((id) => id !== wanted.id),
    });
    if (this.#jobs.length === 1) void this.#goOn();
    return ended;
  }

  async #goOn(): Promise<void> {
    for (let job = this.#jobs[0]; job; job = this.#jobs[0]) {
      const { wanted, work, end } = job;
      this.#set({ fetching: { ...wanted, progress: null, stopping: false }, waiting: this.#waiting() });
      const done = await work(this.#ask(), (progress) => this.#hear(progress));
      this.#jobs.shift();
      const arrived = done.ok ? (done.value?.id ?? wanted.id) : null;
      this.#set({ fetching: null, ...(arrived !== null && { arrived: [...this.#state.arrived.filter((id) => id !== arrived), arrived] }) });
      if (!done.ok && done.error.code !== 'cancelled') this.#fail({ ...wanted, error: done.error });
      void this.refresh().then(end);
    }
  }

  #waiting(): Waiting[] {
    return this.#jobs.slice(1).map(({ wanted }) => wanted);
  }

  #fail(failure: PackFailure): void {
    this.#set({ failures: [...this.#failuresBut(failure), failure] });
  }

  #failuresBut({ id, name }: Wanted | PackFailure): PackFailure[] {
    return this.#state.failures.filter((failure) => failure.id !== id || failure.name !== name);
  }

  #hear(progress: DownloadProgress): void {
    const { fetching } = this.#state;
    if (fetching && !looksSame(fetching.progress, progress)) this.#set({ fetching: { ...fetching, progress } });
  }

  #ask(): PacksWorker {
    this.#worker ??= this.#host.start(this.#host.options());
    return this.#worker;
  }

  #set(change: Partial<PacksState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

const isOfList = ({ id, name }: PackFailure): boolean => id === null && name === null;

/** Chunks come faster than anybody reads: a bar shows no more than thousandths. */
function looksSame(a: DownloadProgress | null, b: DownloadProgress): boolean {
  const thousandths = ({ loadedBytes, totalBytes }: DownloadProgress) => Math.floor((1000 * loadedBytes) / Math.max(1, totalBytes));
  return a !== null && a.path === b.path && a.totalBytes === b.totalBytes && a.checking === b.checking && thousandths(a) === thousandths(b);
}
