/** A loaded engine for one command. */
import { createEngine, type Engine } from '../engine/engine.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { MachineOptions } from './arguments.ts';
import { defaultPackFolder, packFolder } from './pack-folder.ts';
import { createNodeRuntime } from './runtime.ts';

/** Loads the pack; fails where any part of it does. `onProgress` is told bytes. */
export async function openEngine(
  signal: AbortSignal,
  options: MachineOptions,
  onProgress: (loaded: number, total: number) => void,
): Promise<Result<Engine>> {
  const runtime = await createNodeRuntime(options.backend, options.threads);
  const engine = createEngine(runtime, packFolder(options.pack ?? defaultPackFolder()));
  for await (const event of engine.load(signal)) {
    if (event.type === 'load-failed') {
      await engine.dispose();
      return fail(event.error);
    }
    if (event.type === 'load-progress') onProgress(event.loadedBytes, event.totalBytes);
  }
  return ok(engine);
}
