/** @vladmandic/human at its fastest that still finds faces and their emotions: detector and emotion alone, nothing from a cache, input filter off. */
import { timeSetsOnCanvas } from './frame-loop.js';

/** @param {URLSearchParams} query */
export async function measure(query) {
  const { Human } = await import('/modules/@vladmandic/human/dist/human.esm.js');
  const off = { enabled: false };
  const human = new Human({
    backend: 'wasm',
    wasmPath: '/modules/@tensorflow/tfjs-backend-wasm/dist/',
    modelBasePath: '/modules/@vladmandic/human/models/',
    debug: false,
    warmup: 'none',
    cacheSensitivity: 0,
    filter: off,
    body: off,
    hand: off,
    object: off,
    segmentation: off,
    gesture: off,
    face: {
      enabled: true,
      detector: { maxDetected: 5 },
      mesh: off,
      iris: off,
      attention: off,
      description: off,
      antispoof: off,
      liveness: off,
      emotion: { enabled: true },
    },
  });
  await human.load();
  const rows = await timeSetsOnCanvas(query, async (canvas) => (await human.detect(canvas)).face.length);
  return { rows, backend: human.tf.getBackend(), threads: human.tf.getThreadsCount?.() ?? null };
}
