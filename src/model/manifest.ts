/**
 * The pack's manifest: every fact about weights lives there and nowhere in code.
 * Check at the door, trust inside: `parseManifest(unknown)` is the only way to a `PackManifest`.
 */
import * as v from 'valibot';
import { wireError } from '../shared/errors.ts';
import { EMOTION_LABELS, GRAPH_NAMES, TASKS } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { MANIFEST_REMEDY, parseFormat } from './manifest-format.ts';

const MAX_FILE_BYTES = 48_000_000;

/** JSON has numbers beyond all bounds: `1e999`. */
const number = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
/** What memory is taken for before a weight is looked at: far above any model that a browser runs. */
const upTo = (most: number) => v.pipe(positive, v.maxValue(most));
/** px of a side that pictures are brought to. */
const side = upTo(4096);
/** A file name inside the pack's folder: no folders up, no absolute paths. */
const fileName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const label = v.picklist(EMOTION_LABELS);
const triple = v.pipe(v.array(number), v.length(3));

const port = v.object({
  name: v.string(),
  type: v.picklist(['float32', 'float16', 'int64', 'int32', 'uint8', 'bool']),
  /** A number is fixed; a name is free and the same everywhere in one run. */
  dims: v.array(v.union([positive, v.string()])),
});

const graph = v.object({
  /** The ONNX file. */
  file: fileName,
  /** External data files that it names, in the pack's folder. */
  data: v.array(fileName),
  dtype: v.picklist(['fp32', 'fp16', 'q8', 'q4', 'q4f16']),
  inputs: v.array(port),
  outputs: v.array(port),
});

/** BlazeFace: SSD anchors laid out row by row, `anchors` of them a cell, layer after layer. */
const faceDetector = v.object({
  graph: v.picklist(['face-detector-short', 'face-detector-full']),
  size: side,
  layers: v.array(v.object({ stride: side, anchors: upTo(64) })),
  /** Pixel values are (byte / 255 − mean) / std; layout as the graph's input says. */
  mean: number,
  std: number,
  scoreThreshold: number,
  iouThreshold: number,
});

/**
 * An action unit by geometry: measure = Σ weight · (y or x distance, or length, between two
 * landmarks) / inter-ocular distance, in the face's own upright frame (y down);
 * probability = logistic(slope · (measure − neutral mean) / neutral deviation − offset).
 */
const actionUnit = v.object({
  code: v.pipe(v.string(), v.regex(/^AU\d\d$/)),
  /** What a person would call it: "lip corners pulled up". */
  cue: v.string(),
  source: v.string(),
  terms: v.array(v.object({ kind: v.picklist(['dx', 'dy', 'length']), from: count, to: count, weight: number })),
  mean: number,
  deviation: number,
  slope: number,
  offset: number,
});

const manifest = v.object({
  format: v.literal(1),
  id: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/)),
  version: v.string(),
  title: v.string(),
  licence: v.string(),
  /** Where each part comes from and under what licence. */
  credits: v.array(v.object({ part: v.string(), from: v.string(), licence: v.string() })),
  /** What a user of the numbers must know, a sentence each. */
  notes: v.array(v.string()),
  made: v.object({ commit: v.string(), date: v.string(), data: v.string(), seed: number }),
  files: v.array(v.object({ path: fileName, bytes: v.pipe(positive, v.maxValue(MAX_FILE_BYTES)), sha256 })),
  graphs: v.object(Object.fromEntries(GRAPH_NAMES.map((name) => [name, graph])) as Record<(typeof GRAPH_NAMES)[number], typeof graph>),
  faceDetectors: v.pipe(v.array(faceDetector), v.length(2)),
  landmarks: v.object({
    graph: v.literal('face-landmarks'),
    size: side,
    /** Side of the square crop over the longer side of the face box. */
    cropScale: number,
    /** The presence score is a logit; below this probability there are no landmarks. */
    presenceThreshold: number,
    /** Landmarks on the outer corners of the eyes: right eye (left in the picture), left eye. */
    eyeCorners: v.pipe(v.array(count), v.length(2)),
  }),
  faceEncoder: v.object({
    graph: v.literal('face-encoder'),
    size: side,
    /** Side of the square crop over the longer side of the detector's box, and its shift along the face's own axes in units of that side. */
    cropScale: number,
    cropShift: v.pipe(v.array(number), v.length(2)),
    /** Grey crop; pixel values are (byte − crop mean) / max(crop deviation, this). */
    minDeviation: number,
    labels: v.pipe(v.array(label), v.length(EMOTION_LABELS.length)),
    /** Of a picture, logits are averaged with those of the mirrored crop; a live face has its other frames. */
    flip: v.boolean(),
    /** Whether it bears the 8 bits that WebAssembly is faster with (int8-convolutions.ts): as often right, as measured. */
    int8: v.optional(v.boolean(), false),
    /** Probabilities are softmax(logits / temperature). */
    temperature: number,
    /** Below this top probability a reading is "uncertain". */
    uncertainBelow: number,
    /** Valence and arousal of each label, in `labels` order: a reading's are the expectation under its probabilities. */
    circumplex: v.array(v.pipe(v.array(number), v.length(2))),
    circumplexSource: v.string(),
  }),
  actionUnits: v.array(actionUnit),
  /** The whole picture, squeezed to a square; byte / 255, then mean and std. */
  sceneEncoder: v.object({ graph: v.literal('scene-encoder'), size: side, mean: triple, std: triple }),
  projection: v.object({
    graph: v.literal('projection'),
    imageTokens: upTo(4096),
    maxFaces: upTo(64),
    /** Face tokens a face. */
    faceTokens: upTo(256),
  }),
  text: v.object({
    detector: v.object({
      graph: v.literal('text-detector'),
      /** The longer side is brought to at most this, both sides to multiples of 32. */
      maxSide: side,
      mean: triple,
      std: triple,
      pixelThreshold: number,
      boxThreshold: number,
      /** A box grows by area · ratio / perimeter (DB's unclip). */
      unclipRatio: number,
    }),
    recognizer: v.object({
      graph: v.literal('text-recognizer'),
      height: side,
      maxWidth: side,
      /** One character a line; index 0 of the output is CTC's blank, then these, then a space. */
      dictionary: fileName,
      scoreThreshold: number,
    }),
    /** A word a line, commonest first: splits words that the recogniser ran together. */
    vocabulary: fileName,
    /** What words lean to by themselves; a pack without it says nothing of that. */
    classifier: v.optional(fileName),
  }),
  languageModel: v.object({
    graph: v.literal('language-model'),
    layers: upTo(256),
    kvHeads: upTo(256),
    headDim: upTo(1024),
    hidden: upTo(16_384),
    vocab: upTo(1_000_000),
    contextLength: upTo(1_000_000),
    stopIds: v.array(count),
    /**
     * The tied embedding table, in MatMulNBits blocks inside an external data file: row r of `vocab`,
     * `hidden / blockSize` blocks a row, two 4-bit values a byte (low nibble first), scale a block;
     * value = (nibble − zero) · scale, zero = 8 where `zeroPoints` is null.
     */
    embedding: v.object({
      file: fileName,
      blockSize: upTo(4096),
      weights: v.object({ offset: count, bytes: positive }),
      scales: v.object({ file: fileName, offset: count, bytes: positive, type: v.picklist(['float32', 'float16']) }),
      zeroPoints: v.nullable(v.object({ file: fileName, offset: count, bytes: positive })),
    }),
    /** What the model must say before it is trusted: after `ids`, each id of `next` in turn has that logit, give or take `tolerance`. */
    probe: v.object({
      ids: v.pipe(v.array(count), v.minLength(1)),
      next: v.pipe(v.array(v.object({ id: count, logit: number })), v.minLength(1)),
      tolerance: number,
    }),
    /** For WebAssembly: the same graph with 8-bit matrices, which are made of the 4-bit blocks at load (int8-layout.ts). */
    int8: v.optional(
      v.object({
        file: fileName,
        plan: fileName,
        factors: fileName,
        /** Of the probe: rounding to 8 bits moves logits. */
        tolerance: number,
      }),
    ),
    /** What training texts had after the same ids: guesses that are checked several at a time (draft-table.ts). */
    drafts: v.optional(fileName),
  }),
  tokenizer: v.object({ tokenizer: fileName, config: fileName }),
  prompt: v.object({
    /**
     * Around everything: chat markers. `{image}` stands where the image embeddings go, `{body}` where the lines go.
     * A task's `line` is the body's first; its `{options}` is filled with the options, joined by ", ".
     */
    template: v.string(),
    /** Words for each step's head in the answer, in the order of the steps: "Observe:", … */
    heads: v.pipe(v.array(v.string()), v.length(4)),
    tasks: v.object(
      Object.fromEntries(
        TASKS.map((task) => [task, v.object({ line: v.string(), options: v.array(v.string()), readsWords: v.boolean() })]),
      ) as Record<
        (typeof TASKS)[number],
        v.ObjectSchema<
          {
            readonly line: v.StringSchema<undefined>;
            readonly options: v.ArraySchema<v.StringSchema<undefined>, undefined>;
            readonly readsWords: v.BooleanSchema<undefined>;
          },
          undefined
        >
      >,
    ),
    /** Action units at or above this probability are named in the prompt. */
    cueThreshold: number,
    /** At most so many of them in all; several faces share them. */
    maxCues: upTo(1000),
    /** Of a face's figures in the prompt. */
    decimals: v.optional(v.picklist([1, 2]), 1),
    /** Options of the meme emotions, which EmoBench-S asks with the closed emotion task. */
    pictureEmotions: v.array(v.string()),
    maxWords: upTo(1000),
    /** At most so many things are said of the words ("asks a question"); 0 in packs that were not taught them. */
    maxFeatures: v.optional(count, 0),
    /** Whether the first face's line says how it is shown ("close", "dark"). */
    traits: v.optional(v.boolean(), false),
    maxNewTokens: upTo(10_000),
    /**
     * What Reason says right before it names what the evidence means, by the evidence's strength: "comes nearest to", …, "speaks for".
     * None in packs whose texts do not decide there.
     */
    meaningAfter: v.optional(v.array(v.array(v.string())), []),
    /**
     * How an answer is decided and how sure it may be, as fitted on validation splits: probabilities are
     * softmax(scale · log probability + evidence · log share + bias), options in their order; the shares are those of the face's reading.
     * A task and options that are not here stay as they are.
     */
    calibration: v.array(
      v.object({
        task: v.picklist(TASKS),
        options: v.pipe(v.array(v.string()), v.minLength(2)),
        scale: v.pipe(number, v.minValue(0)),
        evidence: v.optional(v.pipe(number, v.minValue(0)), 0),
        bias: v.array(number),
        /** By option and strength, what Reason names behind `meaningAfter`; without, the answer decides. */
        meanings: v.optional(v.array(v.array(v.string()))),
      }),
    ),
  }),
  parity: fileName,
});

export type PackManifest = v.InferOutput<typeof manifest>;
export type GraphEntry = PackManifest['graphs'][(typeof GRAPH_NAMES)[number]];
export type FaceDetectorEntry = PackManifest['faceDetectors'][number];
export type AnswerCalibration = PackManifest['prompt']['calibration'][number];
export type ActionUnitEntry = PackManifest['actionUnits'][number];

/** Files that the 8-bit layout needs beside the 4-bit ones. */
export const int8Files = ({ file, plan, factors }: { file: string; plan: string; factors: string }): string[] => [file, plan, factors];

/** What of an entry does not fit together, in words; empty where all does. */
function unevenIn({ task, options, bias, meanings }: AnswerCalibration, strengths: number): string[] {
  const wanted = `${options.length} options`;
  if (bias.length !== options.length) return [`${task}: ${bias.length} biases for ${wanted}`];
  if (meanings && meanings.length !== options.length) return [`${task}: meanings of ${meanings.length} for ${wanted}`];
  const uneven = meanings?.find((each) => each.length !== strengths);
  return uneven ? [`${task}: ${uneven.length} meanings for ${strengths} strengths`] : [];
}

/** Parses and cross-checks a manifest; says where it is wrong. */
export function parseManifest(input: unknown): Result<PackManifest> {
  const remedy = MANIFEST_REMEDY;
  const parsed = parseFormat(manifest, input);
  if (!parsed.ok) return parsed;
  const value = parsed.value;
  const known = new Set(value.files.map((file) => file.path));
  const needed = [
    ...Object.values(value.graphs).flatMap((entry) => [entry.file, ...entry.data]),
    value.text.recognizer.dictionary,
    value.text.vocabulary,
    ...(value.text.classifier ? [value.text.classifier] : []),
    value.tokenizer.tokenizer,
    value.tokenizer.config,
    value.languageModel.embedding.file,
    value.languageModel.embedding.scales.file,
    ...(value.languageModel.int8 ? int8Files(value.languageModel.int8) : []),
    ...(value.languageModel.drafts ? [value.languageModel.drafts] : []),
    value.parity,
  ];
  const missing = needed.filter((path) => !known.has(path));
  if (missing.length > 0) {
    return fail(wireError('pack-corrupt', 'The pack’s manifest names files that it does not list.', remedy, missing.join(', ')));
  }
  const uneven = value.prompt.calibration.flatMap((entry) => unevenIn(entry, value.prompt.meaningAfter.length))[0];
  if (uneven) {
    const detail = `prompt.calibration of ${uneven}`;
    return fail(wireError('pack-corrupt', 'The pack’s manifest is not valid.', remedy, detail));
  }
  if (
    new Set(value.faceEncoder.labels).size !== value.faceEncoder.labels.length ||
    value.faceEncoder.circumplex.length !== value.faceEncoder.labels.length
  ) {
    return fail(
      wireError(
        'pack-unsupported',
        'The pack’s emotion labels are not the eight that this app knows.',
        remedy,
        value.faceEncoder.labels.join(', '),
      ),
    );
  }
  return ok(value);
}
