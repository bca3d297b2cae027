import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { packFolder } from '../node/pack-folder.ts';
import { int8GraphFiles } from './int8-layout.ts';
import { openPack } from './pack.ts';
import { attentionWithoutTiles } from './whole-attention.ts';

const folder = join(fileURLToPath(import.meta.url), '../../../public/models/tiny');
const LAYERS = 2;

const timesIn = (bytes: Uint8Array, text: string): number => Buffer.from(bytes).toString('latin1').split(text).length - 1;

/** The logits of a prompt of five tokens and of three behind it: runs of several tokens, with and without a past. */
async function logitsOf(model: Uint8Array, data: { path: string; data: Uint8Array }[]): Promise<number[]> {
  const session = await InferenceSession.create(model, { externalData: data });
  const { hidden, heads, dim } = { hidden: 64, heads: 1, dim: 64 };
  let past: Record<string, Tensor> = {};
  const logits: number[] = [];
  let seen = 0;
  for (const rows of [5, 3]) {
    const embeds = Float32Array.from({ length: rows * hidden }, (_, index) => Math.sin(index * 7 + seen));
    const feeds: Record<string, Tensor> = { inputs_embeds: new Tensor('float32', embeds, [1, rows, hidden]) };
    seen += rows;
    feeds.attention_mask = new Tensor('int64', new BigInt64Array(seen).fill(1n), [1, seen]);
    if (session.inputNames.includes('num_logits_to_keep'))
      feeds.num_logits_to_keep = new Tensor('int64', BigInt64Array.of(BigInt(rows)), [1]);
    for (const name of session.inputNames.filter((each) => each.startsWith('past'))) {
      feeds[name] = past[name.replace('past_key_values', 'present')] ?? new Tensor('float32', [], [1, heads, 0, dim]);
    }
    const outputs = await session.run(feeds);
    logits.push(...((outputs.logits as Tensor).data as Float32Array).filter((_, index) => index % 97 === 0));
    past = outputs as Record<string, Tensor>;
  }
  await session.release();
  return logits;
}

describe('attentionWithoutTiles', () => {
  it('gives every attention a sink that weighs nothing: the same numbers, by the kernel that needs no cache size', async () => {
    const opened = await openPack(packFolder(folder));
    if (!opened.ok) throw new Error(opened.error.message);
    const { int8 } = opened.value.manifest.languageModel;
    const read = await opened.value.readPart('language-model', () => {});
    if (!read.ok || !int8) throw new Error('the tiny pack has no 8-bit form');
    const made = await int8GraphFiles(int8, read.value);
    const original = new Uint8Array(await readFile(join(folder, int8.file)));
    expect(timesIn(original, 'no-sink')).toBe(0);
    expect(timesIn(made.model, 'no-sink')).toBe(LAYERS + 1); // and the sinks themselves
    const [expected, got] = [await logitsOf(original, made.data), await logitsOf(made.model, made.data)];
    expect(got).toHaveLength(expected.length);
    const largest = Math.max(...expected.map(Math.abs));
    expect(largest).toBeGreaterThan(0);
    const off = Math.max(...got.map((value, index) => Math.abs(value - (expected[index] as number))));
    expect(off / largest).toBeLessThan(0.02); // a last bit may round an 8-bit activation the other way
  });

  it('changes nothing where every attention has a sink, where there is none, and where the file is none', async () => {
    const original = new Uint8Array(await readFile(join(folder, 'language-model-int8.onnx')));
    const once = attentionWithoutTiles(original);
    expect(Buffer.compare(attentionWithoutTiles(once), once)).toBe(0);
    const faces = new Uint8Array(await readFile(join(folder, 'face-encoder.onnx')));
    for (const bytes of [faces, Uint8Array.of(1), Uint8Array.of(0x3a, 200, 1, 7), original.subarray(0, 1000)]) {
      expect(Buffer.compare(attentionWithoutTiles(bytes), bytes)).toBe(0);
    }
  });
});
