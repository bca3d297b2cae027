/** A loaded engine for one command. */
import { createEngine, type Engine } from '../engine/engine.ts';
import type { Runtime } from '../model/graph.ts';
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { MachineOptions } from './argument-rules.ts';
import { choosePack } from './pack-choice.ts';
import { createNodeRuntime } from './runtime.ts';

/** Loads the pack; fails where any part of it does. `onProgress` is told bytes. */
export async function openEngine(
  signal: AbortSignal,
  options: MachineOptions,
  onProgress: (loaded: number, total: number) => void,
): Promise<Result<Engine>> {
  const pack = await choosePack(options.pack);
  if (!pack.ok) return pack;
  const { source, foundation } = pack.value;
  const runtime = await openRuntime(options);
  if (!runtime.ok) return runtime;
  const engine = createEngine(runtime.value, source, { foundation, fallback: false });
  for await (const event of engine.load(signal)) {
    if (event.type === 'load-failed') {
      await engine.dispose();
      return fail(event.error);
    }
    if (event.type === 'load-progress') onProgress(event.loadedBytes, event.totalBytes);
  }
  return ok(engine);
}

/** onnxruntime's CPU library is not made for every platform. */
async function openRuntime({ backend, threads }: MachineOptions): Promise<Result<Runtime>> {
  try {
    return ok(await createNodeRuntime(backend, threads));
  } catch (error) {
    if (backend === 'wasm') throw error;
    const detail = error instanceof Error ? error.message : String(error);
    return fail(wireError('graph-failed', 'onnxruntime’s CPU library does not run here.', 'Run it again with --backend wasm.', detail));
  }
}
