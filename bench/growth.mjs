/** How the cost of ours grows with faces, with the size of the frame and with the prompt. Peers are not in it. */
import { measurePage } from './browser.mjs';
import { FACE_COUNTS, FRAME_HEIGHTS, GROWTH_FRAMES, makeGrowthFrames } from './frames.mjs';

const PATIENCE_SECONDS = 300;
const PASS_SECONDS = 15;
/** Words that are given with the picture. */
const WORD_COUNTS = [0, 10, 20, 40, 80];

/**
 * @param {import('./run.mjs').Bench} bench
 * @returns {Promise<Record<string, unknown>>} the suite's part of results.json
 */
export async function measureGrowth(bench) {
  const ours = await bench.serveOurs(await makeGrowthFrames());
  const common = { repeat: String(bench.repeat), threads: String(bench.threads) };
  const open = async (/** @type {Record<string, string>} */ query) => {
    const url = `${ours.url}bench/pages/ours.html?${new URLSearchParams({ ...common, ...query })}`;
    return measurePage(bench.chromium, url, PATIENCE_SECONDS);
  };
  const limits = { job: 'frames', pack: 'faces-alone', count: String(GROWTH_FRAMES), seconds: String(PASS_SECONDS) };
  const rows = [];
  for (const faces of FACE_COUNTS) {
    const what = `${faces} ${faces === 1 ? 'face' : 'faces'} of 70 px in 1920 × 1080`;
    rows.push(
      ...(await bench.measure(what, async () => {
        const { value, memory } = await open({ ...limits, set: `faces-${faces}` });
        return [{ kind: 'faces', faces, ...value, peakMB: memory?.tree }];
      })),
    );
  }
  for (const height of FRAME_HEIGHTS) {
    const width = Math.round((height * 16) / 9);
    rows.push(
      ...(await bench.measure(`one large face in ${width} × ${height}`, async () => {
        const { value, memory } = await open({ ...limits, set: `height-${height}` });
        return [{ kind: 'size', width, height, ...value, peakMB: memory?.tree }];
      })),
    );
  }
  rows.push(
    ...(await bench.measure('prompts of growing length', async () => {
      const { value } = await open({ job: 'prompts', pack: 'emollm-s', words: WORD_COUNTS.join(',') });
      return value.rows.map((/** @type {any} */ row) => ({ kind: 'prompt', ...row, threads: value.threads }));
    })),
  );
  return { frameCount: GROWTH_FRAMES, rows };
}
