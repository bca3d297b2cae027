import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

/**
 * Serious accessibility findings of the page, or of what `within` selects, each with its place. What moves comes to rest first: a colour
 * on its way to another is none that anybody reads.
 */
export async function seriousFindings(page: Page, within?: string): Promise<string[]> {
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter(({ effect }) => Number.isFinite(Number(effect?.getComputedTiming().endTime)))
        .map(({ finished }) => finished.catch(() => null)),
    ),
  );
  const axe = new AxeBuilder({ page });
  const { violations } = await (within === undefined ? axe : axe.include(within)).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, any, all }) => `${target.join(' ')} (${[...any, ...all][0]?.message ?? ''})`).join(', ')}`,
    );
}
