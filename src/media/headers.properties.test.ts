/** What is told of files by their first bytes alone. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, describe, expect } from 'vitest';
import { damaged, holds } from '../../scripts/property.ts';
import { PICTURE_FORMATS, sniffKind, VIDEO_FORMATS } from './kinds.ts';
import { pictureSize } from './picture-size.ts';
import { videoCodec } from './video-codec.ts';

const FORMATS = ['png', 'jpeg', 'webp', 'gif', 'avif'] as const;
const pictures = await Promise.all(
  FORMATS.map((format) =>
    sharp({ create: { width: 37, height: 21, channels: 3, background: '#7a5' } })
      .toFormat(format)
      .toBuffer(),
  ),
);
const fixture = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, '../../e2e/fixtures', name)));
const videos = ['clip.mp4', 'clip.webm'].map(fixture);

function checkSize(bytes: Uint8Array): void {
  sniffKind(bytes);
  for (const format of PICTURE_FORMATS) {
    const size = pictureSize(bytes, format);
    if (size) for (const side of [size.width, size.height]) expect(Number.isInteger(side) && side > 0).toBe(true);
  }
}

describe('headers', () => {
  holds('any bytes are a size or none', [fc.uint8Array({ maxLength: 200 })], checkSize);
  holds('a picture that was damaged has a size or none', [fc.oneof(...pictures.map((bytes) => damaged(bytes)))], checkSize);
  holds(
    'a video that was damaged has a codec or none',
    [fc.oneof(...videos.map(damaged))],
    (bytes) => {
      sniffKind(bytes);
      for (const format of VIDEO_FORMATS) videoCodec([bytes.subarray(0, 4096), bytes.subarray(-4096)], format);
    },
    { runs: 30 },
  );
  holds(
    'a recording that was damaged is put together, refused, or has no end and is given up',
    [
      fc.oneof(
        ...videos.map((bytes, index) => damaged(bytes).map((each) => ({ bytes: each, type: index === 0 ? 'video/mp4' : 'video/webm' }))),
      ),
    ],
    async (recording) => {
      const put = await remuxedInThread(recording);
      if (put?.code !== undefined) expect(put.code).toBe('video-broken');
      else if (put) expect(put.length).toBeGreaterThanOrEqual(0);
    },
    { runs: 10 },
  );
});

/** Far longer than it takes; others may want the CPU, too. */
const PATIENCE_MS = 15_000;
let thread: Worker | null = null;
afterAll(async () => {
  await thread?.terminate();
});

/** Null where the thread gives no answer and has to be ended, as the page does (remux-apart.ts). */
async function remuxedInThread(recording: { bytes: Uint8Array; type: string }): Promise<{ code?: string; length?: number } | null> {
  const running = thread ?? new Worker(join(import.meta.dirname, '../../scripts/remux-thread.mjs'), { execArgv: [] });
  thread = running;
  const over = new AbortController();
  const answers = once(running, 'message', { signal: over.signal }) as Promise<[{ code?: string; length?: number }]>;
  const timer = setTimeout(() => over.abort(), PATIENCE_MS);
  running.postMessage(recording);
  const answer = await answers.then(
    ([message]) => message,
    (error: unknown) => {
      if (!over.signal.aborted) throw error;
      return null;
    },
  );
  clearTimeout(timer);
  if (answer !== null) return answer;
  thread = null;
  await running.terminate();
  return null;
}
