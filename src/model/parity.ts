/**
 * Runs all of a pack's goldens: the same numbers must come out in Python, Node and the browser, on every backend, within the stated
 * tolerance.
 */
import { wireError } from '../shared/errors.ts';
import { GRAPH_NAMES, type GraphName } from '../shared/labels.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { type GoldenOutputs, type Goldens, parseGoldens, runGolden } from './golden.ts';
import { EngineFailure, type Graph, openGraph, type Runtime } from './graph.ts';
import { LanguageModel, languageModelGpuOutputs, type Sequence } from './language-model.ts';
import { LogitsHeads } from './logits-heads.ts';
import type { PackManifest } from './manifest.ts';
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
    faults.push(...(await judge(runtime, pack.manifest, entry.graph, files, (graph) => runGolden(graph, entry, made))));
  }
  if (wanted.includes('language-model')) faults.push(...(await compareLanguageModel(runtime, pack, files, expected, made, options)));
  return faults;
}

/**
 * Opens a graph and compares it. The comparison is its first run, on whatever backend can do it: a warm-up before it would compute as much.
 * @throws EngineFailure too where a graph that was asked for on WebGPU has run elsewhere: its numbers would say nothing of the GPU.
 */
async function judge(
  runtime: Runtime,
  manifest: PackManifest,
  name: GraphName,
  files: PartFiles,
  compared: (graph: Graph) => Promise<string[]>,
  gpuOutputs?: (output: string) => boolean,
): Promise<string[]> {
  const faults: string[] = [];
  const { graph, notes } = await openGraph(runtime, name, manifest.graphs[name], graphFiles(manifest, name, files), {
    warmUp: async (opened) => {
      faults.push(...(await compared(opened)));
    },
    ...(gpuOutputs && { gpuOutputs }),
  });
  await graph.dispose();
  const asked = runtime.graphBackends[name] ?? runtime.backend;
  if (asked === 'webgpu' && graph.backend !== 'webgpu')
    throw new EngineFailure(wireError('graph-failed', notes[0] ?? '', 'Update the browser or the graphics driver.'));
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
  const heads = await LogitsHeads.open(runtime, manifest.languageModel.vocab);
  const compared = async (graph: Graph): Promise<string[]> => {
    const model = new LanguageModel(graph, manifest.languageModel, embeddings, heads);
    const unread = graph.backend === 'webgpu' && heads === null ? ['logits cannot be read on the GPU'] : [];
    return [...unread, ...(await compareGeneration(model, image, generation, newTokens))];
  };
  try {
    faults.push(...(await judge(runtime, manifest, 'language-model', files, compared, languageModelGpuOutputs(heads))));
  } finally {
    await heads?.dispose();
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
  const [before, after] = [model.embed(generation.before.slice(1)), model.embed(generation.after)];
  const prompt = new Float32Array(before.length + image.length + after.length);
  prompt.set(before);
  prompt.set(image, before.length);
  prompt.set(after, before.length + image.length);
  const allowed = generation.tolerance * Math.max(1, generation.max);
  const sequence = await model.begin(signal, generation.before.slice(0, 1));
  let branch: Sequence | null = null;
  try {
    await sequence.appendEmbeddings(signal, prompt);
    const greedy = generation.greedy.slice(0, newTokens);
    // A branch that goes elsewhere must leave no trace; where the steps to compare are hardly more than this one, it is not worth its time.
    if (greedy.length > 2) {
      branch = sequence.fork();
      await branch.append(signal, [WRONG_GUESS]);
    }
    for (let index = 0; index < greedy.length; ) {
      const expected = greedy[index] as number;
      const got = await pick(sequence.logits, []);
      const margin = generation.margins[index] ?? 0;
      if (got !== expected) {
        // A near tie may fall either way, and all that follows is another text.
        if (margin >= allowed) faults.push(`generation: id ${index} is ${got}, expected ${expected} by a margin of ${margin}`);
        break;
      }
      const runnerUp = await sequence.logits.likeliest(new Set([got])); // as where a loop is broken
      const [logit = Number.NaN, next = Number.NaN] = await sequence.logits.of([got, runnerUp]);
      const chosen = generation.chosen[index] ?? Number.NaN;
      if (!(Math.abs(logit - chosen) <= allowed))
        faults.push(`generation: logit ${index} is ${logit.toFixed(3)}, expected ${chosen.toFixed(3)}`);
      if (!(Math.abs(chosen - margin - next) <= allowed))
        faults.push(`generation: the next best logit ${index} is ${next.toFixed(3)}, expected ${(chosen - margin).toFixed(3)}`);
      if (index + 1 === greedy.length) break; // what would come next is compared with nothing
      // Now and then with two guesses, a right and a wrong one: what is dropped must leave no trace on any backend.
      const guesses = model.takesDrafts && index % 3 === 1 ? [greedy[index + 1] as number, WRONG_GUESS] : [];
      index += 1 + (await sequence.appendChecked(signal, [got], guesses, (logits) => pick(logits, []))).length;
    }
  } finally {
    branch?.dispose();
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
