/**
 * The analyzer's worker: holds the one engine, turns transferred frames into pixels, and sends every
 * event back. Knows no page. Nothing here rejects for an expected failure.
 */
import { expose } from 'comlink';
import { createEngine, type Engine } from '../engine/engine.ts';
import type { Frame } from '../model/image.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ReadyPart } from '../shared/events.ts';
import type { AnalyzerApi, ExplainOptions, LoadOptions, ReadOptions, TransferredFrame } from './api.ts';
import { FramePixels } from './frame-pixels.ts';
import { openWebRuntime } from './ort-web.ts';
import { fetchedPack } from './pack-fetch.ts';

const PARTS: readonly ReadyPart[] = ['faces', 'reader', 'language-model'];

class AnalyzerWorker implements AnalyzerApi {
  /** The page's callback. Events arrive in the order in which they are sent; who waits for the last has waited for all. */
  #emit: (event: AnalysisEvent) => void | Promise<void> = () => {};
  #engine: Engine | null = null;
  readonly #pixels = new FramePixels();
  readonly #runs = new Map<string, AbortController>();

  connect(onEvent: (event: AnalysisEvent) => void): void {
    this.#emit = onEvent;
  }

  async load(options: LoadOptions): Promise<void> {
    const opened = await openWebRuntime(options);
    if (!opened.ok) {
      await this.#loadFailed(PARTS, opened.error);
      return;
    }
    const { runtime, notes } = opened.value;
    this.#engine = createEngine(runtime, fetchedPack(options.packUrl), { notes, choices: options.choices ?? null });
    const open = new Set(PARTS);
    let failure: WireError | null = null;
    for await (const event of this.#engine.load(new AbortController().signal)) {
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
    return this.#run(frame, options.runId, (engine, signal, pixels) => engine.read(signal, pixels, options));
  }

  explain(frame: TransferredFrame, options: ExplainOptions): Promise<void> {
    return this.#run(frame, options.runId, (engine, signal, pixels) => engine.explain(signal, pixels, options));
  }

  cancel(runId: string): void {
    this.#runs.get(runId)?.abort();
  }

  async #run(
    frame: TransferredFrame,
    runId: string,
    start: (engine: Engine, signal: AbortSignal, pixels: Frame) => AsyncGenerator<AnalysisEvent>,
  ): Promise<void> {
    const engine = this.#engine;
    if (engine === null) {
      frame.image.close();
      const error = wireError('model-not-ready', 'The model is still loading.', 'Wait a moment, then try again.');
      await this.#emit({ type: 'failed', runId, error });
      return;
    }
    const controller = new AbortController();
    this.#runs.set(runId, controller);
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
    }
  }

  async #loadFailed(parts: readonly ReadyPart[], error: WireError): Promise<void> {
    for (const part of parts) await this.#emit({ type: 'load-failed', part, error });
  }
}

function pixelsError(error: unknown): WireError {
  const name = error instanceof Error ? error.name : '';
  if (name === 'RangeError' || name === 'QuotaExceededError') {
    return wireError(
      'out-of-memory',
      'There is no memory for this picture.',
      'Close other tabs and programs, or open a smaller one.',
      String(error),
    );
  }
  return wireError('internal', 'The picture’s pixels could not be had.', 'Try it again.', String(error));
}

expose(new AnalyzerWorker());
