/**
 * Runs all of a pack's goldens: the same numbers must come out in Python, Node and the browser, on every backend, within the stated
 * tolerance.
 */
import { wireError } from '../shared/errors.ts';
import { GRAPH_NAMES, type GraphName } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { type GoldenOutputs, type Goldens, parseGoldens, runGolden } from './golden.ts';
import { openGraph, type Runtime } from './graph.ts';
import { LanguageModel, languageModelGpuOutputs, warmUpLanguageModel } from './language-model.ts';
import { fileOf, graphFiles, openPack, PART_GRAPHS, type Pack, type PackSource, type PartFiles } from './pack.ts';
import { pick } from './sampler.ts';
import { TokenEmbeddings } from './token-embeddings.ts';
import { createTokenizer } from './tokenizer.ts';

/** An id that no golden goes on with. */
const WRONG_GUESS = 5;

export interface ParityOptions {
  /** Graphs to run; default all. `projection` needs both encoders, `language-model` needs `projection`. */
  graphs?: readonly GraphName[];
  /** Decode steps to compare; default all that the file has. */
  newTokens?: number;
}

/**
 * One line for each golden that does not hold; empty where all do. Fails where the pack cannot be
 * read. @throws EngineFailure where a graph cannot be run.
 */
export async function checkParity(runtime: Runtime, source: PackSource, options: ParityOptions = {}): Promise<Result<string[]>> {
  const opened = await openPack(source);
  if (!opened.ok) return opened;
  const pack = opened.value;
  const read = await pack.readGoldens();
  if (!read.ok) return read;
  const expected = parseGoldens(read.value);
  if (!expected)
    return fail(
      wireError('pack-corrupt', 'The pack’s goldens cannot be read.', 'Get the pack again from where it came.', pack.manifest.parity),
    );
  const { graphs } = options;
  // Most of a pack is the language model's: who leaves that out does not fetch it.
  const files = graphs && !graphs.includes('language-model') ? await pack.readGraphs(graphs) : await readAll(pack);
  if (!files.ok) return files;
  return ok(await compare(runtime, pack, files.value, expected, options));
}

async function compare(runtime: Runtime, pack: Pack, files: PartFiles, expected: Goldens, options: ParityOptions): Promise<string[]> {
  const faults: string[] = [];
  const wanted = options.graphs ?? GRAPH_NAMES;
  const made: GoldenOutputs = new Map();
  for (const entry of expected.graphs) {
    if (!wanted.includes(entry.graph)) continue;
    const { graph } = await openGraph(
      runtime,
      entry.graph,
      pack.manifest.graphs[entry.graph],
      graphFiles(pack.manifest, entry.graph, files),
    );
    try {
      faults.push(...(await runGolden(graph, entry, made)));
    } finally {
      await graph.dispose();
    }
  }
  if (wanted.includes('language-model')) faults.push(...(await compareLanguageModel(runtime, pack, files, expected, made, options)));
  return faults;
}

async function compareLanguageModel(
  runtime: Runtime,
  pack: Pack,
  files: PartFiles,
  { embedding, tokenizer: texts, generation }: Goldens,
  made: ReadonlyMap<string, Float32Array>,
  { newTokens = generation.greedy.length }: ParityOptions,
): Promise<string[]> {
  const { manifest } = pack;
  const faults: string[] = [];
  const embeddings = new TokenEmbeddings(manifest.languageModel, files);
  for (const [index, id] of embedding.ids.entries()) {
    const row = embeddings.lookUp([id]);
    const worst = Math.max(...(embedding.first[index] ?? []).map((value, column) => Math.abs(value - (row[column] ?? Number.NaN))));
    if (!(worst <= 1e-6)) faults.push(`embedding of id ${id}: off by ${worst}`);
  }
  const tokenizer = await createTokenizer(fileOf(files, manifest.tokenizer.tokenizer), fileOf(files, manifest.tokenizer.config));
  for (const { text, ids: expected } of texts) {
    const got = tokenizer.encode(text);
    if (got.join() !== expected.join())
      faults.push(`tokenizer: ${JSON.stringify(text)} gives ${got.join(' ')}, expected ${expected.join(' ')}`);
  }
  const image = made.get('projection/image_embeddings');
  if (!image) throw new Error('the golden of projection must be run first');
  const { graph } = await openGraph(
    runtime,
    'language-model',
    manifest.graphs['language-model'],
    graphFiles(manifest, 'language-model', files),
    {
      warmUp: (opened) => warmUpLanguageModel(opened, manifest.languageModel, embeddings),
      gpuOutputs: languageModelGpuOutputs,
    },
  );
  try {
    const model = new LanguageModel(graph, manifest.languageModel, embeddings);
    faults.push(...(await compareGeneration(model, image, generation, newTokens)));
  } finally {
    await graph.dispose();
  }
  return faults;
}

async function compareGeneration(
  model: LanguageModel,
  image: Float32Array,
  generation: Goldens['generation'],
  newTokens: number,
): Promise<string[]> {
  const faults: string[] = [];
  const { signal } = new AbortController();
  const after = model.embed(generation.after);
  const prompt = new Float32Array(image.length + after.length);
  prompt.set(image);
  prompt.set(after, image.length);
  const allowed = generation.tolerance * Math.max(1, generation.max);
  const sequence = await model.begin(signal, generation.before);
  try {
    await sequence.appendEmbeddings(signal, prompt);
    const greedy = generation.greedy.slice(0, newTokens);
    for (let index = 0; index < greedy.length; ) {
      const expected = greedy[index] as number;
      const got = pick(sequence.logits, []);
      const margin = generation.margins[index] ?? 0;
      if (got !== expected) {
        // A near tie may fall either way, and all that follows is another text.
        if (margin >= allowed) faults.push(`generation: id ${index} is ${got}, expected ${expected} by a margin of ${margin}`);
        break;
      }
      const logit = sequence.logits[got] ?? Number.NaN;
      const chosen = generation.chosen[index] ?? Number.NaN;
      if (!(Math.abs(logit - chosen) <= allowed))
        faults.push(`generation: logit ${index} is ${logit.toFixed(3)}, expected ${chosen.toFixed(3)}`);
      // Now and then with two guesses, a right and a wrong one: what is dropped must leave no trace on any backend.
      const guesses = model.takesDrafts && index % 3 === 1 && index + 1 < greedy.length ? [greedy[index + 1] as number, WRONG_GUESS] : [];
      index += 1 + (await sequence.appendChecked(signal, [got], guesses, (logits) => pick(logits, []))).length;
    }
  } finally {
    sequence.dispose();
  }
  return faults;
}

async function readAll(pack: Pack): Promise<Result<PartFiles>> {
  const files = new Map<string, Uint8Array>();
  for (const part of Object.keys(PART_GRAPHS) as (keyof typeof PART_GRAPHS)[]) {
    const read = await pack.readPart(part, () => {});
    if (!read.ok) return read;
    for (const [path, bytes] of read.value) files.set(path, bytes);
  }
  return ok(files);
}
