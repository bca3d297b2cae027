/**
 * A foundation pack's manifest: a vision-language model on a hub, pinned to a commit, and which of its files a machine needs. Every fact
 * about such a model lives there and nowhere in code. Check at the door, trust inside: `parseFoundationManifest(unknown)` is the only way in.
 */
import * as v from 'valibot';
import { type WireError, wireError } from '../shared/errors.ts';
import type { Result } from '../shared/result.ts';
import { parseFormat } from './manifest-format.ts';

export const GRAPH_NAME = /^[a-z0-9_]+$/;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
/** A path inside the hub's repository: no folders up, no absolute paths, no longer than `isSafePath` takes it. */
const filePath = v.pipe(v.string(), v.maxLength(500), v.regex(/^(?!.*\/\.{1,2}(?:\/|$))[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9._-]+)*$/));
const dtype = v.picklist(['fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16', 'bnb4']);
const graphName = v.pipe(v.string(), v.regex(GRAPH_NAME));
/** No model has as many; a list as long as this is made of it. */
const dataFiles = v.pipe(positive, v.maxValue(1000));

const backend = v.object({
  /** Dtype by graph. All graphs that the model's class opens must be here. */
  dtypes: v.record(graphName, dtype),
  /** Peak bytes as measured; null where nobody measured it. */
  memoryBytes: v.nullable(positive),
});

const manifest = v.object({
  format: v.literal(1),
  kind: v.literal('foundation'),
  id: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/)),
  title: v.string(),
  /** SPDX identifier. */
  licence: v.string(),
  credits: v.array(v.object({ part: v.string(), from: v.string(), licence: v.string() })),
  /** What a user of the numbers must know, a sentence each. */
  notes: v.array(v.string()),
  hub: v.object({
    repo: v.pipe(v.string(), v.regex(/^\w[\w.-]*\/\w[\w.-]*$/)),
    /** A commit: what is fetched is never another model than the one that was looked at. */
    revision: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)),
  }),
  /** Exact, where they are known. Empty: the hub is asked for them at that commit, and they are kept with the pack. */
  files: v.optional(v.array(v.object({ path: filePath, bytes: count, sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) })), []),
  /** Sizes as published, for whoever wants to know before the hub is asked; a file that no page states is not here. */
  stated: v.array(v.object({ path: filePath, bytes: positive })),
  /** Addresses of the pages that state them. */
  sources: v.array(v.string()),
  /** Needed on every machine: configuration, tokenizer, processor, chat template. */
  configs: v.pipe(v.array(filePath), v.minLength(1)),
  /** How many external data files an ONNX file has, by the ONNX file's name; none where it is not named. */
  externalData: v.optional(v.record(v.string(), dataFiles), {}),
  /** By machine; one that is missing cannot run this model. `webgpu-f16` is WebGPU with 16-bit shaders, `cpu` is Node. */
  backends: v.object({
    'webgpu-f16': v.optional(backend),
    webgpu: v.optional(backend),
    wasm: v.optional(backend),
    cpu: v.optional(backend),
  }),
  pictures: v.object({
    /** At most so many in one question: the whole picture, then faces close up. */
    most: positive,
    /** Tokens that a picture becomes; null where its size decides. */
    tokens: v.nullable(positive),
    /** Longer side in px to which a picture is brought before the model's own processor sees it. */
    maxSide: positive,
    /** Whether the processor may cut a picture into tiles, each as many tokens as a picture. */
    tiles: v.boolean(),
  }),
  /** Tokens; null: as the model's own configuration says. */
  contextLength: v.nullable(positive),
  /** Whether the chat template has a turn for the system; else what it would say begins the user's turn. */
  systemTurn: v.boolean(),
  /** `scored`: options by log-probability. `parsed`: the answer is what the text says, for models whose decoder gives no logits on demand. */
  answers: v.picklist(['scored', 'parsed']),
  maxNewTokens: positive,
});

export type FoundationManifest = v.InferOutput<typeof manifest>;

/** What the engine reads a foundation pack from; supplied by the host. */
export interface FoundationFiles {
  manifest: FoundationManifest;
  /** A file of the hub's repository, whole. Fails with `pack-missing` or `file-unreadable`. */
  read(path: string): Promise<Result<Uint8Array>>;
}

/** What a machine has. */
export interface FoundationMachine {
  webgpu: boolean;
  shaderF16: boolean;
  /** Node's own CPU library in place of WebAssembly. Default false. */
  native?: boolean;
}

export interface FoundationChoice {
  /** Of the hub's repository; empty where this machine cannot run the model. */
  paths: string[];
  dtypes: Record<string, string>;
  memoryBytes: number | null;
  /** Where it runs; null where this machine cannot run it. */
  device: 'webgpu' | 'wasm' | 'native' | null;
}

/** How transformers.js names a dtype's file. */
export const DTYPE_SUFFIXES: Record<v.InferOutput<typeof dtype>, string> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
};

/** Which of the hub's files a machine needs, and in which precision. */
export function foundationFiles(manifest: FoundationManifest, machine: FoundationMachine): FoundationChoice {
  const { backends, configs, externalData } = manifest;
  const onGpu = machine.webgpu ? ((machine.shaderF16 ? backends['webgpu-f16'] : undefined) ?? backends.webgpu) : undefined;
  const onCpu = machine.native === true ? (backends.cpu ?? backends.wasm) : backends.wasm;
  const chosen = onGpu ?? onCpu;
  if (chosen === undefined) return { paths: [], dtypes: {}, memoryBytes: null, device: null };
  const graphs = Object.entries(chosen.dtypes).flatMap(([graph, type]) => {
    const file = `${graph}${DTYPE_SUFFIXES[type]}.onnx`;
    const data = Array.from({ length: externalData[file] ?? 0 }, (_, index) => `${file}_data${index === 0 ? '' : `_${index}`}`);
    return [file, ...data].map((name) => `onnx/${name}`);
  });
  const device = onGpu !== undefined ? 'webgpu' : machine.native === true ? 'native' : 'wasm';
  return { paths: [...configs, ...graphs], dtypes: { ...chosen.dtypes }, memoryBytes: chosen.memoryBytes, device };
}

/** Bytes of `paths`, exact where the pack knows them, else as published; null where one of them is stated nowhere. */
export function foundationBytes(manifest: FoundationManifest, paths: readonly string[]): number | null {
  const sizes = new Map([...manifest.stated, ...manifest.files].map((file) => [file.path, file.bytes]));
  let sum = 0;
  for (const path of paths) {
    const bytes = sizes.get(path);
    if (bytes === undefined) return null;
    sum += bytes;
  }
  return sum;
}

/** What is told where `foundationFiles` has none for a machine. */
export function cannotRun({ title, backends }: FoundationManifest): WireError {
  const remedy = 'Choose a smaller model, or a browser and a graphics card that have it.';
  if (backends.webgpu) return wireError('no-webgpu', `${title} cannot run here: it needs WebGPU.`, remedy);
  if (backends['webgpu-f16']) return wireError('no-webgpu', `${title} cannot run here: it needs WebGPU with 16-bit shaders.`, remedy);
  return wireError('pack-unsupported', `${title} cannot run here: it has no files of a kind that can be used.`, 'Choose another pack.');
}

/** Whether a parsed manifest.json says that it is a foundation pack's. */
export function isFoundationManifest(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'kind' in input && input.kind === 'foundation';
}

/** Parses a manifest; says where it is wrong. Fails with `pack-unsupported` or `pack-corrupt`. */
export function parseFoundationManifest(input: unknown): Result<FoundationManifest> {
  return parseFormat(manifest, input);
}
