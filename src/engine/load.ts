/** Opens a pack's graphs part by part, and makes of them what the fast and the deep path need. */
import { DraftTable } from '../model/draft-table.ts';
import { FaceDetector } from '../model/face-detector.ts';
import { FaceEncoder } from '../model/face-encoder.ts';
import type { GoldenChecks } from '../model/golden.ts';
import { EngineFailure, type Graph, type GraphFiles, improveGraph, type OpenOptions, openGraph, type Runtime } from '../model/graph.ts';
import { convolutionsIn8Bits } from '../model/int8-convolutions.ts';
import { int8GraphEntry, int8GraphFiles } from '../model/int8-layout.ts';
import { LandmarkFinder } from '../model/landmarks.ts';
import { LanguageModel, languageModelGpuOutputs, trialOfLanguageModel, warmUpLanguageModel } from '../model/language-model.ts';
import { LogitsHeads } from '../model/logits-heads.ts';
import type { FaceDetectorEntry, PackManifest } from '../model/manifest.ts';
import { fileOf, graphFiles, type PartFiles } from '../model/pack.ts';
import { Projection } from '../model/projection.ts';
import { SceneEncoder } from '../model/scene-encoder.ts';
import { TextClassifier } from '../model/text-classifier.ts';
import { TextDetector } from '../model/text-detector.ts';
import { TextRecognizer } from '../model/text-recognizer.ts';
import { TokenEmbeddings } from '../model/token-embeddings.ts';
import { createTokenizer, type Tokenizer } from '../model/tokenizer.ts';
import { WordSplitter } from '../model/word-splitter.ts';
import type { BackendChoices } from '../shared/events.ts';
import type { GraphName } from '../shared/labels.ts';
import type { Result } from '../shared/result.ts';
import { promptHead } from './emoprompt.ts';

/** Where faces are. */
export interface FacesPart {
  short: FaceDetector;
  full: FaceDetector;
  landmarks: LandmarkFinder;
}

/** What they express. */
export interface ReaderPart {
  encoder: FaceEncoder;
}

/** What words stand on the picture. */
export interface WordsPart {
  textDetector: TextDetector;
  textRecognizer: TextRecognizer;
  wordSplitter: WordSplitter;
  /** Null where the pack has none. */
  textClassifier: TextClassifier | null;
}

/** What it means, in words. */
export interface LanguagePart extends WordsPart {
  scene: SceneEncoder;
  projection: Projection;
  tokenizer: Tokenizer;
  model: LanguageModel;
  /** Null where the pack has none. */
  drafts: DraftTable | null;
}

/** Opens graphs and keeps the list of them, for the Model line and for closing. */
export class GraphShelf {
  readonly graphs: Graph[] = [];
  readonly notes: string[] = [];
  readonly #runtime: Runtime;
  readonly #manifest: PackManifest;
  readonly #known: BackendChoices['graphs'];
  readonly #checks: GoldenChecks | null;
  #heads: LogitsHeads | null = null;

  /**
   * @param known what was measured before, on the same machine with the same pack.
   * @param checks each graph's first run; null where the pack's goldens cannot be had.
   */
  constructor(runtime: Runtime, manifest: PackManifest, known: BackendChoices['graphs'] = {}, checks: GoldenChecks | null = null) {
    this.#runtime = runtime;
    this.#manifest = manifest;
    this.#known = known;
    this.#checks = checks;
  }

  /** @throws EngineFailure */
  async open(name: GraphName, files: PartFiles, options: OpenOptions = {}): Promise<Graph> {
    const known = this.#known[name];
    const warmUp = this.#checks?.warmUp(name);
    const opened = await openGraph(this.#runtime, name, this.#manifest.graphs[name], graphFiles(this.#manifest, name, files), {
      known,
      ...(warmUp && { warmUp }),
      ...options,
    });
    this.graphs.push(opened.graph);
    this.notes.push(...opened.notes);
    return opened.graph;
  }

  /** Moves small graphs, which began on the CPU, to where they run faster; meanwhile they are in use. */
  async improve(names: readonly GraphName[], files: PartFiles): Promise<void> {
    for (const graph of this.graphs.filter(({ name }) => names.includes(name))) {
      const { name } = graph;
      await improveGraph(this.#runtime, graph, this.#manifest.graphs[name], graphFiles(this.#manifest, name, files), {
        known: this.#known[name],
      });
    }
  }

  /** What reads the language model's logits on the GPU; null where they are downloaded. */
  async openHeads(): Promise<LogitsHeads | null> {
    this.#heads ??= await LogitsHeads.open(this.#runtime, this.#manifest.languageModel.vocab);
    return this.#heads;
  }

  async dispose(): Promise<void> {
    await this.#heads?.dispose();
    this.#heads = null;
    for (const graph of this.graphs.splice(0)) await graph.dispose();
  }
}

/** @throws EngineFailure, as all of these do. */
export async function openFaces(shelf: GraphShelf, manifest: PackManifest, files: PartFiles): Promise<FacesPart> {
  const short = await shelf.open('face-detector-short', files);
  const full = await shelf.open('face-detector-full', files);
  const landmarks = await shelf.open('face-landmarks', files);
  return {
    short: new FaceDetector(short, detectorEntry(manifest, 'face-detector-short')),
    full: new FaceDetector(full, detectorEntry(manifest, 'face-detector-full')),
    landmarks: new LandmarkFinder(landmarks, manifest.landmarks),
  };
}

export async function openReader(shelf: GraphShelf, manifest: PackManifest, files: PartFiles): Promise<ReaderPart> {
  const { faceEncoder, graphs } = manifest;
  const int8Files = async (): Promise<GraphFiles> => {
    const { model, data } = graphFiles(manifest, 'face-encoder', files);
    return { model: convolutionsIn8Bits(model), data };
  };
  const onWasm = faceEncoder.int8 ? { entry: { ...graphs['face-encoder'], dtype: 'q8' as const }, files: int8Files } : undefined;
  return { encoder: new FaceEncoder(await shelf.open('face-encoder', files, { onWasm }), faceEncoder) };
}

export async function openWords(shelf: GraphShelf, { text }: PackManifest, files: PartFiles): Promise<WordsPart> {
  const utf8 = new TextDecoder();
  const textDetector = await shelf.open('text-detector', files);
  const textRecognizer = await shelf.open('text-recognizer', files);
  return {
    textDetector: new TextDetector(textDetector, text.detector),
    textRecognizer: new TextRecognizer(textRecognizer, text.recognizer, utf8.decode(fileOf(files, text.recognizer.dictionary))),
    wordSplitter: new WordSplitter(utf8.decode(fileOf(files, text.vocabulary))),
    textClassifier: text.classifier ? new TextClassifier(fileOf(files, text.classifier)) : null,
  };
}

/**
 * @param files all that a prompt is made of
 * @param coming the decoder's: awaited when the rest is open
 * @param read what reads words, where it is open already
 */
export async function openLanguage(
  shelf: GraphShelf,
  manifest: PackManifest,
  files: PartFiles,
  coming: Promise<Result<PartFiles>>,
  read: WordsPart | null = null,
): Promise<LanguagePart> {
  const { languageModel, tokenizer: tokenizerFiles } = manifest;
  const tokenizer = await createTokenizer(fileOf(files, tokenizerFiles.tokenizer), fileOf(files, tokenizerFiles.config));
  const scene = await shelf.open('scene-encoder', files);
  const projection = await shelf.open('projection', files);
  const words = read ?? (await openWords(shelf, manifest, files));
  const came = await coming;
  if (!came.ok) throw new EngineFailure(came.error);
  const decoderFiles = came.value;
  const embeddings = new TokenEmbeddings(languageModel, decoderFiles);
  const { int8, drafts } = languageModel;
  const heads = await shelf.openHeads();
  const decoder = await shelf.open('language-model', decoderFiles, {
    warmUp: (graph) => warmUpLanguageModel(graph, languageModel, embeddings, heads),
    trial: (graph) => trialOfLanguageModel(graph, languageModel, embeddings, heads),
    gpuOutputs: languageModelGpuOutputs(heads),
    onWasm: int8 && {
      entry: int8GraphEntry(manifest, int8),
      files: () => int8GraphFiles(int8, decoderFiles),
      warmUp: (graph) => warmUpLanguageModel(graph, languageModel, embeddings, heads, int8.tolerance),
    },
  });
  const model = new LanguageModel(decoder, languageModel, embeddings, heads);
  await model.keepHead(tokenizer.encode(promptHead(manifest)));
  return {
    scene: new SceneEncoder(scene, manifest.sceneEncoder),
    projection: new Projection(projection, manifest.projection),
    ...words,
    tokenizer,
    drafts: drafts ? new DraftTable(fileOf(decoderFiles, drafts)) : null,
    model,
  };
}

function detectorEntry(manifest: PackManifest, name: FaceDetectorEntry['graph']): FaceDetectorEntry {
  const entry = manifest.faceDetectors.find((detector) => detector.graph === name);
  if (!entry) throw new Error(`the manifest describes no ${name}`);
  return entry;
}
