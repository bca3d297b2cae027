/**
 * A recording as it comes from MediaRecorder → a file that knows its length and can be sought in. The pictures are copied, not encoded anew.
 * The one door of the page to mediabunny, which is loaded when it is first needed. Of a damaged file it may never come to an end: `remux-apart.ts`
 * has it done where that holds up nobody.
 */
import { wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';

export interface Remuxed {
  file: Blob;
  /** Seconds. */
  length: number;
}

/** Error: video-broken, also for one that was cut off before its first picture. */
export async function remuxed(recording: Blob): Promise<Result<Remuxed>> {
  try {
    return await copied(recording, await import('mediabunny'));
  } catch (error) {
    return broken(String(error)); // the file, or the library could not be fetched
  }
}

/** Goes through a file's index; ends whatever it finds there, unless the index has no end. */
export async function indexRead(file: Blob): Promise<void> {
  try {
    const media = await import('mediabunny');
    using input = new media.Input({ formats: media.ALL_FORMATS, source: new media.BlobSource(file) });
    await input.getPrimaryVideoTrack();
  } catch {
    // It is told when the file is read in earnest.
  }
}

async function copied(recording: Blob, media: typeof import('mediabunny')): Promise<Result<Remuxed>> {
  using input = new media.Input({ formats: media.ALL_FORMATS, source: new media.BlobSource(recording) });
  const track = await input.getPrimaryVideoTrack();
  const codec = await track?.getCodec();
  const decoderConfig = await track?.getDecoderConfig();
  if (!track || !codec || !decoderConfig) return broken('no picture');
  const isMp4 = recording.type.startsWith('video/mp4');
  const target = new media.BufferTarget();
  const format = isMp4 ? new media.Mp4OutputFormat({ fastStart: 'in-memory' }) : new media.WebMOutputFormat();
  const output = new media.Output({ format, target });
  const source = new media.EncodedVideoPacketSource(codec);
  output.addVideoTrack(source, { rotation: await track.getRotation() });
  await output.start();
  let start: number | null = null;
  let length = 0;
  for await (const packet of new media.EncodedPacketSink(track).packets()) {
    start ??= packet.timestamp;
    const timestamp = Math.max(0, packet.timestamp - start);
    await source.add(packet.clone({ timestamp }), { decoderConfig });
    length = Math.max(length, timestamp + packet.duration);
  }
  if (start === null) return broken('no packets');
  await output.finalize();
  if (!target.buffer) return broken('nothing was written');
  return ok({ file: new Blob([target.buffer], { type: recording.type }), length });
}

function broken(detail: string): Result<never> {
  const message = 'The recording could not be put together.';
  return fail(wireError('video-broken', message, 'Its readings are kept. Record again.', detail));
}
