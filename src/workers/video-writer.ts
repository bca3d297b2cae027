/**
 * A video with what was read burned into it, and its faces hidden where that is wanted: decoded, painted and encoded frame by frame.
 * The one door to mediabunny for writing, which is fetched when it is first needed.
 */
import type { Input, InputVideoTrack, VideoSample } from 'mediabunny';
import { CoverPainter } from '../overlay/cover-painter.ts';
import { FaceTracks } from '../overlay/face-tracks.ts';
import { drawOverlay } from '../overlay/overlay.ts';
import type { Size } from '../overlay/surface.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { FaceBox } from '../shared/readings.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { VideoExportOptions, VideoExportPlan, WrittenFormat, WrittenVideo } from './api.ts';
import { type ExportPlace, openPlace, unwritable } from './export-place.ts';
import { writtenSize } from './written-size.ts';

/** In the order in which they are tried: what plays nearly everywhere first. */
const FORMATS: readonly WrittenFormat[] = [
  { container: 'mp4', codec: 'avc' },
  { container: 'webm', codec: 'vp9' },
  { container: 'webm', codec: 'vp8' },
];

/** Seconds: a frame that lasts to the end of what is wanted begins before it. */
const LATE = 0.001;
/** Seconds at the end that are not worth a word: of its last frames, some files tell no time. */
const NEGLIGIBLE = 0.5;

const broken = (detail: string): WireError =>
  wireError('video-broken', 'This video is damaged and cannot be read.', 'Get the file again, or open another video.', detail);
const noEncoder = (detail: string): WireError =>
  wireError(
    'video-encoder',
    'This browser cannot write such a video.',
    'Choose a smaller size, or use a current Chrome, Edge or Safari.',
    detail,
  );
const cancelled = (): WireError => wireError('cancelled', 'The export was stopped.', 'Start it again when you like.');

/** What the file says of itself, and what it can become here. Errors: video-broken, video-codec, file-unsupported. */
export async function planVideo(file: Blob, maxSides: readonly (number | null)[]): Promise<Result<VideoExportPlan>> {
  const opened = await openInput(file);
  if (!opened.ok) return opened;
  const { input, track, size } = opened.value;
  try {
    const { canEncodeVideo } = await import('mediabunny');
    const formats = [];
    for (const maxSide of maxSides) {
      let found: WrittenFormat | null = null;
      for (const format of FORMATS) found ??= (await canEncodeVideo(format.codec, writtenSize(size, maxSide))) ? format : null;
      formats.push({ maxSide, format: found });
    }
    const start = Math.max(0, await track.getFirstTimestamp());
    const end = await track.computeDuration();
    return ok({ ...size, start, end, hasSound: (await input.getPrimaryAudioTrack()) !== null, formats });
  } catch (error) {
    return fail(broken(String(error)));
  } finally {
    input.dispose();
  }
}

export interface WriteListener {
  /** Seconds of media time that are written. */
  onProgress: (seconds: number) => void;
  /** A frame came from the decoder, or a piece from the encoder: it goes on. */
  onStep: () => void;
  /** All is written; what is left is to put it in its place. */
  onClosing: () => void;
}

/** Errors: video-broken, video-codec, file-unsupported, video-encoder, file-unwritable, cancelled. */
export async function writeVideo(
  signal: AbortSignal,
  options: VideoExportOptions,
  { onProgress, onStep, onClosing }: WriteListener,
): Promise<Result<WrittenVideo>> {
  const opened = await openInput(options.file);
  if (!opened.ok) return opened;
  const { input, track, size } = opened.value;
  const type = `video/${options.format.container}`;
  let place: ExportPlace;
  try {
    place = await openPlace(options.place, type);
  } catch (error) {
    input.dispose();
    return fail(unwritable(String(error)));
  }
  const written = writtenSize(size, options.maxSide);
  const painter = new FramePainter(options, written);
  const { Conversion, EncodedPacketSink, Mp4OutputFormat, Output, Quality, StreamTarget, WebMOutputFormat } = await import('mediabunny');
  let bytes = 0;
  let painted = options.from;
  let writeError: unknown = null;
  const tell = (end: number, error: unknown): void => {
    bytes = Math.max(bytes, end);
    writeError ??= error;
    onStep();
  };
  // mediabunny closes what it cancels: that would put a piece in the place of the file that was chosen.
  const counting = counted(place.writable, tell, () => output.state === 'canceled', onClosing);
  const target = new StreamTarget(counting.writable, { chunked: true });
  const throwAway = async (): Promise<void> => {
    await output.cancel().catch(() => {});
    await counting.abort().catch(() => {});
    await place.discard();
  };
  const output = new Output({ format: options.format.container === 'mp4' ? new Mp4OutputFormat() : new WebMOutputFormat(), target });
  try {
    const conversion = await Conversion.init({
      input,
      output,
      tracks: 'primary', // another track may show the same faces
      trim: { start: options.from, end: options.to },
      video: {
        ...written,
        fit: 'fill',
        codec: options.format.codec,
        quality: new Quality('high'),
        forceTranscode: true,
        allowTransformationMetadata: false,
        // Times come counted from the beginning of what is written.
        process: (sample) => {
          onStep();
          painted = sample.timestamp + options.from;
          return painter.paint(sample, painted);
        },
        processedWidth: written.width,
        processedHeight: written.height,
      },
      audio: { discard: !options.sound },
      tags: { ...options.tags },
      showWarnings: false,
    });
    const lost = conversion.discardedTracks.find(({ track, reason }) => track.isVideoTrack() && reason !== 'discarded_by_user');
    if (!conversion.isValid || lost) {
      await throwAway();
      return fail(noEncoder(conversion.discardedTracks.map(({ reason }) => reason).join(', ')));
    }
    const stop = () => void conversion.cancel();
    signal.addEventListener('abort', stop, { once: true });
    conversion.onProgress = (_share, seconds) => onProgress(seconds);
    if (signal.aborted) stop();
    await conversion.execute();
    signal.removeEventListener('abort', stop);
    const lostSound = options.sound && conversion.discardedTracks.some(({ track }) => track.isAudioTrack());
    // A file that was cut off ends without an error, though its index goes on.
    const due = await new EncodedPacketSink(track).getPacket(options.to - LATE, { metadataOnly: true }).catch(() => null);
    const lostFrom = due && due.timestamp > painted + NEGLIGIBLE ? painted : null;
    return ok({ bytes, file: await place.file(), lostSound, lostFrom });
  } catch (error) {
    await throwAway();
    if (signal.aborted) return fail(cancelled());
    if (writeError !== null) return fail(unwritable(String(writeError)));
    return fail(broken(String(error)));
  } finally {
    input.dispose();
  }
}

/** Frames of one size, painted one after the other on one canvas. */
class FramePainter {
  readonly #options: VideoExportOptions;
  readonly #size: Size;
  readonly #canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #covers = new CoverPainter();
  readonly #tracks: FaceTracks;

  constructor(options: VideoExportOptions, size: Size) {
    this.#options = options;
    this.#size = size;
    this.#canvas = new OffscreenCanvas(size.width, size.height);
    const context = this.#canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('no 2D context for a canvas off the page');
    this.#context = context;
    this.#tracks = new FaceTracks(options.readings, options.readTimes);
  }

  /** @param time media time in seconds */
  paint(sample: VideoSample, time: number): OffscreenCanvas {
    const { faces, parts, words, names, chosen, captions } = this.#options;
    const { width, height } = this.#size;
    sample.draw(this.#context, 0, 0, width, height);
    if (faces !== 'as-they-are') {
      const places = this.#tracks.toCover(time)?.map((box) => this.#scaled(box)) ?? null;
      this.#covers.cover({ surface: this.#context, canvas: this.#canvas, size: this.#size }, places, faces);
    }
    const shown = this.#tracks.at(time).map((reading) => ({ ...reading, box: this.#scaled(reading.box) }));
    const caption = captions.findLast(({ from, to }) => time >= from && time < to)?.text ?? null;
    const trail = (faceId: number) => this.#tracks.trail(faceId, time);
    drawOverlay(this.#context, this.#size, { faces: shown, names, chosen, trail, caption }, parts, words);
    return this.#canvas;
  }

  #scaled({ x, y, width, height }: FaceBox): FaceBox {
    const across = this.#size.width / this.#options.measuredOn.width;
    const down = this.#size.height / this.#options.measuredOn.height;
    return { x: x * across, y: y * down, width: width * across, height: height * down };
  }
}

interface OpenedInput {
  input: Input;
  track: InputVideoTrack;
  /** px as shown: upright, with square pixels. */
  size: Size;
}

async function openInput(file: Blob): Promise<Result<OpenedInput>> {
  const { ALL_FORMATS, BlobSource, Input } = await import('mediabunny');
  const input = new Input({ formats: ALL_FORMATS, source: new BlobSource(file) });
  try {
    const track = await input.getPrimaryVideoTrack();
    if (track && (await track.canDecode())) {
      return ok({ input, track, size: { width: await track.getDisplayWidth(), height: await track.getDisplayHeight() } });
    }
    const codec = await track?.getCodec();
    input.dispose();
    return fail(
      track
        ? wireError(
            'video-codec',
            `This browser cannot decode ${codec ?? 'this'} video.`,
            'Save the video as MP4 with H.264 or as WebM, then open that. Another browser may decode it, too.',
          )
        : wireError('file-unsupported', 'This file has sound but no picture.', 'Open a video with a picture, or a picture.'),
    );
  } catch (error) {
    input.dispose();
    return fail(broken(String(error)));
  }
}

/** Tells how far the file reaches, and why it could not be written on. */
export function counted<T extends { data: Uint8Array; position: number }>(
  writable: WritableStream<T>,
  tell: (end: number, error: unknown) => void,
  isCancelled: () => boolean,
  onClosing: () => void,
): { writable: WritableStream<T>; abort: () => Promise<void> } {
  const writer = writable.getWriter();
  const noted = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      tell(0, error);
      throw error;
    }
  };
  const counting = new WritableStream<T>({
    write: async (piece) => {
      tell(piece.position + piece.data.byteLength, null);
      await noted(writer.write(piece));
    },
    close: () => {
      if (isCancelled()) return writer.abort();
      onClosing();
      return noted(writer.close());
    },
    abort: (reason) => writer.abort(reason),
  });
  return { writable: counting, abort: () => writer.abort() };
}
