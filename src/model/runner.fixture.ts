/** A graph for tests that computes what the test says. */
import type { Runner } from './tensors.ts';

export interface FakeRun {
  data: Float32Array;
  dims: readonly number[];
}

interface FakeTensor extends FakeRun {
  type: string;
  dispose(): void;
}

/** `inputs`: names and dims as in a manifest. `compute` sees the inputs as they were at the run. `open` counts tensors that were not disposed. */
export function fakeRunner(
  inputs: Record<string, (number | string)[]>,
  compute: (inputs: Record<string, FakeRun>) => Record<string, ArrayLike<number>>,
): Runner & { runs: number; open: number } {
  const made = (data: Float32Array, dims: readonly number[]): FakeTensor => {
    runner.open += 1;
    return {
      type: 'float32',
      data,
      dims,
      dispose: () => {
        runner.open -= 1;
      },
    };
  };
  const runner = {
    runs: 0,
    open: 0,
    entry: { inputs: Object.entries(inputs).map(([name, dims]) => ({ name, type: 'float32' as const, dims })) },
    tensor: (_type: 'float32', data: Float32Array, dims: readonly number[]) => made(data, dims),
    run: async (tensors: Record<string, unknown>) => {
      runner.runs += 1;
      const outputs = compute(tensors as Record<string, FakeTensor>);
      return Object.fromEntries(
        Object.entries(outputs).map(([name, values]) => {
          const data = Float32Array.from(values);
          return [name, made(data, [data.length])];
        }),
      );
    },
  };
  return runner;
}
