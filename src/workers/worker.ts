/**
 * The analyzer's worker: holds the one engine, turns transferred frames into pixels, and sends every
 * event back. Knows no page. Nothing here rejects for an expected failure.
 */
import { expose } from 'comlink';
import { createEngine, type Engine } from '../engine/engine.ts';
import type { Frame } from '../model/image.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ReadyPart } from '../shared/events.ts';
import type { ThreadRequests } from '../shared/requests.ts';
import type { AnalyzerApi, ExplainOptions, LoadOptions, ReadOptions, TransferredFrame, VideoOptions } from './api.ts';
import { FramePixels } from './frame-pixels.ts';
import { openWebRuntime } from './ort-web.ts';
import { ownRequests } from './own-requests.ts';
import { loadGoodPack, openFoundation, openPack } from './pack-load.ts';
import { PulseSender } from './pulse.ts';
import { openVideoFrames } from './video-frames.ts';
import { runVideo } from './video-run.ts';
import { runsOnGpu } from './web-gpu.ts';

const PARTS: readonly ReadyPart[] = ['faces', 'reader', 'language-model'];

class AnalyzerWorker implements AnalyzerApi {
  /** The page's callback. Events arrive in the order in which they are sent; who waits for the last has waited for all. */
  #emit: (event: AnalysisEvent) => void | Promise<void> = () => {};
  #engine: Engine | null = null;
  readonly #pulse = new PulseSender();
  readonly #pixels = new FramePixels();
  readonly #runs = new Map<string, AbortController>();
  /** Runs that somebody waits for, and who waits for their end. */
  #foreground = 0;
  #resting: (() => void)[] = [];

  connect(onEvent: (event: AnalysisEvent) => void): void {
    this.#emit = onEvent;
  }

  watch(pulse: MessagePort): void {
    this.#pulse.begin(pulse);
  }

  async load(options: LoadOptions): Promise<void> {
    // The list of its files comes while the runtime does.
    const opening = openPack(options);
    opening.catch(() => {}); // told to who waits for it
    const opened = await openWebRuntime(options, { onWork: this.#pulse.work, onDeviceLost: (detail) => this.#deviceLost(detail) });
    if (!opened.ok) {
      await this.#loadFailed(PARTS, opened.error);
      return;
    }
    const { runtime, notes } = opened.value;
    const { choices = null, without = [] } = options;
    const foundation = await openFoundation(options);
    const pack = await opening;
    if (foundation && !foundation.ok) {
      const { message, remedy } = foundation.error;
      notes.push(`The pack’s own language model answers, since the chosen one cannot be used. ${message} ${remedy}`);
    }
    const told = [...notes, ...(options.notes ?? [])];
    const loading = loadGoodPack(new AbortController().signal, pack, told, (source, allNotes) => {
      const files = foundation?.ok ? foundation.value : null;
      this.#engine = createEngine(runtime, source, { notes: allNotes, choices, without, foundation: files });
      return this.#engine;
    });
    const open = new Set(PARTS.filter((part) => !without.includes(part)));
    let failure: WireError | null = null;
    for await (const event of loading) {
      if (event.type === 'ready') open.delete(event.part);
      if (event.type === 'load-failed') {
        open.delete(event.part);
        failure = event.error;
      }
      await this.#emit(event);
    }
    // What follows a part that failed is not tried: the page must not wait for it.
    if (failure !== null) await this.#loadFailed([...open], failure);
  }

  read(frame: TransferredFrame, options: ReadOptions): Promise<void> {
    const pixels = this.#pixels;
    const read = async function* (engine: Engine, signal: AbortSignal, picture: Frame): AsyncGenerator<AnalysisEvent> {
      yield* engine.read(signal, picture, options);
      pixels.giveBack(picture);
    };
    return this.#run(frame, options.runId, read, options.background);
  }

  explain(frame: TransferredFrame, options: ExplainOptions): Promise<void> {
    return this.#run(frame, options.runId, (engine, signal, pixels) => engine.explain(signal, pixels, options));
  }

  async analyzeVideo(file: Blob, options: VideoOptions): Promise<void> {
    const { runId, smoothing } = options;
    const engine = this.#engine;
    if (engine === null) return this.#notReady(runId);
    const controller = new AbortController();
    this.#runs.set(runId, controller);
    const pixels = new FramePixels();
    const emit = (event: AnalysisEvent): void | Promise<void> => this.#emit(event);
    const read = async function* (signal: AbortSignal, frame: TransferredFrame): AsyncGenerator<AnalysisEvent> {
      let picture: Frame;
      try {
        picture = await pixels.read(frame);
      } catch (error) {
        yield { type: 'failed', runId, error: pixelsError(error) };
        return;
      }
      yield* engine.read(signal, picture, { runId, sourceId: runId, mode: 'live', smoothing, background: true, cuts: true });
      pixels.giveBack(picture);
    };
    try {
      await runVideo(controller.signal, file, options, { open: openVideoFrames, calm: () => this.#calm(), read, emit });
    } finally {
      this.#runs.delete(runId);
    }
  }

  cancel(runId: string): void {
    this.#runs.get(runId)?.abort();
  }

  requests(): Promise<ThreadRequests> {
    return ownRequests();
  }

  async #run(
    frame: TransferredFrame,
    runId: string,
    start: (engine: Engine, signal: AbortSignal, pixels: Frame) => AsyncGenerator<AnalysisEvent>,
    background = false,
  ): Promise<void> {
    const controller = new AbortController();
    this.#runs.set(runId, controller); // it may be stopped while it waits
    if (background) await this.#calm();
    const engine = this.#engine;
    if (engine === null || controller.signal.aborted) {
      this.#runs.delete(runId);
      frame.image.close();
      if (engine === null) await this.#notReady(runId);
      return; // of what was stopped the page has told the end already
    }
    if (!background) this.#foreground += 1;
    try {
      let pixels: Frame;
      try {
        pixels = await this.#pixels.read(frame);
      } catch (error) {
        await this.#emit({ type: 'failed', runId, error: pixelsError(error) });
        return;
      }
      // The page draws while the next token is computed; but the call returns after all that it brought.
      let last: unknown;
      for await (const event of start(engine, controller.signal, pixels)) last = this.#emit(event);
      await last;
    } finally {
      this.#runs.delete(runId);
      if (!background) this.#foreground -= 1;
      if (this.#foreground === 0) for (const goOn of this.#resting.splice(0)) goOn();
    }
  }

  #deviceLost(detail: string): void {
    if (this.#engine && runsOnGpu(this.#engine.info())) this.#pulse.fault({ kind: 'device-lost', detail });
  }

  /** Resolves when no frame is being read or explained for somebody who watches. */
  async #calm(): Promise<void> {
    while (this.#foreground > 0) await new Promise<void>((goOn) => this.#resting.push(goOn));
  }

  async #notReady(runId: string): Promise<void> {
    const error = wireError('model-not-ready', 'The model is still loading.', 'Wait a moment, then try again.');
    await this.#emit({ type: 'failed', runId, error });
  }

  async #loadFailed(parts: readonly ReadyPart[], error: WireError): Promise<void> {
    for (const part of parts) await this.#emit({ type: 'load-failed', part, error });
  }
}

function pixelsError(error: unknown): WireError {
  const name = error instanceof Error ? error.name : '';
  if (name === 'RangeError' || name === 'QuotaExceededError') {
    return wireError(
      'picture-too-large',
      'There is no memory for this picture.',
      'Close other tabs and programs, or open a smaller one.',
      String(error),
    );
  }
  return wireError('internal', 'The picture’s pixels could not be had.', 'Try it again.', String(error));
}

expose(new AnalyzerWorker());
