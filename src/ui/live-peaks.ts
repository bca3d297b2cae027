/** Peaks of the camera or video on the stage, explained by themselves while they happen: the newest first, and not too often. */
import { isOpen, type Snapshot } from './analysis-state.ts';
import type { Explainer } from './explainer.ts';
import type { LiveReadings } from './live-readings.ts';
import { type Peak, PeakTurns } from './peaks.ts';
import type { StagePainter } from './stage-painter.ts';
import type { StateStore } from './state-store.ts';

interface LivePeaksOptions {
  store: StateStore;
  painter: Pick<StagePainter, 'copy'>;
  live: Pick<LiveReadings, 'snapshot'>;
  explainer: Pick<Explainer, 'newRun' | 'keep' | 'add'>;
  isOn: boolean;
}

/** The frame with the change of expression. */
interface PeakFrame {
  itemId: string;
  snapshot: Snapshot;
  image: Promise<ImageBitmap | null>;
}

export class LivePeaks {
  readonly #options: LivePeaksOptions;
  readonly #turns = new PeakTurns<PeakFrame>(({ image }) => void image.then((each) => each?.close()));
  #isOn: boolean;

  constructor(options: LivePeaksOptions) {
    this.#options = options;
    this.#isOn = options.isOn;
  }

  setOn(isOn: boolean): void {
    this.#isOn = isOn;
    if (!isOn) this.clear();
  }

  /** Call with every live frame, once it is on show: a peak may have waited for its turn. @param peaks those that are known with it */
  heed(itemId: string, peaks: readonly Peak[]): void {
    const { store, live, painter } = this.#options;
    const state = store.get();
    const { snapshot } = live;
    if (!this.#isOn || !snapshot || state.model.parts['language-model'].phase !== 'ready') return;
    // While an explained frame is looked at, the new ones are not on the stage.
    if (peaks.length > 0 && !state.highlight) this.#turns.offer({ itemId, snapshot, image: painter.copy() });
    const busy = state.items.some((item) => item.explanations.some(isOpen));
    const turn = this.#turns.take(performance.now() / 1000, busy);
    if (turn) this.#explain(turn);
  }

  /** What waits for its turn is given up. */
  clear(): void {
    this.#turns.clear();
  }

  #explain({ itemId, snapshot, image }: PeakFrame): void {
    const { store, explainer } = this.#options;
    const { task } = store.get();
    const runId = explainer.newRun();
    const { time } = snapshot;
    store.dispatch({ type: 'explain-asked', itemId, runId, task, time, snapshot, auto: true });
    const kept = image.then((each) => each && explainer.keep(runId, each));
    explainer.add({ runId, itemId, task, snapshot }, kept, time);
  }
}
