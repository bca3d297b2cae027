/**
 * A video file → its frames at exact media times, decoded as a stream: the one door to mediabunny, which is fetched when it is first
 * needed. Holds a few frames at a time, however long the file is. Knows no engine and no events.
 */
import type { EncodedPacketSink, Input, InputVideoTrack, VideoSample, VideoSampleSink } from 'mediabunny';
import { type WireError, wireError } from '../shared/errors.ts';
import type { VideoFacts } from '../shared/events.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { TransferredFrame } from './api.ts';

export interface Sampling {
  /** Seconds of media time; frames are asked for from `from` on, and before `to`. */
  from: number;
  to: number;
  /** So many frames a second from `from` on, or null: every frame. */
  framesPerSecond: number | null;
  /** Where to begin among those, in seconds; null: with the first. */
  begin: number | null;
}

/** A frame (whoever takes it closes it), or a stretch in seconds that is damaged and gave none. */
export type VideoPiece = { kind: 'frame'; frame: TransferredFrame } | { kind: 'lost'; from: number; to: number };

export interface VideoFrames {
  facts: VideoFacts;
  /**
   * In order of their time, which is the frame's own: the last one that begins at the time asked for or before it. None comes twice.
   * Upright, with square pixels, at most 1920 px on a side. Ends early where the signal says so, or where the file is damaged and
   * nothing behind that place can be decoded: then what is left is told as lost.
   */
  pieces(signal: AbortSignal, sampling: Sampling): AsyncGenerator<VideoPiece>;
  close(): void;
}

/** As the page's live frames: faces are read from crops of a few dozen px. */
const MAX_SIDE = 1920;
/** WebM rounds times to milliseconds: a frame that is so little late, in seconds, is the one that was asked for. */
const LATE = 0.001;
/** So many seconds are read frame by frame where the decoder gave up: seldom had it come farther ahead of what it handed out. */
const LOOK_AHEAD = 5;
/** So many frames tell the frame rate. */
const FRAMES_FOR_RATE = 100;

const CODEC_NAMES: Record<string, string> = {
  avc: 'H.264',
  hevc: 'H.265 (HEVC)',
  vp8: 'VP8',
  vp9: 'VP9',
  av1: 'AV1',
  prores: 'Apple ProRes',
};

const broken = (detail: string): WireError =>
  wireError('video-broken', 'This video is damaged and cannot be read.', 'Get the file again, or open another video.', detail);

/** Opens a file. Errors: video-codec (not decoded here), file-unsupported (no such container, or no picture in it), video-broken. */
export async function openVideoFrames(file: Blob): Promise<Result<VideoFrames>> {
  const { ALL_FORMATS, BlobSource, EncodedPacketSink, Input, VideoSampleSink } = await import('mediabunny');
  const input = new Input({ formats: ALL_FORMATS, source: new BlobSource(file, { handleUnhandledError: () => {} }) });
  try {
    const track = await readableTrack(input);
    if (!track.ok) {
      input.dispose();
      return track;
    }
    const facts = await factsOf(input, track.value);
    return ok(new DecodedVideo(input, facts, new VideoSampleSink(track.value), new EncodedPacketSink(track.value)));
  } catch (error) {
    input.dispose();
    return fail(broken(String(error)));
  }
}

async function readableTrack(input: Input): Promise<Result<InputVideoTrack>> {
  if (!(await input.canRead())) {
    return fail(wireError('file-unsupported', 'This kind of video file cannot be read.', 'Save the video as MP4 or WebM, then open that.'));
  }
  const track = await input.getPrimaryVideoTrack();
  if (!track) {
    return fail(
      wireError('file-unsupported', 'This file has sound but no picture.', 'Open a video with a picture, or a picture.', 'no video track'),
    );
  }
  if (await track.canDecode()) return ok(track);
  const codec = await track.getCodec();
  const name = codec ? (CODEC_NAMES[codec] ?? codec) : String((await track.getInternalCodecId()) ?? 'this kind of');
  return fail(
    wireError(
      'video-codec',
      `This browser cannot decode ${name} video.`,
      'Save the video as MP4 with H.264 or as WebM, then open that. Another browser may decode it, too.',
      (await track.getCodecParameterString()) ?? '',
    ),
  );
}

async function factsOf(input: Input, track: InputVideoTrack): Promise<VideoFacts> {
  const { averagePacketRate } = await track.computePacketStats(FRAMES_FOR_RATE);
  return {
    decoder: 'webcodecs',
    start: await track.getFirstTimestamp(),
    end: await track.computeDuration(),
    width: await track.getDisplayWidth(),
    height: await track.getDisplayHeight(),
    codec: (await track.getCodecParameterString()) ?? '',
    rotation: await track.getRotation(),
    frameRate: Number.isFinite(averagePacketRate) && averagePacketRate > 0 ? averagePacketRate : null,
    hasSound: (await input.getPrimaryAudioTrack()) !== null,
  };
}

class DecodedVideo implements VideoFrames {
  readonly facts: VideoFacts;
  readonly #input: Input;
  readonly #samples: VideoSampleSink;
  readonly #packets: EncodedPacketSink;
  #canvas: OffscreenCanvas | null = null;

  constructor(input: Input, facts: VideoFacts, samples: VideoSampleSink, packets: EncodedPacketSink) {
    this.#input = input;
    this.facts = facts;
    this.#samples = samples;
    this.#packets = packets;
  }

  close(): void {
    this.#input.dispose();
  }

  async *pieces(signal: AbortSignal, sampling: Sampling): AsyncGenerator<VideoPiece> {
    const { to } = sampling;
    let begin = Math.max(sampling.from, sampling.begin ?? sampling.from);
    let last = Number.NEGATIVE_INFINITY;
    for (;;) {
      const samples = this.#sampled({ ...sampling, begin });
      try {
        for (let next = await samples.next(); !next.done; next = await samples.next()) {
          const sample = next.value;
          // Asked for again: a frame lasts for several of the times, or the last one for all that follow.
          const isNew = sample !== null && sample.timestamp > last && !signal.aborted;
          try {
            if (isNew) {
              // One that cannot be had as a picture is not taken for shown.
              const frame = this.#frameOf(sample);
              last = sample.timestamp;
              yield { kind: 'frame', frame };
            }
          } finally {
            sample?.close(); // also where nobody asks for another
          }
          if (signal.aborted) return;
        }
        // A file that was cut off ends without an error, though its index goes on.
        if (!(await this.#isDue(to - LATE, last + this.#patience(sampling)))) return;
      } catch {
        if (signal.aborted) return;
      } finally {
        await samples.return();
      }
      // The decoder gave up somewhere ahead of what it has handed out: up to there, one frame at a time.
      const alone = { ...sampling, begin: Math.max(begin, last, this.facts.start) };
      const { shown, damaged } = yield* this.#upToDamage(signal, alone, last);
      if (signal.aborted) return;
      last = shown;
      if (damaged === null) {
        // It has passed, or lies farther ahead: as a stream again, from that frame on.
        begin = Math.max(begin, shown);
        continue;
      }
      // Behind the frame that is damaged, which may begin a little later than it was asked for.
      const again = await this.#nextKeyTime(Math.max(damaged + LATE, begin));
      const until = again === null ? to : Math.min(again, to);
      if (until > damaged) yield { kind: 'lost', from: damaged, to: until };
      if (until >= to) return;
      begin = until;
      last = Math.max(last, damaged);
    }
  }

  /** The samples asked for, as the sink reads them best. */
  #sampled(sampling: Sampling): AsyncGenerator<VideoSample | null, void, unknown> {
    if (sampling.framesPerSecond !== null) return this.#samples.samplesAtTimestamps(timesOf(sampling));
    return this.#samples.samples(sampling.begin ?? sampling.from, sampling.to);
  }

  /**
   * The frames before a damaged place, one by one. Gives the time of the last one that was shown, and the first time at which there is
   * none, in seconds; `damaged` null: none was found within some seconds, of which at least one frame was shown.
   */
  async *#upToDamage(
    signal: AbortSignal,
    sampling: Sampling,
    last: number,
  ): AsyncGenerator<VideoPiece, { shown: number; damaged: number | null }> {
    const step = sampling.framesPerSecond ?? this.facts.frameRate ?? 25;
    const start = sampling.begin ?? sampling.from;
    const enough = start + LOOK_AHEAD;
    let shown = last;
    for (const time of timesUpTo({ ...sampling, framesPerSecond: step }, sampling.framesPerSecond === null)) {
      if (signal.aborted || (time > enough && shown > last)) return { shown, damaged: null };
      // Where every frame is wanted, there may be several since the last time, or none.
      const isEvery = sampling.framesPerSecond === null && Number.isFinite(shown);
      for (const asked of isEvery ? await this.#indexed(Math.max(shown, start - 2 * LATE), time) : [time]) {
        if (signal.aborted) return { shown, damaged: null };
        const sample = await this.#samples.getSample(asked).catch(() => null);
        const damaged = Math.max(isEvery ? asked : asked - LATE, shown);
        if (sample === null) return { shown, damaged };
        try {
          if (sample.timestamp <= shown) {
            if (await this.#isDue(asked, shown)) return { shown, damaged };
            continue;
          }
          shown = sample.timestamp;
          yield { kind: 'frame', frame: this.#frameOf(sample) };
        } finally {
          sample.close();
        }
      }
    }
    return { shown, damaged: sampling.to };
  }

  /** When the frames begin that the file's index has behind one time and up to another, in seconds and in their order. */
  async #indexed(after: number, time: number): Promise<number[]> {
    const found: number[] = [];
    for (let at = time; ; ) {
      const packet = await this.#packets.getPacket(at, { metadataOnly: true }).catch(() => undefined);
      if (packet === undefined) return [time]; // a file that cannot be read any more: asked for a frame, it says so
      if (packet === null || packet.timestamp <= after + LATE) return found;
      found.unshift(packet.timestamp);
      at = packet.timestamp - LATE;
    }
  }

  /** Whether the file's index has a frame up to a time, that begins after another. */
  async #isDue(time: number, after: number): Promise<boolean> {
    const packet = await this.#packets.getPacket(time, { metadataOnly: true }).catch(() => null);
    return packet !== null && packet.timestamp > after + LATE;
  }

  /** So much later than the last frame that was asked for there may be others, seconds: those between that were not. */
  #patience({ framesPerSecond }: Sampling): number {
    return framesPerSecond === null ? 0 : 1 / framesPerSecond;
  }

  /** Where decoding can begin again behind a time; null where it cannot. */
  async #nextKeyTime(time: number): Promise<number | null> {
    try {
      const packet = (await this.#packets.getPacket(time, { metadataOnly: true })) ?? (await this.#packets.getFirstPacket());
      const key = packet && (await this.#packets.getNextKeyPacket(packet, { verifyKeyPackets: true }));
      return key && key.timestamp > time ? key.timestamp : null;
    } catch {
      return null;
    }
  }

  #frameOf(sample: VideoSample): TransferredFrame {
    const { displayWidth, displayHeight, rotation, flip, pixelAspectRatio, timestamp: time } = sample;
    const scale = Math.min(1, MAX_SIDE / Math.max(displayWidth, displayHeight));
    const isPlain = scale === 1 && rotation === 0 && !flip && pixelAspectRatio.num === pixelAspectRatio.den;
    if (isPlain) return { image: sample.toVideoFrame(), time };
    const width = Math.max(1, Math.round(displayWidth * scale));
    const height = Math.max(1, Math.round(displayHeight * scale));
    this.#canvas ??= new OffscreenCanvas(width, height);
    this.#canvas.width = width;
    this.#canvas.height = height;
    const context = this.#canvas.getContext('2d');
    if (context === null) throw new DOMException('There is no memory for a canvas.', 'QuotaExceededError');
    sample.draw(context, 0, 0, width, height);
    return { image: this.#canvas.transferToImageBitmap(), time };
  }
}

/** @param isWhole and the end, behind which the last of all frames may lie */
function* timesUpTo(sampling: Sampling, isWhole: boolean): Generator<number> {
  yield* timesOf(sampling);
  if (isWhole) yield sampling.to - LATE;
}

/** The times at which frames are asked for: a little late, so that rounding asks for none before its time. */
function* timesOf({ from, to, framesPerSecond, begin }: Sampling): Generator<number> {
  if (framesPerSecond === null) return;
  // From the number of the frame, not by adding up: a sum drifts.
  const first = begin === null ? 0 : Math.max(0, Math.ceil((begin - from - LATE) * framesPerSecond));
  for (let k = first; from + k / framesPerSecond < to - LATE; k += 1) yield from + k / framesPerSecond + LATE;
}
