/** @vladmandic/human at its fastest that still finds faces and their emotions: detector and emotion alone, nothing from a cache, input filter off. */
import { loadFrames, SIZES, timeFrames } from './frame-loop.js';

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
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 360;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const limits = { repeat: Number(query.get('repeat')), seconds: Number(query.get('seconds')) };
  const rows = [];
  for (const size of SIZES) {
    const frames = await loadFrames(`/work/frames/${size}/`, Number(query.get('count')));
    const figures = await timeFrames(
      frames,
      limits,
      (frame) => context.drawImage(frame, 0, 0),
      async () => (await human.detect(canvas)).face.length,
    );
    rows.push({ size, ...figures });
  }
  return { rows, backend: human.tf.getBackend(), threads: human.tf.getThreadsCount?.() ?? null };
}
