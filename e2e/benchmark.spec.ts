import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import * as user from './user.ts';

async function startMeasuring(page: Page): Promise<Locator> {
  await user.openPage(page);
  await user.modelReady(page);
  await user.button(page, 'Help').click();
  await user.button(page, 'Measure this machine').click();
  const dialog = page.getByRole('dialog', { name: 'Measure this machine' });
  await dialog.getByRole('button', { name: 'Start' }).click();
  return dialog;
}

test('measuring this machine: figures in words, saved as JSON, and nothing of it among the items', async ({ page }) => {
  // The browser's own waits for its garbage collector.
  await page.addInitScript(() => {
    Object.assign(performance, { measureUserAgentSpecificMemory: async () => ({ bytes: 321_000_000, breakdown: [] }) });
  });
  const dialog = await startMeasuring(page);
  await expect(dialog.getByRole('progressbar')).toBeVisible();
  const table = dialog.getByRole('table', { name: 'Measure this machine' });
  await expect(table.getByRole('row', { name: /^Live readings, 640 × 360 \d+(\.\d)? a second$/ })).toBeVisible(user.PATIENCE);
  await expect(table.getByRole('row', { name: /^Prompt \d+ tokens in \d+ ms$/ })).toBeVisible();
  await expect(table.getByRole('row', { name: /^Writing \d+(\.\d)? tok\/s$/ })).toBeVisible();
  await expect(table.getByRole('row', { name: 'Memory of the page 321 MB' })).toBeVisible();

  const saving = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Save as JSON' }).click();
  const saved = JSON.parse(await readFile(await (await saving).path(), 'utf8'));
  expect(saved).toMatchObject({
    model: { packId: 'tiny' },
    live: { frames: 60, faces: 1, width: 640 },
    explanation: { runs: 3 },
    memoryBytes: 321_000_000,
  });
  for (const figure of [saved.live.medianMs, saved.explanation.tokens, saved.explanation.prefillMs, saved.explanation.wholeMs]) {
    expect(figure).toBeGreaterThan(0);
  }
  expect(saved.live.perSecond).toBeCloseTo(1000 / saved.live.medianMs, 5);

  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'Measure this machine' })).toHaveCount(0);
  await expect(user.faces(page)).toHaveCount(0);
});

test('it can be stopped, and begun again', async ({ page }) => {
  const dialog = await startMeasuring(page);
  await dialog.getByRole('button', { name: 'Stop' }).click();
  await expect(dialog.getByRole('button', { name: 'Start' })).toBeEnabled(user.PATIENCE);
  await expect(dialog.getByRole('table')).toHaveCount(0);
  await expect(user.alert(page)).toHaveCount(0);
});
