/** What every browser test gets: the built page on a server of its own, and the promise that nothing foreign is asked for. */
import { join } from 'node:path';
import { test as base } from '@playwright/test';
import { serve } from '../scripts/serve.mjs';
import { type Hub, startHub } from './hub.ts';

export { expect } from '@playwright/test';

export interface ServerOptions {
  /** Whether the server sends the headers that threads need. */
  isolation: boolean;
}

interface PageChecks {
  /** For a test that provokes the security policy. */
  mayBeRefused: boolean;
  /** Origins that a test may speak to besides the page's own: empty, until the test takes the hub. */
  allowedOrigins: string[];
  /** The stand-in for the Hugging Face hub; its hosts are allowed. */
  hub: Hub;
  /** URLs that left for another host, so far; a test that ends with any has failed. */
  foreignRequests: string[];
  /** What the page's own security policy has refused, so far; likewise. */
  refusals: string[];
  /** Uncaught exceptions in the page, so far; likewise. */
  pageErrors: string[];
}

interface Server {
  server: { url: string };
}

/** The file's absolute path. */
export const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name);

export const test = base.extend<PageChecks, ServerOptions & Server>({
  isolation: [true, { option: true, scope: 'worker' }],
  server: [
    async ({ isolation }, use) => {
      // E2E_DIR: another build than dist/.
      const dir = process.env.E2E_DIR;
      const server = await serve({ port: 0, isolation, ...(dir === undefined ? {} : { dir }) });
      await use(server);
      await server.close();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures it needs from this pattern
  allowedOrigins: async ({}, use) => use([]),
  hub: async ({ allowedOrigins }, use) => {
    const hub = await startHub();
    allowedOrigins.push(...hub.origins);
    await use(hub);
    await hub.close();
  },
  foreignRequests: [
    async ({ context, server, allowedOrigins }, use) => {
      const foreign: string[] = [];
      // The context sees the requests of workers as well as those of pages.
      context.on('request', (request) => {
        const url = new URL(request.url());
        const isHome = url.origin === new URL(server.url).origin || allowedOrigins.includes(url.origin);
        if (/^(https?|wss?):$/.test(url.protocol) && !isHome) foreign.push(url.href);
      });
      await use(foreign);
      base.expect(foreign, 'requests to a foreign host').toEqual([]);
    },
    { auto: true },
  ],
  mayBeRefused: [false, { option: true }],
  refusals: [
    async ({ page, mayBeRefused }, use) => {
      const refused: string[] = [];
      // A worker's console comes out here, too.
      page.on('console', (message) => {
        if (message.type() === 'error' && message.text().includes('Content Security Policy')) refused.push(message.text());
      });
      await use(refused);
      if (!mayBeRefused) base.expect(refused, 'refused by the security policy').toEqual([]);
    },
    { auto: true },
  ],
  pageErrors: [
    async ({ page }, use) => {
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
      await use(errors);
      base.expect(errors, 'uncaught exceptions').toEqual([]);
    },
    { auto: true },
  ],
});
