import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packFolder } from '../node/pack-folder.ts';
import { createNodeRuntime } from '../node/runtime.ts';
import { openGraph } from './graph.ts';
import { int8GraphEntry, int8GraphFiles } from './int8-layout.ts';
import { warmUpLanguageModel } from './language-model.ts';
import { graphFiles, openPack } from './pack.ts';
import { TokenEmbeddings } from './token-embeddings.ts';

const models = join(dirname(fileURLToPath(import.meta.url)), '../../public/models');

/** Two rows of four columns in blocks of two: nibbles and half-precision scales, and factors for both sides. */
function small() {
  const plan = {
    format: 1,
    data: 'made.bin',
    bytes: 32,
    factors: 'factors',
    matrices: [
      {
        rows: 2,
        columns: 4,
        blockSize: 2,
        weights: { file: 'weights', offset: 1 },
        scales: { file: 'scales', offset: 2 },
        columnFactors: 4,
        rowFactors: 20,
        int8: 0,
        scale: 16,
      },
    ],
  };
  // Levels −8 … 7: row 0 is 1, −2 | 4, 0; row 1 is 7, 7 | −8, 1.
  const weights = Uint8Array.of(255, 0x69, 0x8c, 0xff, 0x90);
  const half = { one: [0, 0x3c], two: [0, 0x40], minusOne: [0, 0xbc] };
  const scales = Uint8Array.from([9, 9, ...half.one, ...half.two, ...half.minusOne, ...half.one]);
  const factors = new Uint8Array(Float32Array.of(99, 1, 2, 0.5, 1, 1, 10).buffer);
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const files = new Map([
    ['graph', Uint8Array.of(1)],
    ['plan', text(plan)],
    ['weights', weights],
    ['scales', scales],
    ['factors', factors],
  ]);
  return { plan, files, text };
}

const entry = { file: 'graph', plan: 'plan', factors: 'factors', tolerance: 1 };

describe('int8GraphFiles', () => {
  it('multiplies by scales and column factors, rounds each row to 127 steps, and lays columns before rows', async () => {
    const { files } = small();
    const made = await int8GraphFiles(entry, files);
    expect(made.model).toEqual(Uint8Array.of(1));
    expect(made.data.map(({ path }) => path)).toEqual(['made.bin']);
    const data = made.data[0]?.data ?? new Uint8Array();
    // Row 0: 1·1·1, −2·1·2, 4·2·½, 0 → 1, −4, 4, 0. Row 1: 7·−1·1, 7·−1·2, −8·1·½, 1·1·1 → −7, −14, −4, 1.
    expect([...new Int8Array(data.buffer, 0, 8)]).toEqual([32, -63, -127, -127, 127, -36, 0, 9]);
    const rowScales = new Float32Array(data.buffer, 16, 2);
    expect(rowScales[0]).toBeCloseTo(4 / 127, 6);
    expect(rowScales[1]).toBeCloseTo((14 / 127) * 10, 5);
  });

  it.each([
    ['a plan that is none', (files: Map<string, Uint8Array>) => files.set('plan', Uint8Array.of(123))],
    ['weights cut short', (files: Map<string, Uint8Array>) => files.set('weights', Uint8Array.of(1, 2))],
    ['factors cut short', (files: Map<string, Uint8Array>) => files.set('factors', new Uint8Array(8))],
    ['a file that is not there', (files: Map<string, Uint8Array>) => files.delete('scales')],
  ])('refuses %s', async (_, spoil) => {
    const { files } = small();
    spoil(files);
    await expect(int8GraphFiles(entry, files)).rejects.toMatchObject({ error: { code: 'pack-corrupt' } });
  });
});

describe.each(['tiny', 'emollm-s'])('the 8-bit form of %s', (name) => {
  it('gives the pack’s own numbers within the stated tolerance, and gives way to 4 bits where it does not', async () => {
    const opened = await openPack(packFolder(join(models, name)));
    if (!opened.ok) throw new Error(opened.error.message);
    const { manifest } = opened.value;
    const { languageModel } = manifest;
    const { int8 } = languageModel;
    if (!int8) throw new Error('the pack has no 8-bit form');
    const read = await opened.value.readPart('language-model', () => {});
    if (!read.ok) throw new Error(read.error.message);
    const files = read.value;
    const embeddings = new TokenEmbeddings(languageModel, files);
    const runtime = await createNodeRuntime('native', 2);
    const open = (changed: ReadonlyMap<string, Uint8Array>) =>
      openGraph(
        { ...runtime, cpu: 'wasm' },
        'language-model',
        manifest.graphs['language-model'],
        graphFiles(manifest, 'language-model', files),
        {
          warmUp: (graph) => warmUpLanguageModel(graph, languageModel, embeddings, null),
          onWasm: {
            entry: int8GraphEntry(manifest, int8),
            files: () => int8GraphFiles(int8, changed),
            warmUp: (graph) => warmUpLanguageModel(graph, languageModel, embeddings, null, int8.tolerance),
          },
        },
      );
    const right = await open(files);
    expect(right.notes).toEqual([]);
    expect(right.graph.entry.dtype).toBe('q8');
    await right.graph.dispose();

    const factors = new Float32Array(files.get(int8.factors)?.slice().buffer ?? new ArrayBuffer());
    const spoilt = new Uint8Array(factors.map((value, index) => value * (1 + (index % 3))).buffer);
    const wrong = await open(new Map(files).set(int8.factors, spoilt));
    expect(wrong.graph.entry.dtype).toBe('q4');
    expect(wrong.notes.join()).toMatch(/8-bit form could not be used/);
    await wrong.graph.dispose();
  }, 120_000);
});
