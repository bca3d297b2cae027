/**
 * A foundation manifest for a folder that is laid out like a repository of the hub and has none: the user's own export, say. What the
 * folder cannot tell is taken as cautiously as it can be. Pure.
 */
import { wireError } from '../shared/errors.ts';
import { fail, type Result } from '../shared/result.ts';
import { DTYPE_SUFFIXES, type FoundationManifest, GRAPH_NAME, parseFoundationManifest } from './foundation-manifest.ts';

/** Dtypes in the order in which a CPU likes them: decoders are read whole for every token, so fewer bits are faster there. */
const FOR_DECODERS = ['q4', 'q8', 'int8', 'uint8', 'fp32'];
const FOR_OTHERS = ['q8', 'fp32', 'uint8', 'int8', 'q4'];
/** What a GPU with 16-bit shaders, and one without, is given. */
const FOR_F16 = ['q4f16', 'fp16', 'q4', 'fp32'];
const FOR_F32 = ['q4', 'fp32'];
/** The empty one last: every name ends with it. */
const SUFFIXES = Object.entries(DTYPE_SUFFIXES).sort(([, a], [, b]) => b.length - a.length);
const CONFIGS = [
  'config.json',
  'generation_config.json',
  'preprocessor_config.json',
  'processor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
];
/** Architectures that take several pictures here; the processors of others mistake a second one for a video. */
const SEVERAL_PICTURES = ['idefics3', 'smolvlm', 'gemma3n', 'gemma4'];
/** A folder has no commit: the revision of what no hub has. */
export const NO_COMMIT = '0'.repeat(40);

/**
 * @param name of the folder.
 * @param paths of its files, with forward slashes.
 * @param config config.json, parsed. Fails with `pack-unsupported` where this is no vision-language model for transformers.js.
 */
export function hubLayoutManifest(name: string, paths: readonly string[], config: unknown): Result<FoundationManifest> {
  const facts = (typeof config === 'object' && config !== null ? config : {}) as { model_type?: unknown };
  const files = new Set(paths);
  const graphs = new Map<string, string[]>();
  const externalData: Record<string, number> = {};
  for (const path of paths) {
    const file = /^onnx\/([^/]+)\.onnx$/.exec(path)?.[1];
    if (file === undefined) continue;
    const [dtype, suffix] = SUFFIXES.find(([, ending]) => file.endsWith(ending)) ?? ['fp32', ''];
    const graph = file.slice(0, file.length - suffix.length);
    if (!GRAPH_NAME.test(graph)) continue; // no class of transformers.js opens it
    graphs.set(graph, [...(graphs.get(graph) ?? []), dtype]);
    let count = 0;
    while (files.has(`${path}_data${count === 0 ? '' : `_${count}`}`)) count += 1;
    if (count > 0) externalData[`${file}.onnx`] = count;
  }
  const missing = ['vision_encoder', 'embed_tokens', 'decoder_model_merged'].filter((graph) => !graphs.has(graph));
  if (missing.length > 0 || !files.has('config.json')) {
    const detail = missing.length > 0 ? `onnx/ has no ${missing.join(', ')}` : 'config.json is missing';
    const remedy = 'Give a folder with config.json and onnx/, as transformers.js expects them.';
    return fail(wireError('pack-unsupported', 'This folder holds no vision-language model that can be used.', remedy, detail));
  }
  const backend = (decoders: readonly string[], others: readonly string[]): object | undefined => {
    const dtypes = [...graphs].map(([graph, there]) => {
      const wanted = graph.startsWith('decoder') ? decoders : others;
      return [graph, wanted.find((dtype) => there.includes(dtype))] as const;
    });
    return dtypes.every(([, dtype]) => dtype !== undefined) ? { dtypes: Object.fromEntries(dtypes), memoryBytes: null } : undefined;
  };
  const onCpu = backend(FOR_DECODERS, FOR_OTHERS);
  const backends = { 'webgpu-f16': backend(FOR_F16, FOR_F16), webgpu: backend(FOR_F32, FOR_F32), wasm: onCpu, cpu: onCpu };
  const several = SEVERAL_PICTURES.includes(String(facts.model_type));
  const id =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '') || 'model';
  return parseFoundationManifest({
    format: 1,
    kind: 'foundation',
    id,
    title: name,
    licence: 'as stated by its maker',
    credits: [],
    notes: ['Made from a folder without a manifest: its licence and its memory are not known here.'],
    hub: { repo: `local/${id}`, revision: NO_COMMIT },
    stated: [],
    sources: [],
    configs: CONFIGS.filter((path) => files.has(path)),
    externalData,
    backends: Object.fromEntries(Object.entries(backends).filter(([, value]) => value !== undefined)),
    pictures: { most: several ? 4 : 1, tokens: null, maxSide: several ? 1024 : 448, tiles: false },
    contextLength: null,
    systemTurn: !['idefics3', 'smolvlm'].includes(String(facts.model_type)),
    answers: 'scored',
    maxNewTokens: 160,
  });
}
