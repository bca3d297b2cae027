import { EncodedVideoPacketSource, Mp4OutputFormat, Output, StreamTarget, type StreamTargetChunk } from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { counted } from './video-writer.ts';

/** A chosen file: what is written counts once it is closed, and is thrown away where it is aborted. */
function chosenFile() {
  const ends: string[] = [];
  const writable = new WritableStream<StreamTargetChunk>({
    write: () => {},
    close: () => void ends.push('closed'),
    abort: () => void ends.push('aborted'),
  });
  return { writable, ends };
}

async function begun() {
  const file = chosenFile();
  const told: string[] = [];
  const output: Output = new Output({
    format: new Mp4OutputFormat(),
    target: new StreamTarget(
      counted(
        file.writable,
        () => told.push('written'),
        () => output.state === 'canceled',
        () => told.push('closing'),
      ).writable,
      { chunked: true },
    ),
  });
  output.addVideoTrack(new EncodedVideoPacketSource('vp9'));
  await output.start();
  return { output, told, ends: file.ends };
}

describe('an export into a chosen file', () => {
  it('that is stopped leaves the file as it was: mediabunny closes what it cancels, which must not be a close', async () => {
    const { output, told, ends } = await begun();
    await output.cancel();
    expect(ends).toEqual(['aborted']);
    expect(told).not.toContain('closing');
  });

  it('that ends well replaces it', async () => {
    const { output, told, ends } = await begun();
    await output.finalize().catch(() => {}); // an empty film may be refused, but not before it is closed
    expect([ends, told.at(-1)]).toEqual([['closed'], 'closing']);
  });
});
