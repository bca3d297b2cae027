/** Soak, second part: file after file, a tenth of them broken. Pictures are read as they come, videos as files, every frame of them. */
const PATIENCE_MS = 120_000;

/**
 * @param {import('./browser.mjs').Soaked} soaked
 * @param {{ minutes: number, files: import('./files.mjs').SoakFile[], onMinute: () => Promise<void>, sleepUntil: (at: number) => Promise<void> }} options
 */
export async function soakQueue({ page }, { minutes, files, onMinute, sleepUntil }) {
  const strip = page.getByRole('navigation', { name: 'Items' });
  /** @param {string} name */
  const place = (name) => strip.locator('.strip-item').filter({ has: page.getByTitle(name, { exact: true }) });
  const began = performance.now();
  for (let minute = 0; minute < minutes; minute += 1) {
    const share = files.slice(Math.floor((minute * files.length) / minutes), Math.floor(((minute + 1) * files.length) / minutes));
    await page.locator('.app input[type=file]').first().setInputFiles(share.map(({ path }) => path));
    for (const { name, kind } of share) {
      // A file that calls itself a video is looked at when it is shown.
      if (/\.(mp4|webm)$/.test(name)) await place(name).locator('.thumbnail').click();
      if (kind === 'video') await analyse(page, name);
      else await place(name).and(page.locator('[data-phase=ready], [data-phase=failed]')).waitFor({ timeout: PATIENCE_MS });
    }
    await sleepUntil(began + (minute + 1) * 60_000);
    await onMinute();
  }
  const phases = await strip.locator('.strip-item').evaluateAll((places) =>
    places.map((each) => ({
      name: /** @type {HTMLElement} */ (each.querySelector('.thumbnail')).title,
      phase: /** @type {HTMLElement} */ (each).dataset.phase ?? '',
    })),
  );
  return { phases: Object.fromEntries(phases.map(({ name, phase }) => [name, phase])) };
}

/** The video on the stage. @param {import('playwright').Page} page @param {string} name */
async function analyse(page, name) {
  await page.getByRole('button', { name: /^Analyse video/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Analyse video' });
  await dialog.getByRole('radio', { name: 'Every', exact: false }).click();
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await dialog
    .getByRole('listitem', { name: `Analysis of ${name}`, exact: true })
    .and(page.locator('[data-phase=done], [data-phase=failed], [data-phase=stopped]'))
    .waitFor({ timeout: PATIENCE_MS });
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
}
