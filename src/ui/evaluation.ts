/**
 * The evaluations of this visit: the folder that was brought, what runs, and the reports so far. One runs at a time, in a worker of its own, while
 * the page goes on. Knows no components.
 */
import { openPicture } from '../media/picture-file.ts';
import type { WireError } from '../shared/errors.ts';
import type { EvaluationReport, EvaluationTask, Judge } from '../shared/evaluation.ts';
import type { BackendChoice, Prompting } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { TransferredFrame } from '../workers/api.ts';
import type { EvaluationProgress, LoadOptions, runEvaluation } from '../workers/client.ts';
import type { LabelledFolder } from './labelled-folder.ts';
import { later, partMissing } from './later.ts';
import type { PackChoice } from './pack-choice.ts';

const labelledFolder = later(() => import('./labelled-folder.ts'));

/** What the user chose for a run. */
export interface RunChoice {
  task: EvaluationTask;
  by: Judge;
  cropped: boolean;
  /** First rows to be judged; null takes all. */
  limit: number | null;
  /** Folder name under `models/`. */
  pack: string;
  /** Of this browser's store, in the place of that pack, or of its language model. */
  packs: PackChoice;
  prompting: Prompting;
  backend: BackendChoice;
}

export interface Run {
  id: number;
  report: EvaluationReport;
  /** The report's own JSON, as the worker or the file gave it. */
  text: string;
  /** Where its pictures are; null for a report from a file. */
  folder: LabelledFolder | null;
  /** What was asked for, `auto` too; null for a report from a file. */
  backend: BackendChoice | null;
  /** Name of the file that it came from; null for a run of this visit. */
  file: string | null;
}

export interface Running {
  choice: RunChoice;
  progress: EvaluationProgress | null;
  /** Of what is left to judge, once two pictures are done; null before. */
  secondsLeft: number | null;
  stopping: boolean;
}

export interface EvaluationState {
  folder: LabelledFolder | null;
  running: Running | null;
  /** Newest last. */
  runs: Run[];
  error: WireError | null;
  view: EvaluationView;
}

/** What the dialog shows; it stands as it was when it is opened again. */
export interface EvaluationView {
  open: boolean;
  /** It was opened before: what it is made of is fetched then. */
  everOpen: boolean;
  /** The line that stands for a closed dialog was closed, too. */
  barClosed: boolean;
  /** Run whose report is shown, and the one that it is set beside, by id. */
  shown: number | null;
  against: number | null;
  /** Only the pictures of one cell of the confusion are shown; null: the mistakes. */
  cell: { label: string; answer: string | null } | null;
  /** Of pictures, from 0. */
  page: number;
}

export interface EvaluationHost {
  run: typeof runEvaluation;
  /** What every load of this page has: where the files are, and which backends were fastest. */
  loadOptions(pack: string, packs: PackChoice): LoadOptions;
  /** Makes a picture an item of the page and shows it; the item of that id, where it is still there. Gives the id of what is shown. */
  showFile(file: File, itemId: string | null): string;
  /** In seconds. */
  now(): number;
  /** A report's JSON, checked. Fails with `file-unreadable`. */
  readReport(file: Blob): Promise<Result<{ report: EvaluationReport; text: string }>>;
}

export class Evaluation {
  readonly #host: EvaluationHost;
  readonly #listeners = new Set<() => void>();
  #state: EvaluationState = {
    folder: null,
    running: null,
    runs: [],
    error: null,
    view: { open: false, everOpen: false, barClosed: false, shown: null, against: null, cell: null, page: 0 },
  };
  /** Items of the page that were opened from a report, by run and file. */
  readonly #items = new Map<string, string>();
  #abort: AbortController | null = null;
  #ids = 0;

  constructor(host: EvaluationHost) {
    this.#host = host;
  }

  readonly get = (): EvaluationState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  look(change: Partial<EvaluationView>): void {
    this.#set({ view: { ...this.#state.view, ...change } });
  }

  /** Opens the dialog. Files, a folder's or one ZIP, are what the next run judges; a run that is under way keeps its own. */
  async take(files: readonly File[]): Promise<void> {
    this.look({ open: true, everOpen: true, barClosed: false });
    const [first, ...more] = files;
    if (!first) return;
    const script = await labelledFolder().then(ok, (error: unknown) => fail(partMissing(error)));
    if (!script.ok) return this.#set({ error: script.error });
    const { labelledFiles, labelledZip } = script.value;
    const folder = more.length === 0 && /\.zip$/i.test(first.name) ? await labelledZip(first) : await labelledFiles(files);
    this.#set(folder.ok ? { folder: folder.value, error: null } : { error: folder.error });
  }

  /** Puts a judged picture on the stage, and the dialog aside. */
  async showPicture({ id, folder }: Run, file: string): Promise<void> {
    const key = `${id} ${file}`;
    const found = await folder?.open(file);
    if (!found) return;
    if (!found.ok) return this.#set({ error: found.error });
    this.look({ open: false });
    this.#items.set(key, this.#host.showFile(found.value, this.#items.get(key) ?? null));
  }

  dismissError(): void {
    this.#set({ error: null });
  }

  /** Resolves when the report is there, or why there is none stands in `error`. One at a time: a second call does nothing. */
  async start(choice: RunChoice): Promise<void> {
    const { folder } = this.#state;
    if (!folder || this.#state.running) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#set({ running: { choice, progress: null, secondsLeft: null, stopping: false }, error: null });
    const { task, by, cropped, limit, pack, packs, prompting, backend } = choice;
    const host = this.#host.loadOptions(pack, packs);
    const clock = { since: 0, first: 0 };
    const text = await this.#host.run(
      abort.signal,
      { ...host, backend, task, by, prompting, cropped, limit, labels: folder.labels, items: true, skipBroken: true },
      (file) => pictureOf(folder, file),
      (progress) => this.#hear(progress, clock),
    );
    this.#abort = null;
    const read = text.ok ? await this.#host.readReport(new Blob([text.value])) : text;
    if (read.ok) this.#add({ ...read.value, folder, backend, file: null });
    this.#set({ running: null, error: read.ok || read.error.code === 'cancelled' ? null : read.error });
  }

  /** What was judged so far becomes a report. */
  stop(): void {
    const { running } = this.#state;
    if (!running) return;
    this.#abort?.abort();
    this.#set({ running: { ...running, stopping: true } });
  }

  /** A report from a file, for comparison. */
  async import(file: File): Promise<void> {
    const read = await this.#host.readReport(file);
    if (!read.ok) this.#set({ error: read.error });
    else {
      this.#add({ ...read.value, folder: null, backend: null, file: file.name });
      this.#set({ error: null });
    }
  }

  #hear(progress: EvaluationProgress, clock: { since: number; first: number }): void {
    const { running } = this.#state;
    if (!running) return;
    let secondsLeft: number | null = null;
    if (progress.phase === 'loading') Object.assign(clock, { since: 0, first: 0 });
    else {
      const now = this.#host.now();
      // The first picture also warms up the graphs: it says nothing about the others.
      if (clock.first === 0) Object.assign(clock, { since: now, first: progress.done });
      const judged = progress.done - clock.first;
      if (judged > 0) secondsLeft = ((now - clock.since) / judged) * (progress.total - progress.done);
    }
    this.#set({ running: { ...running, progress, secondsLeft } });
  }

  #add(run: Omit<Run, 'id'>): void {
    this.#ids += 1;
    const { runs, view } = this.#state;
    // A new report is shown; where there was one already, beside it.
    this.#set({
      runs: [...runs, { id: this.#ids, ...run }],
      view: { ...view, barClosed: false, shown: this.#ids, against: view.shown, cell: null, page: 0 },
    });
  }

  #set(change: Partial<EvaluationState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** As the app opens pictures. */
async function pictureOf(folder: LabelledFolder, file: string): Promise<Result<TransferredFrame>> {
  const found = await folder.open(file);
  if (!found.ok) return found;
  const opened = await openPicture(found.value);
  if (!opened.ok) return fail({ ...opened.error, message: `${file}: ${opened.error.message}` });
  try {
    return ok(await opened.value.frame());
  } finally {
    opened.value.close();
  }
}
