/** Where the time goes: onnxruntime's own profile of our graphs, by kind of kernel. Peers are not in it. */
import { measurePage } from './browser.mjs';
import { makeFrames } from './frames.mjs';

const PATIENCE_SECONDS = 300;

/**
 * @param {import('./run.mjs').Bench} bench
 * @returns {Promise<Record<string, unknown>>} the suite's part of results.json
 */
export async function measureProfile(bench) {
  const ours = await bench.serveOurs(await makeFrames());
  const rows = await bench.measure('kernels', async () => {
    const query = new URLSearchParams({ job: 'profile', pack: 'emollm-s', threads: String(bench.threads) });
    const { value } = await measurePage(bench.chromium, `${ours.url}bench/pages/ours.html?${query}`, PATIENCE_SECONDS);
    return [value];
  });
  return { rows };
}
