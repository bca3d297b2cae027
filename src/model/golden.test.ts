import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GraphName } from '../shared/labels.ts';
import { type Golden, GoldenChecks, type Goldens, parseGoldens, runGolden } from './golden.ts';
import type { Graph } from './graph.ts';
import { fakeRunner } from './runner.fixture.ts';

/** Of a graph that doubles what it gets. */
const golden = (graph: GraphName, changes: Partial<Golden> = {}): Golden => ({
  graph,
  inputs: [{ name: 'x', dims: [1, 3], values: [1, 2, -3] }],
  outputs: [{ name: 'y', dims: [1, 3], first: [2, 4, -6], mean: 0, absMean: 4, max: 6, argmax: 2 }],
  tolerance: 0.002,
  ...changes,
});

const graphOf = (compute: (values: Float32Array) => number[]) =>
  fakeRunner({ x: [1, 3] }, ({ x }) => ({ y: compute(x?.data ?? new Float32Array()) })) as unknown as Graph;
const doubles = graphOf((values) => [...values].map((value) => 2 * value));

describe('runGolden', () => {
  it('finds a wrong number, and one that is none', async () => {
    expect(await runGolden(doubles, golden('face-encoder'), new Map())).toEqual([]);
    const one = graphOf(() => [2, 4, -6.1]);
    expect(await runGolden(one, golden('face-encoder'), new Map())).toEqual([expect.stringContaining('face-encoder/y: off by')]);
    const none = graphOf(() => [2, Number.NaN, -6]);
    expect(await runGolden(none, golden('face-encoder'), new Map())).toHaveLength(1);
  });
});

describe('GoldenChecks', () => {
  it('lets rounding pass at a start and refuses what is wrong, with the number', async () => {
    const checks = new GoldenChecks([golden('face-encoder')]);
    const warmUp = checks.warmUp('face-encoder');
    await warmUp?.(graphOf(() => [2.1, 4, -6]));
    await expect(warmUp?.(graphOf(() => [2, 4, 0]))).rejects.toMatchObject({
      error: { code: 'graph-failed', detail: expect.stringContaining('face-encoder/y') },
    });
  });

  it('goes on from the outputs of the graphs before, and leaves out what it has no golden or no input for', async () => {
    const checks = new GoldenChecks([
      golden('face-encoder'),
      golden('projection', { inputs: [{ name: 'x', dims: [1, 3], from: 'face-encoder/y' }], outputs: [] }),
    ]);
    expect(checks.warmUp('text-detector')).toBeUndefined();
    expect(checks.warmUp('projection')).toBeUndefined();
    await checks.warmUp('face-encoder')?.(doubles);
    const seen: number[][] = [];
    await checks.warmUp('projection')?.(
      graphOf((values) => {
        seen.push([...values]);
        return [0, 0, 0];
      }),
    );
    expect(seen).toEqual([[2, 4, -6]]);
  });
});

it('a file of another format gives no goldens', () => {
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  expect(parseGoldens(bytes({ format: 2 }))).toBeNull();
  expect(parseGoldens(new TextEncoder().encode('{'))).toBeNull();
});

it('a file that asks for inputs as large as a memory gives no goldens', () => {
  const real = JSON.parse(readFileSync(join(import.meta.dirname, '../../public/models/tiny/parity.json'), 'utf8')) as Goldens;
  const withDims = (dims: number[]) => {
    const [first, ...rest] = real.graphs;
    const [input, ...others] = first?.inputs ?? [];
    const graphs = [{ ...first, inputs: [{ ...input, dims }, ...others] }, ...rest];
    return parseGoldens(new TextEncoder().encode(JSON.stringify({ ...real, graphs })));
  };
  expect(withDims([1, 3, 640, 640])).not.toBeNull();
  for (const dims of [[1, 3, 40_000, 40_000], [2 ** 40], [-1]]) expect(withDims(dims)).toBeNull();
});
