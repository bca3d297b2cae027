/** What explains a frame whose faces are known: our own graphs, or a foundation model in their place. The engine knows no other difference. */
import type { FaceEncoder } from '../model/face-encoder.ts';
import type { Frame } from '../model/image.ts';
import { throwIfCancelled } from '../model/language-model.ts';
import type { PackManifest } from '../model/manifest.ts';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import { type DeepRequest, explainFrame } from './deep-path.ts';
import type { LanguagePart } from './load.ts';

export interface LanguageStage {
  /** Null for our own graphs. */
  readonly foundation: NonNullable<ModelInfo['foundation']> | null;
  /** A text has at most so many tokens, whatever is asked. */
  readonly maxNewTokens: number;
  /** Words, prompt, steps with their evidence, and one answer. @throws EngineFailure, `cancelled` included. */
  explain(signal: AbortSignal, frame: Frame, request: DeepRequest): AsyncGenerator<AnalysisEvent>;
  /** What the picture as a whole makes people feel, [-1, 1] each. @throws EngineFailure */
  sceneAffect(signal: AbortSignal, frame: Frame): Promise<{ valence: number; arousal: number }>;
  /** Lets go what it holds beyond the engine's graphs. */
  dispose(): Promise<void>;
}

/** The pack's own graphs. */
export class OwnStage implements LanguageStage {
  readonly foundation = null;
  readonly maxNewTokens: number;
  readonly #part: LanguagePart;
  readonly #encoder: FaceEncoder;
  readonly #manifest: PackManifest;

  constructor(part: LanguagePart, encoder: FaceEncoder, manifest: PackManifest) {
    this.maxNewTokens = manifest.prompt.maxNewTokens;
    this.#part = part;
    this.#encoder = encoder;
    this.#manifest = manifest;
  }

  explain(signal: AbortSignal, frame: Frame, request: DeepRequest): AsyncGenerator<AnalysisEvent> {
    return explainFrame(signal, this.#part, this.#encoder, this.#manifest, frame, request);
  }

  async sceneAffect(signal: AbortSignal, frame: Frame): Promise<{ valence: number; arousal: number }> {
    throwIfCancelled(signal);
    const { valence, arousal } = await this.#part.scene.encode(frame);
    return { valence, arousal };
  }

  async dispose(): Promise<void> {
    this.#part.model.dispose();
  }
}
