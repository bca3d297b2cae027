/**
 * The engine: loads a pack and analyses frames, as async generators of `AnalysisEvent`. Knows no
 * DOM, no thread and no file: the host hands in the runtime and a way to read the pack.
 */

import type { FoundationFiles } from '../model/foundation-manifest.ts';
import { GoldenChecks, parseGoldens } from '../model/golden.ts';
import { EngineFailure, type Runtime } from '../model/graph.ts';
import type { Frame } from '../model/image.ts';
import { throwIfCancelled } from '../model/language-model.ts';
import type { PackManifest } from '../model/manifest.ts';
import { openPack, PART_GRAPHS, type Pack, type PackPart, type PackSource, type PartFiles } from '../model/pack.ts';
import { handRuntimeToTransformers } from '../model/transformers-runtime.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent, BackendChoices, ModelInfo, ReadyPart } from '../shared/events.ts';
import type { Prompting, Task } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { SerialQueue } from '../shared/serial-queue.ts';
import { EventChannel } from './event-channel.ts';
import { FastPath } from './fast-path.ts';
import type { FoundationLoader } from './foundation-stage.ts';
import { type LanguageStage, OwnStage } from './language-stage.ts';
import { type FacesPart, GraphShelf, openFaces, openLanguage, openReader, openWords } from './load.ts';
import { LoadMeter } from './load-meter.ts';

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
  /** `plain` asks for the answer alone, without the reasoning before it. Default `emoprompt`. */
  prompting?: Prompting;
}

export interface EngineOptions {
  /** What the host already knows to be slower than asked, in plain words; goes into `ModelInfo.notes`. */
  notes?: readonly string[];
  /** `ModelInfo.choices` of an earlier load: where it still holds, backends are not compared again. */
  choices?: BackendChoices | null;
  /** Parts that are not loaded. Default: none. */
  without?: readonly ReadyPart[];
  /** A foundation pack in the language model's place; where it cannot be loaded, the pack's own goes on and a note says why. Default: none. */
  foundation?: FoundationFiles | null;
  /** Whether the pack's own language model may take a foundation pack's place; else loading fails. Default true. */
  fallback?: boolean;
}

export interface Engine {
  /** Null until the pack's manifest is read. */
  readonly manifest: PackManifest | null;
  info(): ModelInfo;
  /** A text has at most so many tokens; 0 until there is a language model. */
  readonly maxNewTokens: number;
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

/** Makes an engine; nothing is read before `load`. */
export function createEngine(runtime: Runtime, source: PackSource, options: EngineOptions = {}): Engine {
  handRuntimeToTransformers(runtime.ort);
  return new PackEngine(runtime, source, options);
}

class PackEngine implements Engine {
  readonly #runtime: Runtime;
  readonly #source: PackSource;
  readonly #hostNotes: readonly string[];
  readonly #choices: BackendChoices | null;
  readonly #parts: readonly ReadyPart[];
  readonly #foundation: FoundationFiles | null;
  readonly #fallback: boolean;
  /** The tracker and the detectors' buffers serve one frame at a time; so does the decoder. Graphs queue by themselves. */
  readonly #reads = new SerialQueue();
  readonly #explanations = new SerialQueue();
  #pack: Pack | null = null;
  #shelf: GraphShelf | null = null;
  #faces: FacesPart | null = null;
  #fastPath: FastPath | null = null;
  #language: LanguageStage | null = null;
  /** Why something else was taken than asked. */
  readonly #notes: string[] = [];
  /** Why a part is not there, to be told to runs that need it. */
  #failure: WireError | null = null;

  constructor(runtime: Runtime, source: PackSource, options: EngineOptions) {
    this.#runtime = runtime;
    this.#source = source;
    this.#hostNotes = options.notes ?? [];
    this.#choices = options.choices ?? null;
    this.#parts = PARTS.filter((part) => !options.without?.includes(part));
    this.#foundation = options.foundation ?? null;
    this.#fallback = options.fallback ?? true;
  }

  get manifest(): PackManifest | null {
    return this.#pack?.manifest ?? null;
  }

  get maxNewTokens(): number {
    return this.#language?.maxNewTokens ?? 0;
  }

  info(): ModelInfo {
    const foundation = this.#language?.foundation ?? null;
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
      ...(foundation && { foundation }),
      choices: this.#pack && measured.length > 0 ? { identity: this.#identity(this.#pack), graphs: Object.fromEntries(measured) } : null,
      adapter: this.#runtime.webgpu?.adapter ?? '',
      threads: this.#runtime.threads,
      notes: [...this.#hostNotes, ...this.#notes, ...(this.#shelf?.notes ?? [])],
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
      return ok(await this.#needLanguage().sceneAffect(signal, frame));
    } catch (error) {
      return fail(wireErrorOf(error));
    }
  }

  async dispose(): Promise<void> {
    const shelf = this.#shelf;
    const language = this.#language;
    this.#faces = null;
    this.#fastPath = null;
    this.#language = null;
    this.#shelf = null;
    await language?.dispose();
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
      const language = this.#needLanguage();
      this.#needFastPath();
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
      const { runId, task, words, maxNewTokens, prompting = 'emoprompt' } = options;
      yield* language.explain(signal, frame, { runId, task, readings, words, maxNewTokens, options: options.options ?? null, prompting });
    } finally {
      release();
    }
  }

  /** Where a choice of backends holds; the page adds its own version to what it keeps. */
  #identity(pack: Pack): string {
    const { webgpu, threads, cpu } = this.#runtime;
    return [webgpu?.adapter ?? '', cpu, threads, pack.hash].join(' · ');
  }

  /** Without goldens a backend is trusted that runs at all, as with a pack that has none for a graph; but it is said. */
  async #checksOf(pack: Pack): Promise<GoldenChecks | null> {
    const read = await pack.readGoldens();
    const goldens = read.ok ? parseGoldens(read.value) : null;
    if (goldens) return new GoldenChecks(goldens.graphs);
    const why = read.ok ? 'they are of no known form' : (read.error.detail ?? read.error.message);
    this.#notes.push(`The pack’s known answers could not be read, so no graph’s numbers were checked at this start (${why}).`);
    return null;
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
      const small = new Map<string, Uint8Array>(); // the fast path's files, which may be opened a second time
      this.#notes.length = 0;
      const foundation = await this.#foundationLoader();
      const ownParts: PackPart[] = foundation ? ['words'] : ['prompt', 'decoder'];
      const partsOf = (name: ReadyPart): PackPart[] => (name === 'language-model' ? ownParts : [name]);
      const meter = new LoadMeter(pack.bytesOf(this.#parts.flatMap(partsOf)) + (foundation?.bytes ?? 0), emit);
      const read = (name: ReadyPart) => meter.readPart(pack, partsOf(name)[0] ?? name, name);
      // The next part's bytes come while this part's graphs are opened.
      let coming = read('faces');
      const shelf = new GraphShelf(this.#runtime, pack.manifest, known, await this.#checksOf(pack));
      this.#shelf = shelf;
      for (const [index, current] of this.#parts.entries()) {
        part = current;
        throwIfCancelled(signal);
        const files = await coming;
        if (!files.ok) throw new EngineFailure(files.error);
        const following = this.#parts[index + 1];
        if (following) coming = read(following);
        if (part === 'language-model' && foundation) {
          const stage = await this.#openFoundation(signal, foundation, shelf, pack, files.value, meter);
          if (this.#shelf !== shelf) return await stage.dispose();
          this.#language = stage;
        } else await this.#openPart(part, shelf, pack, files.value, meter);
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

  /** @param files of the language model's part those of the prompt; the decoder's come while these are opened */
  async #openPart(part: ReadyPart, shelf: GraphShelf, pack: Pack, files: PartFiles, meter: LoadMeter): Promise<void> {
    const { manifest } = pack;
    if (part === 'faces') this.#faces = await openFaces(shelf, manifest, files);
    else if (part === 'language-model') {
      const { encoder } = this.#needFastPath();
      const decoder = meter.readPart(pack, 'decoder', 'language-model');
      decoder.catch(() => {}); // told to who waits for it
      this.#language = new OwnStage(await openLanguage(shelf, manifest, files, decoder), encoder, manifest);
    } else if (this.#faces) {
      const { encoder } = await openReader(shelf, manifest, files);
      this.#fastPath = new FastPath({ ...this.#faces, encoder }, manifest);
    }
  }

  /** Null where no foundation pack is asked for; what only those need is fetched here. */
  async #foundationLoader(): Promise<FoundationLoader | null> {
    const files = this.#foundation;
    if (!files || !this.#parts.includes('language-model')) return null;
    const { foundationLoader } = await import('./foundation-stage.ts');
    return foundationLoader(this.#runtime, files);
  }

  /** The foundation model, or the pack's own language model and a note where that fails. */
  async #openFoundation(
    signal: AbortSignal,
    foundation: FoundationLoader,
    shelf: GraphShelf,
    pack: Pack,
    files: PartFiles,
    meter: LoadMeter,
  ): Promise<LanguageStage> {
    const { manifest } = pack;
    const words = await openWords(shelf, manifest, files);
    try {
      return await meter.count('language-model', (onBytes) => foundation.open(signal, words, manifest, onBytes));
    } catch (error) {
      const { code, message, remedy } = wireErrorOf(error);
      if (code === 'cancelled' || !this.#fallback) throw error;
      this.#notes.push(`The pack’s own language model answers, since ${foundation.title} could not be loaded. ${message} ${remedy}`);
    }
    meter.grow(pack.bytesOf(['language-model']));
    const own = await meter.readPart(pack, 'language-model', 'language-model');
    if (!own.ok) throw new EngineFailure(own.error);
    return new OwnStage(
      await openLanguage(shelf, manifest, own.value, Promise.resolve(own), words),
      this.#needFastPath().encoder,
      manifest,
    );
  }

  #needFastPath(): FastPath {
    if (this.#fastPath) return this.#fastPath;
    throw this.#notReady('The faces’ reader is still loading.');
  }

  #needLanguage(): LanguageStage {
    if (this.#language) return this.#language;
    if (!this.#parts.includes('language-model')) {
      throw new EngineFailure(
        wireError(
          'model-not-ready',
          'The language model was left out, since this device ran out of memory in this visit.',
          'Close other tabs and programs, then load again.',
        ),
      );
    }
    throw this.#notReady('The language model is still loading.');
  }

  #notReady(message: string): EngineFailure {
    if (!this.#failure) return new EngineFailure(wireError('model-not-ready', message, 'Wait a moment, then try again.'));
    const detail = this.#failure.detail === undefined ? this.#failure.message : `${this.#failure.message} ${this.#failure.detail}`;
    return new EngineFailure(wireError('model-not-ready', 'This part of the model could not be loaded.', this.#failure.remedy, detail));
  }
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
