/** Soak, first part: a camera that runs and runs, with an explanation every half minute. */
import { join } from 'node:path';
import { ROOT } from '../places.mjs';

const EXPLAIN_EVERY_MS = 30_000;
const REST_MS = 3000;
/** Chromium loops it as the only camera. */
export const CAMERA_FLAGS = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  `--use-file-for-fake-video-capture=${join(ROOT, 'e2e/fixtures/camera.mjpeg')}`,
];

/**
 * @param {import('./browser.mjs').Soaked} soaked
 * @param {{ minutes: number, onMinute: () => Promise<void>, sleepUntil: (at: number) => Promise<void> }} options
 */
export async function soakCamera({ page }, { minutes, onMinute, sleepUntil }) {
  await page.getByRole('button', { name: 'Start camera', exact: true }).first().click();
  await page.getByRole('region', { name: 'Readings' }).getByRole('meter').first().waitFor();
  const began = performance.now();
  for (let turn = 1; turn <= (minutes * 60_000) / EXPLAIN_EVERY_MS; turn += 1) {
    await page.getByRole('button', { name: 'Explain', exact: true }).click();
    await sleepUntil(began + turn * EXPLAIN_EVERY_MS);
    if (turn % 2 === 0) await onMinute();
  }
  // Who presses Stop does without the frame that is being read: at rest there is none.
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.waitForTimeout(REST_MS);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
}
