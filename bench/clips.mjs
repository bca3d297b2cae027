/** Long videos, made by writing the packets of a short one over and over: nothing is decoded, and nothing but mediabunny is needed. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ALL_FORMATS, EncodedPacketSink, EncodedVideoPacketSource, FilePathSource, FilePathTarget, Input, Mp4OutputFormat, Output } from 'mediabunny';
import { CLIP, WORK } from './places.mjs';

/** @param {number} seconds of media time, at least @returns {Promise<string>} the file */
export async function makeLongClip(seconds) {
  const folder = join(WORK, 'clips');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `clip-${seconds}-s.mp4`);
  rmSync(file, { force: true });
  const input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(CLIP) });
  const track = await input.getPrimaryVideoTrack();
  const codec = await track?.getCodec();
  if (!track || !codec) throw new Error(`${CLIP} holds no video that can be read.`);
  const length = await track.computeDuration();
  const sink = new EncodedPacketSink(track);
  const packets = [];
  for await (const packet of sink.packets()) packets.push(packet);
  const config = await track.getDecoderConfig();
  const source = new EncodedVideoPacketSource(codec);
  const output = new Output({ format: new Mp4OutputFormat(), target: new FilePathTarget(file) });
  output.addVideoTrack(source);
  await output.start();
  let isFirst = true;
  for (let start = 0; start < seconds; start += length) {
    for (const packet of packets) {
      await source.add(packet.clone({ timestamp: start + packet.timestamp }), isFirst ? { decoderConfig: config ?? undefined } : undefined);
      isFirst = false;
    }
  }
  await output.finalize();
  input.dispose();
  return file;
}
