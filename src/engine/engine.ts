/**
 * The engine: loads a pack and analyses frames, as async generators of `AnalysisEvent`. Knows no
 * DOM, no thread and no file: the host hands in the runtime and a way to read the pack.
 */
import { EngineFailure, type Runtime } from '../model/graph.ts';
import type { Frame } from '../model/image.ts';
import { throwIfCancelled } from '../model/language-model.ts';
import type { PackManifest } from '../model/manifest.ts';
import { openPack, PART_GRAPHS, type Pack, type PackSource, type PartFiles } from '../model/pack.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent, BackendChoices, ModelInfo, ReadyPart } from '../shared/events.ts';
import type { Task } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { SerialQueue } from '../shared/serial-queue.ts';
import { explainFrame } from './deep-path.ts';
import { EventChannel } from './event-channel.ts';
import { FastPath } from './fast-path.ts';
import { type FacesPart, GraphShelf, type LanguagePart, openFaces, openLanguage, openReader } from './load.ts';

export interface ReadOptions {
  runId: string;
  /** A tracker's memory belongs to one source; a new id starts anew. */
  sourceId: string;
  /** `live` tracks and smooths; `still` looks harder and does neither; `cropped` takes the whole picture as one face. */
  mode: 'live' | 'still' | 'cropped';
  /** Time constant in seconds; 0 is raw. Only `live`. */
  smoothing: number;
  /** Of a job that goes on beside what is watched: it has a memory of its own. Only `live`; default false. */
  background?: boolean;
  /** It is a film, which may be cut; a camera that is swung is none. Only `live`; default false. */
  cuts?: boolean;
}

export interface ExplainOptions {
  runId: string;
  sourceId: string;
  task: Task;
  /** Readings of this very frame, if they are there already: then nothing is detected twice. */
  readings: Reading[] | null;
  /** Words on the picture, if somebody gives them; null reads them where the task needs it. */
  words: string | null;
  /** At most the pack's own limit. */
  maxNewTokens: number;
  /** Replace the task's options. Default null: the pack's. */
  options?: readonly string[] | null;
  /** The whole picture is one face. Default false. */
  cropped?: boolean;
}

export interface EngineOptions {
  /** What the host already knows to be slower than asked, in plain words; goes into `ModelInfo.notes`. */
  notes?: readonly string[];
  /** `ModelInfo.choices` of an earlier load: where it still holds, backends are not compared again. */
  choices?: BackendChoices | null;
}

export interface Engine {
  /** Null until the pack's manifest is read. */
  readonly manifest: PackManifest | null;
  info(): ModelInfo;
  /**
   * Loads faces, reader and language model, in this order, each told by `ready` or `load-failed`. A
   * language model that fails leaves the fast path usable. Calling it again starts anew.
   */
  load(signal: AbortSignal): AsyncGenerator<AnalysisEvent>;
  /** Fast path on one frame: `started`, `readings`, then one `done` or `failed`. */
  read(signal: AbortSignal, frame: Frame, options: ReadOptions): AsyncGenerator<AnalysisEvent>;
  /** Deep path on one frame, up to one `done` or `failed`. Reads may run between its decode steps. */
  explain(signal: AbortSignal, frame: Frame, options: ExplainOptions): AsyncGenerator<AnalysisEvent>;
  /** What the picture as a whole makes people feel, [-1, 1] each, by the scene encoder alone. */
  sceneAffect(signal: AbortSignal, frame: Frame): Promise<Result<{ valence: number; arousal: number }>>;
  /** Closes all graphs. */
  dispose(): Promise<void>;
}

const PARTS: readonly ReadyPart[] = ['faces', 'reader', 'language-model'];
/** Progress is told this often, in bytes: the page draws a bar, not a counter. */
const PROGRESS_BYTES = 400_000;

/** Makes an engine; nothing is read before `load`. */
export function createEngine(runtime: Runtime, source: PackSource, options: EngineOptions = {}): Engine {
  return new PackEngine(runtime, source, options);
}

class PackEngine implements Engine {
  readonly #runtime: Runtime;
  readonly #source: PackSource;
  readonly #hostNotes: readonly string[];
  readonly #choices: BackendChoices | null;
  /** The tracker and the detectors' buffers serve one frame at a time; so does the decoder. Graphs queue by themselves. */
  readonly #reads = new SerialQueue();
  readonly #explanations = new SerialQueue();
  #pack: Pack | null = null;
  #shelf: GraphShelf | null = null;
  #faces: FacesPart | null = null;
  #fastPath: FastPath | null = null;
  #language: LanguagePart | null = null;
  /** Why a part is not there, to be told to runs that need it. */
  #failure: WireError | null = null;

  constructor(runtime: Runtime, source: PackSource, options: EngineOptions) {
    this.#runtime = runtime;
    this.#source = source;
    this.#hostNotes = options.notes ?? [];
    this.#choices = options.choices ?? null;
  }

  get manifest(): PackManifest | null {
    return this.#pack?.manifest ?? null;
  }

  info(): ModelInfo {
    const manifest = this.#pack?.manifest;
    const graphs = (this.#shelf?.graphs ?? []).map(({ name, backend, entry, times }) => ({
      graph: name,
      backend,
      dtype: entry.dtype,
      times,
    }));
    const measured = graphs.filter(({ times }) => Object.keys(times).length > 1).map(({ graph, times }) => [graph, times] as const);
    return {
      packId: manifest?.id ?? '',
      packVersion: manifest?.version ?? '',
      packHash: this.#pack?.hash ?? '',
      ...(manifest ? { cueThreshold: manifest.prompt.cueThreshold, quotedWords: manifest.prompt.maxWords } : {}),
      graphs,
      choices: this.#pack && measured.length > 0 ? { identity: this.#identity(this.#pack), graphs: Object.fromEntries(measured) } : null,
      adapter: this.#runtime.webgpu?.adapter ?? '',
      threads: this.#runtime.threads,
      notes: [...this.#hostNotes, ...(this.#shelf?.notes ?? [])],
    };
  }

  async *load(signal: AbortSignal): AsyncGenerator<AnalysisEvent> {
    const channel = new EventChannel<AnalysisEvent>();
    const work = this.#loadParts(signal, (event) => channel.push(event)).finally(() => channel.end());
    yield* channel.events();
    await work;
  }

  async *read(signal: AbortSignal, frame: Frame, options: ReadOptions): AsyncGenerator<AnalysisEvent> {
    yield* this.#run(options.runId, null, frame, this.#readFrame(signal, frame, options));
  }

  async *explain(signal: AbortSignal, frame: Frame, options: ExplainOptions): AsyncGenerator<AnalysisEvent> {
    yield* this.#run(options.runId, options.task, frame, this.#explainFrame(signal, frame, options));
  }

  async sceneAffect(signal: AbortSignal, frame: Frame): Promise<Result<{ valence: number; arousal: number }>> {
    try {
      throwIfCancelled(signal);
      const { valence, arousal } = await this.#needLanguage().scene.encode(frame);
      return ok({ valence, arousal });
    } catch (error) {
      return fail(wireErrorOf(error));
    }
  }

  async dispose(): Promise<void> {
    const shelf = this.#shelf;
    this.#language?.model.dispose();
    this.#faces = null;
    this.#fastPath = null;
    this.#language = null;
    this.#shelf = null;
    await shelf?.dispose();
  }

  /** The one place where a run begins and ends: `started`, its events, then `done` or `failed`. */
  async *#run(runId: string, task: Task | null, frame: Frame, events: AsyncGenerator<AnalysisEvent>): AsyncGenerator<AnalysisEvent> {
    yield { type: 'started', runId, task, time: frame.time };
    try {
      yield* events;
    } catch (error) {
      yield { type: 'failed', runId, error: wireErrorOf(error) };
      return;
    }
    yield { type: 'done', runId };
  }

  async *#readFrame(signal: AbortSignal, frame: Frame, options: ReadOptions): AsyncGenerator<AnalysisEvent> {
    const release = await turn(this.#reads);
    try {
      throwIfCancelled(signal);
      const { readings, times, cut } = await this.#needFastPath().read(frame, options);
      throwIfCancelled(signal);
      const { time, width, height } = frame;
      yield { type: 'readings', runId: options.runId, time, width, height, readings, times, ...(cut && { cut }) };
    } finally {
      release();
    }
  }

  async *#explainFrame(signal: AbortSignal, frame: Frame, options: ExplainOptions): AsyncGenerator<AnalysisEvent> {
    const release = await turn(this.#explanations);
    try {
      throwIfCancelled(signal);
      const manifest = this.manifest;
      const language = this.#needLanguage();
      const fastPath = this.#needFastPath();
      if (!manifest) throw new Error('parts without a pack');
      let { readings } = options;
      if (!readings) {
        readings = [];
        const mode = options.cropped ? 'cropped' : 'still';
        for await (const event of this.#readFrame(signal, frame, {
          runId: options.runId,
          sourceId: options.sourceId,
          mode,
          smoothing: 0,
        })) {
          if (event.type === 'readings') readings = event.readings;
          yield event;
        }
      }
      const { runId, task, words, maxNewTokens } = options;
      yield* explainFrame(signal, language, fastPath.encoder, manifest, frame, {
        runId,
        task,
        readings,
        words,
        maxNewTokens,
        options: options.options ?? null,
      });
    } finally {
      release();
    }
  }

  /** Where a choice of backends holds; the page adds its own version to what it keeps. */
  #identity(pack: Pack): string {
    const { webgpu, threads, cpu } = this.#runtime;
    return [webgpu?.adapter ?? '', cpu, threads, pack.hash].join(' · ');
  }

  async #loadParts(signal: AbortSignal, emit: (event: AnalysisEvent) => void): Promise<void> {
    await this.dispose();
    this.#failure = null;
    let part: ReadyPart = 'faces';
    try {
      const opened = await openPack(this.#source);
      if (!opened.ok) throw new EngineFailure(opened.error);
      const pack = opened.value;
      this.#pack = pack;
      const known = this.#choices?.identity === this.#identity(pack) ? this.#choices.graphs : {};
      const shelf = new GraphShelf(this.#runtime, pack.manifest, known);
      const small = new Map<string, Uint8Array>(); // the fast path's files, which may be opened a second time
      this.#shelf = shelf;
      const read = partReader(pack, emit);
      // The next part's bytes come while this part's graphs are opened.
      let coming = read('faces');
      for (const [index, current] of PARTS.entries()) {
        part = current;
        throwIfCancelled(signal);
        const files = await coming;
        if (!files.ok) throw new EngineFailure(files.error);
        const following = PARTS[index + 1];
        if (following) coming = read(following);
        await this.#openPart(part, shelf, pack.manifest, files.value);
        if (this.#shelf !== shelf) return; // disposed, or loaded anew, meanwhile
        emit({ type: 'ready', part, info: this.info() });
        if (part !== 'language-model') for (const [path, bytes] of files.value) small.set(path, bytes);
      }
      await shelf.improve([...PART_GRAPHS.faces, ...PART_GRAPHS.reader], small);
      // Told once more where there is news.
      if (this.#shelf === shelf && this.info().choices !== null) emit({ type: 'ready', part, info: this.info() });
    } catch (error) {
      this.#failure = wireErrorOf(error);
      emit({ type: 'load-failed', part, error: this.#failure });
    }
  }

  async #openPart(part: ReadyPart, shelf: GraphShelf, manifest: PackManifest, files: PartFiles): Promise<void> {
    if (part === 'faces') this.#faces = await openFaces(shelf, manifest, files);
    else if (part === 'language-model') this.#language = await openLanguage(shelf, manifest, files);
    else if (this.#faces) {
      const { encoder } = await openReader(shelf, manifest, files);
      this.#fastPath = new FastPath({ ...this.#faces, encoder }, manifest);
    }
  }

  #needFastPath(): FastPath {
    if (this.#fastPath) return this.#fastPath;
    throw this.#notReady('The faces’ reader is still loading.');
  }

  #needLanguage(): LanguagePart {
    if (this.#language) return this.#language;
    throw this.#notReady('The language model is still loading.');
  }

  #notReady(message: string): EngineFailure {
    if (!this.#failure) return new EngineFailure(wireError('model-not-ready', message, 'Wait a moment, then try again.'));
    const detail = this.#failure.detail === undefined ? this.#failure.message : `${this.#failure.message} ${this.#failure.detail}`;
    return new EngineFailure(wireError('model-not-ready', 'This part of the model could not be loaded.', this.#failure.remedy, detail));
  }
}

/** Reads parts and tells progress over the whole pack, never backwards. */
function partReader(pack: Pack, emit: (event: AnalysisEvent) => void): (part: ReadyPart) => Promise<Result<PartFiles>> {
  let before = 0;
  return async (part) => {
    let told = Number.NEGATIVE_INFINITY;
    let loaded = 0;
    const tell = (): void => {
      told = loaded;
      // Parts may share a file, which is then counted twice: the bar must not go beyond its end.
      emit({ type: 'load-progress', loadedBytes: Math.min(before + loaded, pack.totalBytes), totalBytes: pack.totalBytes, part });
    };
    const files = await pack.readPart(part, (bytes) => {
      loaded = Math.max(loaded, bytes);
      if (loaded - told >= PROGRESS_BYTES) tell();
    });
    tell();
    before += loaded;
    return files;
  };
}

/** Waits for a turn in the queue; the turn lasts until the returned function is called. */
function turn(queue: SerialQueue): Promise<() => void> {
  return new Promise((resolve) => {
    void queue.run(() => new Promise<void>((release) => resolve(release)));
  });
}

/** A bug is told as one: the run still ends, and the page can say so. */
function wireErrorOf(error: unknown): WireError {
  if (error instanceof EngineFailure) return error.error;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return wireError(
    'internal',
    'Something went wrong inside the program.',
    'Reload; if it happens again, report it with the details.',
    detail,
  );
}
