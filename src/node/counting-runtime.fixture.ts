/** Node's own runtime, which counts sessions. For tests. */
import type { Runtime } from '../model/graph.ts';
import { createNodeRuntime } from './runtime.ts';

/** `opened` so far, and `open` still. */
export async function countingRuntime(): Promise<{ runtime: Runtime; count: { opened: number; open: number } }> {
  const runtime = await createNodeRuntime('native', 1);
  const { InferenceSession } = runtime.ort;
  const count = { opened: 0, open: 0 };
  const create = async (model: Uint8Array, options: object) => {
    const session = await InferenceSession.create(model, options);
    count.opened += 1;
    count.open += 1;
    const release = session.release.bind(session);
    session.release = async () => {
      count.open -= 1;
      await release();
    };
    return session;
  };
  const ort = { ...runtime.ort, InferenceSession: { ...InferenceSession, create } as Runtime['ort']['InferenceSession'] };
  return { runtime: { ...runtime, ort }, count };
}
