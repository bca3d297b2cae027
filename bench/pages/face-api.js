/** @vladmandic/face-api: its tiny detector at the asked input size, and expressions. */
import { loadFrames, SIZES, timeFrames } from './frame-loop.js';

/** @param {URLSearchParams} query */
export async function measure(query) {
  const faceapi = await import('/modules/@vladmandic/face-api/dist/face-api.esm.js');
  faceapi.tf.setWasmPaths('/modules/@tensorflow/tfjs-backend-wasm/dist/');
  await faceapi.tf.setBackend('wasm');
  await faceapi.tf.ready();
  await faceapi.nets.tinyFaceDetector.loadFromUri('/modules/@vladmandic/face-api/model');
  await faceapi.nets.faceExpressionNet.loadFromUri('/modules/@vladmandic/face-api/model');
  const options = new faceapi.TinyFaceDetectorOptions({ inputSize: Number(query.get('input')), scoreThreshold: 0.5 });
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
      async () => (await faceapi.detectAllFaces(canvas, options).withFaceExpressions()).length,
    );
    rows.push({ size, ...figures });
  }
  return { rows, backend: faceapi.tf.getBackend(), threads: null };
}
