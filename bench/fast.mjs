/** The fast path: faces and their emotions on the same frames. */
import { measurePage } from './browser.mjs';
import { FRAME_COUNT, makeFrames } from './frames.mjs';

/** The whole of one measurement may take this long; no pass over the frames is begun after `PASS_SECONDS` for one set. */
const PATIENCE_SECONDS = 300;
const PASS_SECONDS = 20;

/** @type {{ who: string, peer: string, query: Record<string, string>, package: string }[]} */
const PEERS = [
  { who: 'human, detector and emotion', peer: 'human', query: {}, package: '@vladmandic/human' },
  { who: 'face-api, tiny detector 224', peer: 'face-api', query: { input: '224' }, package: '@vladmandic/face-api' },
  { who: 'face-api, tiny detector 416', peer: 'face-api', query: { input: '416' }, package: '@vladmandic/face-api' },
];

/**
 * @param {import('./run.mjs').Bench} bench
 * @returns {Promise<Record<string, unknown>>} the suite's part of results.json
 */
export async function measureFast(bench) {
  const frames = await makeFrames();
  const ours = await bench.serveOurs(frames);
  const common = { count: String(FRAME_COUNT), repeat: String(bench.repeat), seconds: String(PASS_SECONDS) };
  const rows = await bench.measure('EmoLLM', async () => {
    const query = new URLSearchParams({ ...common, job: 'fast', pack: 'faces-alone', threads: String(bench.threads) });
    const { value, memory } = await measurePage(bench.chromium, `${ours.url}bench/pages/ours.html?${query}`, PATIENCE_SECONDS);
    return value.rows.map((/** @type {any} */ row) => ({
      who: `EmoLLM, ${row.variant}`,
      ours: true,
      ...row,
      threads: value.threads,
      peakMB: memory?.tree,
    }));
  });
  for (const { who, peer, query, package: name } of PEERS) {
    const lack = bench.isMissing(name) ? `${name} is not installed: npm ci --prefix bench` : null;
    const measured = await bench.measure(
      who,
      async () => {
        const url = `${bench.peers.url}pages/peer.html?${new URLSearchParams({ ...common, peer, ...query })}`;
        const { value, memory } = await measurePage(bench.chromium, url, PATIENCE_SECONDS);
        if (value.backend !== 'wasm') throw new Error(`it took the backend ${value.backend}`);
        return value.rows.map((/** @type {any} */ row) => ({ who, ours: false, ...row, threads: value.threads, peakMB: memory?.tree }));
      },
      lack,
    );
    rows.push(...measured);
  }
  return { frameCount: FRAME_COUNT, rows };
}
