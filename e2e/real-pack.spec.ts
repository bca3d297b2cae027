import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './fixtures.ts';
import * as user from './user.ts';

const PACK = join(import.meta.dirname, '../public/models/emollm-s/manifest.json');

test('the real pack reads a smile and explains it, on WASM, with the network gone', async ({ page, context }) => {
  test.skip(!existsSync(PACK), 'public/models/emollm-s is not there');
  test.setTimeout(12 * 60_000); // the 4-bit language model decodes a few tokens a second here
  const asked: string[] = [];
  await page.goto('/?backend=wasm');
  await expect(user.model(page)).toContainText('Model ready', { timeout: 4 * 60_000 });
  await user.button(page, 'Try a sample').click();
  const shares = await user.probabilities(page);
  expect(Object.entries(shares).toSorted(([, a], [, b]) => b - a)[0]?.[0]).toBe('happiness');

  await context.setOffline(true);
  context.on('request', (request) => {
    if (/^https?:/.test(request.url())) asked.push(request.url());
  });
  await user.button(page, 'Explain').click();
  await user.answered(page, 1, { timeout: 6 * 60_000 });
  expect(asked).toEqual([]);
  const options = await user.distribution(page);
  expect(options.map(({ option }) => option).sort()).toEqual([...user.EMOTIONS].sort());
  // Sentences, not fragments: each of the three written steps has words with spaces between them.
  for (const step of user.STEPS.slice(0, 3)) {
    const part = user
      .explanation(page)
      .getByRole('listitem')
      .filter({ has: page.getByRole('heading', { name: step, exact: true }) });
    await expect(part.getByRole('paragraph').first()).toHaveText(/[a-z]+ [a-z]+/i);
  }
  const said = JSON.parse(await user.exported(page, /^JSON/)) as { model: { packId: string }; items: { readings: unknown[] }[] };
  expect(said.model.packId).toBe('emollm-s');
  expect(said.items[0]?.readings).toHaveLength(1);
});
