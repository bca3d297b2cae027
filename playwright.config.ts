import { join } from 'node:path';
import { defineConfig } from '@playwright/test';
import type { ServerOptions } from './e2e/fixtures.ts';
import { findChromium } from './scripts/chromium.mjs';

const executablePath = await findChromium();

/** No chatter of the browser's own, so that a foreign request is ours. */
const quiet = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
/** WebGPU on the CPU: proves that it computes the right thing, says nothing of speed. */
const swiftShader = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
/** Chromium loops the clip as the only camera and grants it. */
const fakeCamera = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  `--use-file-for-fake-video-capture=${join(import.meta.dirname, 'e2e/fixtures/camera.mjpeg')}`,
];

const browser = (...more: string[]) => ({
  launchOptions: { args: [...quiet, ...more], ...(executablePath === null ? {} : { executablePath }) },
});

/**
 * A test runs in the project whose tag it carries; without a tag, in `wasm`. One of a project at a time: `npm test` has two workers, so that
 * what SwiftShader compiles on one core, and the camera's real time, pass beside the tests on WASM. Those that are tagged @alone measure the
 * page, and run after all others.
 */
export default defineConfig<ServerOptions>({
  testDir: 'e2e',
  outputDir: 'test-results',
  fullyParallel: false,
  workers: 1,
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  // Far more than they take: a machine three times as slow, or one that stands still for a while, is not a fault of the page.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: 'list',
  use: {
    // Without pictures: a film of every test took as much of two cores as the tests themselves.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true, sources: true },
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    // The service worker keeps files from one test to the next: only its own tests have it.
    serviceWorkers: 'block',
  },
  projects: [
    { name: 'wasm', grepInvert: /@webgpu|@no-isolation|@camera/, use: browser() },
    { name: 'webgpu', grep: /@webgpu/, use: browser(...swiftShader) },
    { name: 'no-isolation', grep: /@no-isolation/, use: { ...browser(), isolation: false } },
    { name: 'camera', grep: /@camera/, use: { ...browser(...fakeCamera), permissions: ['camera'] } },
  ].map((project) => ({ ...project, workers: 1 })),
});
