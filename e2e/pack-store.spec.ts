/** The pack as it is kept in the browser: cut off, damaged, shared by two tabs, without a server, without storage. */
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import * as user from './user.ts';

/** Of the tiny pack, more than one chunk of a mebibyte. */
const LARGE = 'language-model-weights-1.bin';
const CHUNK = 1 << 20;
const FILES = /\/models\/tiny\/[\w.-]+\.(?:bin|onnx|txt|json)$/;

/** The ranges that were asked for of the large file; empty where all of it was. */
function rangesAsked(context: BrowserContext): string[] {
  const ranges: string[] = [];
  context.on('request', (request) => {
    if (request.url().endsWith(`/tiny/${LARGE}`)) ranges.push(request.headers().range ?? '');
  });
  return ranges;
}

async function again(page: Page): Promise<void> {
  await page.reload();
  await user.modelReady(page);
}

test('a pack that was cut off goes on where it broke off, one that was damaged is repaired in part, one that is here needs no server', async ({
  page,
  context,
}) => {
  test.slow();
  const ranges = rangesAsked(context);
  const had = CHUNK + 1000;
  await context.route(
    `**/tiny/${LARGE}`,
    async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.body()).subarray(0, had) });
    },
    { times: 1 },
  );
  await user.openPage(page);
  await user.modelReady(page);
  await user.packKept(page);
  expect(ranges).toEqual(['', `bytes=${had}-`]);

  await again(page);
  expect(ranges).toHaveLength(2);

  await page.evaluate(async () => {
    const packs = await (await navigator.storage.getDirectory()).getDirectoryHandle('emollm-packs-1');
    for await (const folder of packs.values()) {
      for await (const file of (folder as FileSystemDirectoryHandle).values()) {
        // The one of that size among files that are named by their hash.
        const handle = file as FileSystemFileHandle;
        if ((await handle.getFile()).size !== 1_613_824) continue;
        const writable = await handle.createWritable({ keepExistingData: true });
        await writable.write({ type: 'write', position: 77, data: new Uint8Array(8) });
        await writable.close();
      }
    }
  });
  await again(page);
  await user.packKept(page);
  expect(ranges.slice(2)).toEqual([`bytes=0-${CHUNK - 1}`]);

  await context.route(FILES, (route) => route.fulfill({ status: 503 }));
  await again(page);
  await user.button(page, 'Try a sample').click();
  await user.probabilities(page);
});

test('two tabs that open at once fetch a pack once', async ({ page, context }) => {
  test.slow();
  const ranges = rangesAsked(context);
  // So slow that both want it at the same time.
  await context.route(`**/tiny/${LARGE}`, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await route.continue();
  });
  const second = await context.newPage();
  await Promise.all([user.openPage(page), user.openPage(second)]);
  await Promise.all([user.modelReady(page), user.modelReady(second)]);
  expect(ranges).toEqual(['']);
});

test('a browser that lends no file system keeps the pack in Cache Storage; one that lends nothing goes on without', async ({
  page,
  context,
}) => {
  test.slow();
  const ranges = rangesAsked(context);
  const refuse = "() => Promise.reject(new DOMException('refused', 'SecurityError'))";
  let refused = `navigator.storage.getDirectory = ${refuse};`;
  await context.route('**/assets/worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${refused}${await response.text()}` });
  });
  await user.openPage(page);
  await user.modelReady(page);
  await user.packKept(page);
  await again(page);
  expect(ranges).toEqual(['']);
  expect(await page.evaluate(() => caches.has('emollm-packs-1'))).toBe(true);

  await page.evaluate(() => caches.delete('emollm-packs-1'));
  refused += `self.caches.open = ${refuse};`;
  await again(page);
  expect(ranges).toEqual(['', '']);
  expect(await page.evaluate(() => caches.has('emollm-packs-1'))).toBe(false);
});
