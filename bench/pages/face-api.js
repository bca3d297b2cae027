/** @vladmandic/face-api: its tiny detector at the asked input size, and expressions. */
import { timeSetsOnCanvas } from './frame-loop.js';

/** @param {URLSearchParams} query */
export async function measure(query) {
  const faceapi = await import('/modules/@vladmandic/face-api/dist/face-api.esm.js');
  faceapi.tf.setWasmPaths('/modules/@tensorflow/tfjs-backend-wasm/dist/');
  await faceapi.tf.setBackend('wasm');
  await faceapi.tf.ready();
  await faceapi.nets.tinyFaceDetector.loadFromUri('/modules/@vladmandic/face-api/model');
  await faceapi.nets.faceExpressionNet.loadFromUri('/modules/@vladmandic/face-api/model');
  const options = new faceapi.TinyFaceDetectorOptions({ inputSize: Number(query.get('input')), scoreThreshold: 0.5 });
  const rows = await timeSetsOnCanvas(query, async (canvas) => (await faceapi.detectAllFaces(canvas, options).withFaceExpressions()).length);
  return { rows, backend: faceapi.tf.getBackend(), threads: null };
}
