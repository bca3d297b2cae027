/** Puts recordings together in a thread of its own, for properties of damaged ones: a file whose index leads in a circle never gives an answer. */
import { parentPort } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { remuxed } = await import('../src/media/remux.ts');

parentPort?.on('message', async (/** @type {{ bytes: Uint8Array<ArrayBuffer>, type: string }} */ { bytes, type }) => {
  const put = await remuxed(new Blob([bytes], { type }));
  parentPort?.postMessage(put.ok ? { length: put.value.length } : { code: put.error.code });
});
