/** A loaded engine for one command. */
import { createEngine, type Engine } from '../engine/engine.ts';
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
  const runtime = await createNodeRuntime(options.backend, options.threads);
  const engine = createEngine(runtime, source, { foundation, fallback: false });
  for await (const event of engine.load(signal)) {
    if (event.type === 'load-failed') {
      await engine.dispose();
      return fail(event.error);
    }
    if (event.type === 'load-progress') onProgress(event.loadedBytes, event.totalBytes);
  }
  return ok(engine);
}
