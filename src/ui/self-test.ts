/**
 * The self-test page: `self-test.html?pack=tiny&backend=webgpu&graphs=face-encoder,scene-encoder&tokens=2`.
 * For whoever doubts a browser or a GPU: the same numbers must come out everywhere.
 */
import { runSelfTest } from '../workers/client.ts';
import { readAddress } from './settings.ts';
import { trustOwnScripts } from './trusted-types.ts';

trustOwnScripts();

const query = new URLSearchParams(location.search);
const address = readAddress(location.search);
const tokens = Number.parseInt(query.get('tokens') ?? '', 10);

const status = document.querySelector('[role=status]') as HTMLElement;
const faults = document.querySelector('#faults') as HTMLElement;

const started = performance.now();
const result = await runSelfTest(new AbortController().signal, {
  packUrl: new URL(`models/${address.pack}/`, document.baseURI).href,
  wasmUrl: new URL('ort/', document.baseURI).href,
  backend: address.backend ?? 'auto',
  graphBackends: address.graphBackends,
  threads: 0,
  graphs: query.get('graphs')?.split(',') ?? null,
  newTokens: Number.isNaN(tokens) ? null : tokens,
});
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const lines = result.ok ? result.value : [`${result.error.message} ${result.error.remedy} ${result.error.detail ?? ''}`];
status.textContent = lines.length === 0 ? `All numbers agree (${address.pack}, ${seconds} s).` : `Not all numbers agree (${address.pack}).`;
for (const line of lines) {
  const item = document.createElement('li');
  item.textContent = line;
  faults.append(item);
}
